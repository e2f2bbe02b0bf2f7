import CKernels

extension RandomStream {
  /// Fills an array, whose count is a multiple of 8, with 16-bit random numbers: what decides dropout.
  package mutating func fillBits(_ bits: inout [UInt16]) {
    precondition(bits.count % 8 == 0)
    let blocks = bits.count / 8
    let first = takeBlocks(blocks)
    bits.withUnsafeMutableBufferPointer {
      guard let start = $0.baseAddress else { return }
      codec_philox_bits(key, stream, first, blocks, start)
    }
  }

  /// Puts an array in random order (Fisher–Yates), its random numbers drawn in bulk: ten times faster than `shuffle`.
  package mutating func shuffle(_ order: inout [UInt32]) {
    let count = order.count
    var bits = [UInt16](repeating: 0, count: (count + 1) / 2 * 8)
    fillBits(&bits)
    for last in stride(from: count - 1, to: 0, by: -1) {
      // 64 bits times the bound: biased by less than 2⁻³² for any array there is.
      let low = UInt64(bits[4 * last]) | UInt64(bits[4 * last + 1]) << 16
      let high = UInt64(bits[4 * last + 2]) << 32 | UInt64(bits[4 * last + 3]) << 48
      order.swapAt(last, Int((low | high).multipliedFullWidth(by: UInt64(last + 1)).high))
    }
  }
}
