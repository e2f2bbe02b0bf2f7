import CKernels

/// A compiled affine map of each channel or unit, `y = factor · x + offset`.
final class CompiledAffine: CompiledOperator {
  private let factor: [Float]
  private let offset: [Float]
  /// Neighbouring numbers that share a factor.
  private let run: Int

  /// Samples, or pixels where channels are last, of one sample.
  private let rows: Int

  /// - Parameters:
  ///   - shape: of one row.
  ///   - rows: of one sample.
  init(factor: [Float], offset: [Float], shape: [Int], rows: Int = 1) {
    self.rows = rows
    self.factor = factor
    self.offset = offset
    run = elementCount(shape) / factor.count
  }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    codec_affine(samples * rows, factor.count, run, factor, offset, inputs[0], output)
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    guard let sink = inputGradients[0] else { return }
    codec_scale_runs(
      samples * rows, factor.count, run, factor, outputGradient, sink.buffer, sink.adds ? 1 : 0)
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    codec_scale_runs(samples * rows, factor.count, run, factor, inputTangents[0], outputTangent, 0)
  }
}
