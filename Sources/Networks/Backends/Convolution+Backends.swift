import Foundation
import Numerics

/// The choice among libraries and kernels of our own, for each shape.
extension Convolution {
  /// The fastest implementation for an input shape and a number of samples.
  func backend(inputShape: [Int], batch: Int) throws -> any ConvolutionBackend {
    let shape = try sizes(inputShape: inputShape)
    // Time a sample takes hardly changes beyond: plans of larger batches share one choice.
    let samples = min(batch, 32)
    let buffers = TrialBuffers(
      input: samples * shape.inputCount, output: samples * shape.outputCount,
      inputGradient: samples * shape.inputCount)
    return try BackendCandidate.fastest(
      of: candidates(shape, batch: batch), key: "convolution \(shape.key), \(samples) samples"
    ) { backend in
      try backend.apply(
        samples: samples, input: buffers.input, inputStride: shape.inputCount, output: buffers.output)
      try backend.applyTransposed(
        samples: samples, outputGradient: buffers.output,
        to: GradientSink(buffer: buffers.inputGradient, adds: false))
    }
  }

  /// Every implementation that can compute the shape.
  package func candidates(
    _ shape: ConvolutionShape, batch: Int
  ) -> [BackendCandidate<any ConvolutionBackend>] {
    let weights = weight.elements
    var result: [BackendCandidate<any ConvolutionBackend>] = [
      BackendCandidate(name: "openblas", cost: shape.operations / 40e6) {
        GEMMConvolution(shape, weight: weights)
      },
      BackendCandidate(name: "onednn", cost: shape.operations / 60e6) {
        try DirectConvolution(shape, weight: weights, batch: batch)
      },
    ]
    let spectral = SpectralCost(shape)
    if shape.geometry == Geometry(), spectral.isReasonable {
      result.append(
        BackendCandidate(name: "fourier", cost: spectral.sample) {
          SpectralConvolution(shape, weight: weights)
        })
      result.append(
        BackendCandidate(name: "fftw", cost: 3 * spectral.sample) { FFTWConvolution(shape, weight: weights) })
    }
    return result
  }
}

/// Estimates of what Fourier transforms cost, at the rate our kernels reach.
private struct SpectralCost {
  private let shape: ConvolutionShape
  private let points: Double

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    points = Double(shape.input[1] * shape.input[2])
  }

  /// Whether the kernels' spectra fit into memory without a thought.
  var isReasonable: Bool { points * Double(shape.input[0] * shape.output[0]) * 4 < 64e6 }

  /// Milliseconds a sample: transforms of all channels, and a product for each frequency and pair of channels.
  var sample: Double { (transforms(shape.input[0] + shape.output[0]) + products) / 30e6 }

  private func transforms(_ channels: Int) -> Double { 2.5 * points * log2(points + 1) * Double(channels) }
  private var products: Double { 4 * points * Double(shape.input[0] * shape.output[0]) }
}

/// Memory to time backends on.
private final class TrialBuffers {
  private let memory: UnsafeMutableBufferPointer<Float>
  let input: UnsafePointer<Float>
  let output: UnsafeMutablePointer<Float>
  let inputGradient: UnsafeMutablePointer<Float>

  init(input: Int, output: Int, inputGradient: Int) {
    var numbers = [Float](
      repeating: 0, count: alignedCount(input) + alignedCount(output) + alignedCount(inputGradient))
    var stream = RandomStream(seed: 0)
    for index in 0..<input { numbers[index] = Float(stream.uniform()) }
    memory = allocateAligned(copying: numbers)
    self.input = UnsafePointer(memory.baseAddress!)
    self.output = memory.baseAddress! + alignedCount(input)
    self.inputGradient = self.output + alignedCount(output)
  }

  deinit { memory.deallocate() }
}
