import COneDNN
import CKernels
import Runtime

/// What the operators of one plan share: its sizes, its arithmetic, oneDNN's handles and memory for what lives only
/// while one operator runs. Belongs to the plan's thread.
public final class PlanWorkspace {
  /// The largest number of samples of a pass.
  public let batch: Int
  /// The arithmetic of convolutions and dense layers.
  public let precision: Precision
  /// oneDNN's engine and stream.
  var context = codec_dnnl_context()
  private var floats: UnsafeMutableBufferPointer<Float>?
  private var halves: UnsafeMutableBufferPointer<UInt16>?

  /// - Throws: `CodecError` of kind `usage` where the processor lacks the arithmetic.
  init(batch: Int, precision: Precision) throws {
    (self.batch, self.precision) = (batch, precision)
    if precision == .bf16, codec_dnnl_has_bf16() == 0 {
      throw CodecError(
        .usage, "this processor has no bf16 arithmetic (neither AVX-512 BF16 nor AMX)",
        remedy: "leave --precision out, for f32")
    }
    guard codec_dnnl_open(&context) != 0 else { throw CodecError(.bug, "oneDNN makes no engine") }
  }

  deinit {
    floats?.deallocate()
    halves?.deallocate()
    codec_dnnl_close(&context)
  }

  /// Memory for `count` numbers, until the next call.
  func scratch(_ count: Int) -> UnsafeMutablePointer<Float> {
    if floats?.count ?? 0 < count {
      floats?.deallocate()
      floats = allocateAligned(count)
    }
    return floats!.baseAddress!
  }

  /// The numbers rounded to bf16, until the next call.
  func rounded(_ numbers: UnsafePointer<Float>, count: Int) -> UnsafePointer<UInt16> {
    if halves?.count ?? 0 < count {
      halves?.deallocate()
      let raw = UnsafeMutableRawBufferPointer.allocate(
        byteCount: count * MemoryLayout<UInt16>.stride, alignment: 64)
      halves = raw.bindMemory(to: UInt16.self)
    }
    codec_to_bf16(count, numbers, halves!.baseAddress!)
    return UnsafePointer(halves!.baseAddress!)
  }
}
