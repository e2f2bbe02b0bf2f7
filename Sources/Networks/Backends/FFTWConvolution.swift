import CKernels
import Numerics

/// Samples transformed at once.
private let samplesOfBlock = 16

/// Convolution by FFTW's real transforms and a complex product for each frequency, sixteen samples at a time.
///
/// FFTW plans by its rule of thumb, the same in every process, so that results reproduce.
final class FFTWConvolution: ConvolutionBackend {
  let name = "fftw"
  private let shape: ConvolutionShape
  private let block = samplesOfBlock
  private let spectrum: KernelSpectrum
  private let inputTransform: RealFFT2D
  private let outputTransform: RealFFT2D
  private let images: UnsafeMutableBufferPointer<Float>
  private let inputSpectra: UnsafeMutableBufferPointer<Float>
  private let outputSpectra: UnsafeMutableBufferPointer<Float>

  /// - Parameters:
  ///   - shape: a plain convolution's.
  init(_ shape: ConvolutionShape, weight: [Float]) {
    self.shape = shape
    let rows = RealFFT2D.fastLength(atLeast: shape.input[1])
    let columns = RealFFT2D.fastLength(atLeast: shape.input[2])
    spectrum = KernelSpectrum(
      weight: weight, outputs: shape.output[0], inputs: shape.input[0], kernel: shape.kernel, rows: rows,
      columns: columns)
    func transform(_ channels: Int) -> RealFFT2D {
      RealFFT2D(rows: rows, columns: columns, batch: channels * samplesOfBlock, spectrum: .frequencyMajor)
    }
    inputTransform = transform(shape.input[0])
    outputTransform = transform(shape.output[0])
    images = allocateAligned(max(inputTransform.imageCount, outputTransform.imageCount))
    inputSpectra = allocateAligned(inputTransform.spectrumCount)
    outputSpectra = allocateAligned(outputTransform.spectrumCount)
  }

  deinit {
    images.deallocate()
    inputSpectra.deallocate()
    outputSpectra.deallocate()
  }

  func apply(
    samples: Int, input: UnsafePointer<Float>, inputStride: Int, output: UnsafeMutablePointer<Float>
  ) {
    for first in stride(from: 0, to: samples, by: block) {
      let count = min(block, samples - first)
      copyIn(input + first * inputStride, stride: inputStride, count: count, shape: shape.input)
      inputTransform.forward(images.baseAddress!, inputSpectra.baseAddress!)
      multiply(isTransposed: false)
      outputTransform.inverse(outputSpectra.baseAddress!, images.baseAddress!)
      copyOut(
        GradientSink(buffer: output + first * shape.outputCount, adds: false), count: count,
        shape: shape.output)
    }
  }

  func applyTransposed(samples: Int, outputGradient: UnsafePointer<Float>, to sink: GradientSink) {
    for first in stride(from: 0, to: samples, by: block) {
      let count = min(block, samples - first)
      copyIn(
        outputGradient + first * shape.outputCount, stride: shape.outputCount, count: count,
        shape: shape.output)
      outputTransform.forward(images.baseAddress!, outputSpectra.baseAddress!)
      multiply(isTransposed: true)
      inputTransform.inverse(inputSpectra.baseAddress!, images.baseAddress!)
      copyOut(
        GradientSink(buffer: sink.buffer + first * shape.inputCount, adds: sink.adds), count: count,
        shape: shape.input)
    }
  }

  /// Pads samples to the circle, `[channel, sample, row, column]`; missing samples are zeros.
  private func copyIn(_ source: UnsafePointer<Float>, stride: Int, count: Int, shape: [Int]) {
    let (rows, columns) = (spectrum.rows, spectrum.columns)
    images.baseAddress!.update(repeating: 0, count: shape[0] * block * rows * columns)
    for channel in 0..<shape[0] {
      for sample in 0..<count {
        let target = images.baseAddress! + (channel * block + sample) * rows * columns
        let from = source + sample * stride + channel * shape[1] * shape[2]
        for y in 0..<shape[1] { (target + y * columns).update(from: from + y * shape[2], count: shape[2]) }
      }
    }
  }

  private func copyOut(_ sink: GradientSink, count: Int, shape: [Int]) {
    let (rows, columns) = (spectrum.rows, spectrum.columns)
    for channel in 0..<shape[0] {
      for sample in 0..<count {
        let source = images.baseAddress! + (channel * block + sample) * rows * columns
        let target = sink.buffer + (sample * shape[0] + channel) * shape[1] * shape[2]
        for y in 0..<shape[1] {
          codec_scaled(shape[2], 1, source + y * columns, target + y * shape[2], sink.adds ? 1 : 0)
        }
      }
    }
  }

  private func multiply(isTransposed: Bool) {
    let (inputs, outputs) = (shape.input[0], shape.output[0])
    codec_multiply_spectra(
      Int32(spectrum.rows), Int32(spectrum.columns), Int32(block), Int32(isTransposed ? outputs : inputs),
      Int32(isTransposed ? inputs : outputs), spectrum.values.baseAddress!,
      isTransposed ? 2 : 2 * outputs, isTransposed ? 2 * outputs : 2, isTransposed ? 1 : 0,
      isTransposed ? outputSpectra.baseAddress! : inputSpectra.baseAddress!,
      isTransposed ? inputSpectra.baseAddress! : outputSpectra.baseAddress!)
  }
}
