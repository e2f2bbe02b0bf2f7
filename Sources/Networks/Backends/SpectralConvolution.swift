import CKernels

/// Convolution by our own Fourier transforms, sixteen samples at a time (`Sources/CKernels/spectral.c`).
///
/// The circle is as large as the image, or a little larger for a convenient length: what wraps around never reaches
/// the valid region. Forward, reverse and tangent share the kernels' spectra.
final class SpectralConvolution: ConvolutionBackend {
  let name = "fourier"
  private let shape: ConvolutionShape
  private let across: LaneTransform
  private let down: LaneTransform
  private let spectrum: KernelSpectrum
  private let scratch: UnsafeMutableBufferPointer<Float>

  /// - Parameters:
  ///   - shape: a plain convolution's.
  init(_ shape: ConvolutionShape, weight: [Float]) {
    self.shape = shape
    across = LaneTransform(atLeast: shape.input[2])
    down = LaneTransform(atLeast: shape.input[1])
    spectrum = KernelSpectrum(
      weight: weight, outputs: shape.output[0], inputs: shape.input[0], kernel: shape.kernel,
      rows: down.length,
      columns: across.length)
    var sizes = Self.problem(shape, across, down, spectrum, isTransposed: false)
    scratch = allocateAligned(codec_spectral_scratch(&sizes))
  }

  deinit { scratch.deallocate() }

  func apply(
    samples: Int, input: UnsafePointer<Float>, inputStride: Int, output: UnsafeMutablePointer<Float>
  ) {
    run(
      samples, input, inputStride, GradientSink(buffer: output, adds: false), shape.outputCount,
      isTransposed: false)
  }

  func applyTransposed(samples: Int, outputGradient: UnsafePointer<Float>, to sink: GradientSink) {
    run(samples, outputGradient, shape.outputCount, sink, shape.inputCount, isTransposed: true)
  }

  private func run(
    _ samples: Int, _ input: UnsafePointer<Float>, _ inputStride: Int, _ sink: GradientSink,
    _ outputStride: Int,
    isTransposed: Bool
  ) {
    var problem = Self.problem(shape, across, down, spectrum, isTransposed: isTransposed)
    let block = Int(codec_spectral_samples)
    for first in stride(from: 0, to: samples, by: block) {
      codec_spectral_convolve(
        &problem, Int32(min(block, samples - first)), input + first * inputStride, inputStride,
        sink.buffer + first * outputStride, outputStride, sink.adds ? 1 : 0, scratch.baseAddress!)
    }
  }

  private static func problem(
    _ shape: ConvolutionShape, _ across: LaneTransform, _ down: LaneTransform, _ spectrum: KernelSpectrum,
    isTransposed: Bool
  ) -> codec_spectral {
    let (from, to) = isTransposed ? (shape.output, shape.input) : (shape.input, shape.output)
    let outputs = shape.output[0]
    return codec_spectral(
      in_channels: Int32(from[0]), in_height: Int32(from[1]), in_width: Int32(from[2]),
      out_channels: Int32(to[0]), out_height: Int32(to[1]), out_width: Int32(to[2]), across: across.plan,
      down: down.plan, columns: Int32(across.length), rows: Int32(down.length),
      weights: UnsafePointer(spectrum.values.baseAddress!), in_stride: isTransposed ? 2 : 2 * outputs,
      out_stride: isTransposed ? 2 * outputs : 2, conjugate: isTransposed ? 1 : 0)
  }
}
