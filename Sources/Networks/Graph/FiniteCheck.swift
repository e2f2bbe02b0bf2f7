import CKernels
import Numerics

/// The first row of `tensor` holding NaN or infinity, `nil` where all are finite.
func firstNonFiniteRow(_ tensor: Tensor) -> Int? {
  let isFinite = tensor.elements.withUnsafeBufferPointer {
    codec_all_finite($0.count, $0.baseAddress!) != 0
  }
  if isFinite { return nil }
  return (0..<tensor.rows).first { row in tensor.row(row).contains { !$0.isFinite } }
}
