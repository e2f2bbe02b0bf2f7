/* Bulk random numbers: Philox4x32-10 (Salmon et al. 2011), several blocks side by side in the vector lanes. */
#include "CKernels.h"
#include "vector_math.h"

enum { LANES = 16 };

/* Blocks first...first+LANES-1 of a stream: word w of block i in words[w][i]. */
CODEC_INLINE void philox_blocks(uint64_t key, uint64_t stream, uint64_t first, uint32_t words[4][LANES]) {
  for (int i = 0; i < LANES; ++i) {
    const uint64_t block = first + (uint64_t)i;
    uint32_t a = (uint32_t)block, b = (uint32_t)(block >> 32);
    uint32_t c = (uint32_t)stream, d = (uint32_t)(stream >> 32);
    uint32_t key0 = (uint32_t)key, key1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; ++round) {
      const uint64_t p = (uint64_t)a * 0xD2511F53u, q = (uint64_t)c * 0xCD9E8D57u;
      a = (uint32_t)(q >> 32) ^ b ^ key0;
      b = (uint32_t)q;
      c = (uint32_t)(p >> 32) ^ d ^ key1;
      d = (uint32_t)p;
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
    words[0][i] = a;
    words[1][i] = b;
    words[2][i] = c;
    words[3][i] = d;
  }
}

/* Copies the numbers of LANES blocks, block by block, to `out`, which has room for `left`. */
CODEC_INLINE size_t store_blocks(float values[4][LANES], size_t left, float *out) {
  const size_t count = left < 4 * LANES ? left : 4 * LANES;
  for (size_t i = 0; i < count; ++i) out[i] = values[i % 4][i / 4];
  return count;
}

CODEC_VECTORISED void codec_philox_uniform(uint64_t key, uint64_t stream, uint64_t first, size_t n, float *out) {
  for (size_t done = 0; done < n; first += LANES) {
    uint32_t words[4][LANES];
    float values[4][LANES];
    philox_blocks(key, stream, first, words);
    for (int w = 0; w < 4; ++w)
      for (int i = 0; i < LANES; ++i) values[w][i] = (float)(int32_t)(words[w][i] >> 8) * 0x1p-24f;
    done += store_blocks(values, n - done, out + done);
  }
}

CODEC_VECTORISED void codec_philox_normal(
    uint64_t key, uint64_t stream, uint64_t first, size_t n, float deviation, float *out) {
  for (size_t done = 0; done < n; first += LANES) {
    uint32_t words[4][LANES];
    float values[4][LANES];
    philox_blocks(key, stream, first, words);
    for (int w = 0; w < 4; w += 2)
      for (int i = 0; i < LANES; ++i) {
        const float u = (float)((int32_t)(words[w][i] >> 8) + 1) * 0x1p-24f;
        const float turn = (float)(int32_t)(words[w + 1][i] >> 8) * 0x1p-24f;
        const float radius = deviation * __builtin_sqrtf(-2.f * vector_log(u));
        float sine, cosine;
        vector_sincos_turns(turn, &sine, &cosine);
        values[w][i] = radius * cosine;
        values[w + 1][i] = radius * sine;
      }
    done += store_blocks(values, n - done, out + done);
  }
}

CODEC_VECTORISED void codec_philox_bits(uint64_t key, uint64_t stream, uint64_t first, size_t blocks, uint16_t *out) {
  for (size_t done = 0; done < blocks; done += LANES) {
    uint32_t words[4][LANES];
    philox_blocks(key, stream, first + done, words);
    const size_t count = blocks - done < LANES ? blocks - done : LANES;
    for (size_t i = 0; i < 4 * count; ++i) {
      out[8 * done + 2 * i] = (uint16_t)words[i % 4][i / 4];
      out[8 * done + 2 * i + 1] = (uint16_t)(words[i % 4][i / 4] >> 16);
    }
  }
}
