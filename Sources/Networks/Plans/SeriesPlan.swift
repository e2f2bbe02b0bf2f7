import Numerics
import Runtime

/// A network's first layer over a movie: each frame enters once and is shared by all the windows that see it.
///
/// Where the network begins with a convolution on the input alone, that is the layer, and it slides over the
/// frames; otherwise the "layer" is the window itself, copied out of the movie. Belongs to one thread.
public final class SeriesPlan {
  /// The network whose first layer it is.
  public let network: Network
  /// Shape of one frame, `[channel, y, x]`.
  public let frameShape: [Int]
  /// Frames in a window.
  public let history: Int
  /// The largest number of windows of one call.
  public let maxSamples: Int
  /// Name of the tensor it produces, such as "conv1"; the input's where there is no first convolution.
  public let tensor: String
  /// The rest of the network, from `tensor` to the output.
  public let tail: Network
  /// What computes it, for provenance; `nil` where windows are only copied.
  public var backend: String? { movie.map { _ in MovieConvolution.name } }

  private let movie: MovieConvolution?
  /// For gradients with respect to the frames; made when the first is asked for.
  private var transpose: (any ConvolutionBackend)?
  private let layerShape: [Int]

  /// - Parameters:
  ///   - frameShape: `[channel, y, x]` of the movie.
  ///   - history: frames in a window; history × channel is the network's number of input channels.
  ///   - maxSamples: the largest number of windows of one call; memory grows with it.
  /// - Throws: `CodecError` of kind `data` where the movie does not fit the network.
  public init(network: Network, frameShape: [Int], history: Int, maxSamples: Int) throws {
    guard frameShape.count == 3,
      network.inputShape == [history * frameShape[0], frameShape[1], frameShape[2]]
    else {
      throw CodecError(
        .data,
        "\(history) frames of \(shapeText(frameShape)) do not fit an input of \(shapeText(network.inputShape))",
        at: network.name, remedy: "use a model made for this frame size and history")
    }
    (self.network, self.frameShape, self.history) = (network, frameShape, history)
    self.maxSamples = maxSamples
    if let head = network.seriesHead, let operation = head.operation as? Convolution {
      tensor = head.output
      movie = MovieConvolution(
        try operation.sizes(inputShape: network.inputShape), weight: operation.weight.elements,
        bias: operation.bias, channels: frameShape[0])
    } else {
      (tensor, movie) = (network.input, nil)
    }
    tail = try network.slice(from: tensor, to: network.output)
    layerShape = try network.shape(of: tensor)
  }

  /// The first layer of every window in a run of frames.
  /// - Parameters:
  ///   - frames: normalised, `[n + history − 1, channel, y, x]`, n at most `maxSamples`.
  /// - Returns: `[n, layer shape…]`; row t sees frames t ..< t + history.
  public func firstLayer(_ frames: Tensor) throws -> Tensor {
    let samples = frames.rows - history + 1
    guard Array(frames.shape.dropFirst()) == frameShape, samples > 0, samples <= maxSamples else {
      throw CodecError(
        .data,
        "the frames have shape \(shapeText(frames.shape)), expected at least \(history) and at most "
          + "\(maxSamples + history - 1) of \(shapeText(frameShape))", at: network.name)
    }
    let count = elementCount(layerShape)
    let elements = try [Float](unsafeUninitializedCapacity: samples * count) { target, initialised in
      target.initialize(repeating: 0)
      initialised = samples * count
      try frames.elements.withUnsafeBufferPointer {
        try fill(target.baseAddress!, from: $0.baseAddress!, samples: samples)
      }
    }
    let result = Tensor(shape: [samples] + layerShape, elements: elements)
    if let sample = firstNonFiniteRow(result) {
      throw CodecError(
        .data, "the value of \(tensor) is not finite in window \(sample) of the block", at: network.name)
    }
    return result
  }

  /// The gradient with respect to each window's normalised frames: the transposed first layer.
  /// - Parameters:
  ///   - firstLayerGradient: `[n, layer shape…]`, n at most `maxSamples`.
  /// - Returns: `[n, history × channel, y, x]`, oldest frame first.
  public func inputGradient(_ firstLayerGradient: Tensor) throws -> Tensor {
    let samples = firstLayerGradient.rows
    guard Array(firstLayerGradient.shape.dropFirst()) == layerShape, samples > 0, samples <= maxSamples else {
      throw CodecError(
        .data,
        "the gradient has shape \(shapeText(firstLayerGradient.shape)), expected n×"
          + "\(shapeText(layerShape)), n ≤ \(maxSamples)", at: network.name)
    }
    guard let transpose = try transposedLayer() else { return firstLayerGradient }
    var result = Tensor(shape: [samples] + network.inputShape, repeating: 0)
    try result.elements.withUnsafeMutableBufferPointer { target in
      try firstLayerGradient.elements.withUnsafeBufferPointer {
        try transpose.applyTransposed(
          samples: samples, outputGradient: $0.baseAddress!,
          to: GradientSink(buffer: target.baseAddress!, adds: false))
      }
    }
    return result
  }

  private func transposedLayer() throws -> (any ConvolutionBackend)? {
    if transpose == nil, let operation = network.seriesHead?.operation as? Convolution {
      transpose = try operation.backend(inputShape: network.inputShape, batch: maxSamples)
    }
    return transpose
  }

  private func fill(
    _ target: UnsafeMutablePointer<Float>, from frames: UnsafePointer<Float>, samples: Int
  ) throws {
    if let movie { return movie.apply(samples: samples, frames: frames, output: target) }
    let (frame, window) = (elementCount(frameShape), elementCount(network.inputShape))
    for sample in 0..<samples {
      (target + sample * window).update(from: frames + sample * frame, count: window)
    }
  }
}
