import COneDNN
import CKernels
import Runtime

/// Convolution by oneDNN's direct kernels.
///
/// Compiled for a block of samples, and on need for one sample alone; no sample's numbers depend on the batch.
final class DirectConvolution: ConvolutionBackend {
  let name = "onednn"
  private let shape: ConvolutionShape
  private let weight: UnsafeMutableBufferPointer<Float>
  private let block: Int
  private var primitives: [Request: Primitive] = [:]
  /// Holds what is to be added to a sink, and windows that overlap in memory.
  private let staging: UnsafeMutableBufferPointer<Float>

  private struct Request: Hashable {
    let samples: Int
    let isTransposed: Bool
  }

  /// - Parameters:
  ///   - batch: the largest number of samples of one call.
  init(_ shape: ConvolutionShape, weight: [Float], batch: Int) throws {
    self.shape = shape
    self.weight = allocateAligned(copying: weight)
    block = min(batch, 16)
    staging = allocateAligned(block * shape.inputCount)
    for isTransposed in [false, true] { _ = try primitive(block, isTransposed: isTransposed) }
  }

  deinit {
    primitives.removeAll()
    weight.deallocate()
    staging.deallocate()
  }

  func apply(
    samples: Int, input: UnsafePointer<Float>, inputStride: Int, output: UnsafeMutablePointer<Float>
  ) throws {
    try forEachBlock(samples, isTransposed: false) { primitive, first, count in
      var source = input + first * inputStride
      if inputStride != shape.inputCount && count > 1 {
        for sample in 0..<count {
          (staging.baseAddress! + sample * shape.inputCount)
            .update(from: source + sample * inputStride, count: shape.inputCount)
        }
        source = UnsafePointer(staging.baseAddress!)
      }
      try primitive.run(source, output + first * shape.outputCount)
    }
  }

  func applyTransposed(samples: Int, outputGradient: UnsafePointer<Float>, to sink: GradientSink) throws {
    try forEachBlock(samples, isTransposed: true) { primitive, first, count in
      let target = sink.buffer + first * shape.inputCount
      try primitive.run(outputGradient + first * shape.outputCount, sink.adds ? staging.baseAddress! : target)
      if sink.adds { codec_scaled(count * shape.inputCount, 1, staging.baseAddress!, target, 1) }
    }
  }

  /// Calls `body(primitive, first sample, samples)` for whole blocks, then for the samples left over one by one.
  private func forEachBlock(
    _ samples: Int, isTransposed: Bool, _ body: (Primitive, Int, Int) throws -> Void
  ) throws {
    var first = 0
    while first < samples {
      let count = samples - first >= block ? block : 1
      try body(primitive(count, isTransposed: isTransposed), first, count)
      first += count
    }
  }

  private func primitive(_ samples: Int, isTransposed: Bool) throws -> Primitive {
    let request = Request(samples: samples, isTransposed: isTransposed)
    if let made = primitives[request] { return made }
    let made = try Primitive(shape, samples: samples, isTransposed: isTransposed, weight: weight.baseAddress!)
    primitives[request] = made
    return made
  }
}

/// A oneDNN primitive with its packed weights.
private final class Primitive {
  private let handle: UnsafeMutablePointer<codec_dnnl_convolution>

  init(
    _ shape: ConvolutionShape, samples: Int, isTransposed: Bool, weight: UnsafePointer<Float>
  ) throws {
    func pair(_ values: some Collection<Int>) -> (Int32, Int32) {
      (Int32(values.first!), Int32(values.dropFirst().first!))
    }
    var sizes = codec_dnnl_sizes(
      samples: Int32(samples), groups: Int32(shape.geometry.groups), in_channels: Int32(shape.input[0]),
      in_size: pair(shape.input[1...]), out_channels: Int32(shape.output[0]),
      out_size: pair(shape.output[1...]), kernel: pair(shape.kernel), stride: pair(shape.geometry.stride),
      padding: pair(shape.geometry.padding), dilation: pair(shape.geometry.dilation))
    guard let handle = codec_dnnl_make(&sizes, isTransposed ? 1 : 0, weight) else {
      throw CodecError(
        .bug, "oneDNN makes no convolution of \(shapeText(shape.input)) to \(shapeText(shape.output))")
    }
    self.handle = handle
  }

  deinit { codec_dnnl_free(handle) }

  func run(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>) throws {
    guard codec_dnnl_run(handle, from, to) != 0 else {
      throw CodecError(.bug, "oneDNN failed in a convolution")
    }
  }
}
