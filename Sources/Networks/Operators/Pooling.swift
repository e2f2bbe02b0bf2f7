import CKernels
import Runtime

/// How a pooling window moves over an image; each pair is (vertical, horizontal).
public struct PoolGeometry: Sendable, Equatable {
  /// Pixels of the window.
  public var kernel: [Int]
  /// Pixels between neighbouring windows.
  public var stride: [Int]
  /// Places outside the image, above and to the left.
  public var before: [Int]
  /// Places outside the image, below and to the right.
  public var after: [Int]
  /// Pixels between neighbouring pixels of a window.
  public var dilation: [Int]
  /// Whether a last window that is not whole counts, as long as it begins on the image or above and left of it.
  public var roundsUp: Bool

  /// A geometry; without a stride windows touch.
  public init(
    kernel: [Int], stride: [Int]? = nil, before: [Int] = [0, 0], after: [Int]? = nil,
    dilation: [Int] = [1, 1],
    roundsUp: Bool = false
  ) {
    self.kernel = kernel
    self.stride = stride ?? kernel
    self.before = before
    self.after = after ?? before
    self.dilation = dilation
    self.roundsUp = roundsUp
  }

  /// The number of windows along an axis of an image; below 1 where none fits.
  fileprivate func outputs(_ axis: Int, of size: Int) -> Int {
    let reach = dilation[axis] * (kernel[axis] - 1) + 1
    let room = size + before[axis] + after[axis] - reach
    guard room >= 0 else { return 0 }
    let whole = room / stride[axis] + 1
    let isPartial = room % stride[axis] != 0
    let next = whole * stride[axis] - before[axis]
    return roundsUp && isPartial && next < size ? whole + 1 : whole
  }

  /// Whether a window along an axis sees no pixel of the image.
  fileprivate func hasEmptyWindow(_ axis: Int, of size: Int) -> Bool {
    (0..<outputs(axis, of: size)).contains { output in
      !(0..<kernel[axis]).contains {
        (0..<size).contains(output * stride[axis] - before[axis] + $0 * dilation[axis])
      }
    }
  }
}

/// The largest number of each window, channel by channel.
public struct MaxPool: Operator {
  /// How the window moves.
  public let geometry: PoolGeometry

  /// Pooling with a geometry.
  public init(_ geometry: PoolGeometry) { self.geometry = geometry }

  /// The operator's name in messages.
  public var kind: String { "max pooling" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] { try pooledShape(inputs, geometry) }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledMaxPool(geometry.sizes(inputShapes[0]), channels: inputShapes[0][0])
  }

  /// Prepares execution on images with the channels last.
  public func compileChannelsLast(inputShapes: [[Int]], workspace: PlanWorkspace) throws
    -> (any CompiledOperator)?
  { CompiledMaxPoolLast(geometry.sizes(inputShapes[0]), channels: inputShapes[0][0]) }

  /// Whether derivatives need the output of the forward pass.
  public var derivativesReadOutput: Bool { false }
}

/// The mean of each window, channel by channel.
public struct AveragePool: Operator {
  /// How the window moves.
  public let geometry: PoolGeometry
  /// Whether places outside the image count as zeros, or not at all.
  public let countsPadding: Bool

  /// Pooling with a geometry.
  public init(_ geometry: PoolGeometry, countsPadding: Bool = true) {
    (self.geometry, self.countsPadding) = (geometry, countsPadding)
  }

  /// The operator's name in messages.
  public var kind: String { "average pooling" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] { try pooledShape(inputs, geometry) }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    var sizes = geometry.sizes(inputShapes[0])
    sizes.counts_padding = countsPadding ? 1 : 0
    return CompiledAveragePool(sizes, channels: inputShapes[0][0])
  }
}

extension Operator {
  fileprivate func pooledShape(_ inputs: [[Int]], _ geometry: PoolGeometry) throws -> [Int] {
    let input = try onlyInput(inputs)
    guard input.count == 3 else { throw shapeError(expected: "channel×y×x", found: input) }
    let size = (0..<2).map { geometry.outputs($0, of: input[1 + $0]) }
    guard size.allSatisfy({ $0 > 0 }) else {
      throw shapeError(expected: "at least the window's \(shapeText(geometry.kernel))", found: input)
    }
    for axis in 0..<2 where geometry.hasEmptyWindow(axis, of: input[1 + axis]) {
      throw shapeError(expected: "that every window sees a pixel of", found: input)
    }
    return [input[0]] + size
  }
}

extension PoolGeometry {
  fileprivate func sizes(_ input: [Int]) -> codec_pool {
    func pair(_ values: [Int]) -> (Int32, Int32) { (Int32(values[0]), Int32(values[1])) }
    return codec_pool(
      in_size: pair(Array(input[1...])), out_size: pair((0..<2).map { outputs($0, of: input[1 + $0]) }),
      kernel: pair(kernel), stride: pair(stride), dilation: pair(dilation), before: pair(before),
      after: pair(after), counts_padding: 0)
  }
}

private final class CompiledMaxPool: CompiledOperator {
  private var sizes: codec_pool
  private let channels: Int

  init(_ sizes: codec_pool, channels: Int) { (self.sizes, self.channels) = (sizes, channels) }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    codec_max_pool(&sizes, samples * channels, inputs[0], output)
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    guard let sink = inputGradients[0] else { return }
    clear(sink, samples * channels, sizes)
    codec_max_pool_reverse(&sizes, samples * channels, inputs[0], outputGradient, sink.buffer)
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    codec_max_pool_tangent(&sizes, samples * channels, inputs[0], inputTangents[0], outputTangent)
  }
}

private final class CompiledMaxPoolLast: CompiledOperator {
  private var sizes: codec_pool
  private let channels: Int
  /// The largest number of a window and its place, by channel.
  private var best: [Float]
  private var place: [Int32]

  init(_ sizes: codec_pool, channels: Int) {
    (self.sizes, self.channels) = (sizes, channels)
    best = Array(repeating: 0, count: channels)
    place = Array(repeating: 0, count: channels)
  }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    codec_max_pool_last(&sizes, samples, channels, inputs[0], &place, output)
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    guard let sink = inputGradients[0] else { return }
    clear(sink, samples * channels, sizes)
    codec_max_pool_last_reverse(
      &sizes, samples, channels, inputs[0], outputGradient, &best, &place, sink.buffer)
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    codec_max_pool_last_tangent(
      &sizes, samples, channels, inputs[0], inputTangents[0], &best, &place, outputTangent)
  }
}

private final class CompiledAveragePool: CompiledOperator {
  private var sizes: codec_pool
  private let channels: Int

  init(_ sizes: codec_pool, channels: Int) { (self.sizes, self.channels) = (sizes, channels) }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    codec_average_pool(&sizes, samples * channels, inputs[0], output)
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    guard let sink = inputGradients[0] else { return }
    clear(sink, samples * channels, sizes)
    codec_average_pool_reverse(&sizes, samples * channels, outputGradient, sink.buffer)
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    codec_average_pool(&sizes, samples * channels, inputTangents[0], outputTangent)
  }
}

/// Clears a sink that nobody wrote to, since pooling only adds.
private func clear(_ sink: GradientSink, _ planes: Int, _ sizes: codec_pool) {
  guard !sink.adds else { return }
  sink.buffer.update(repeating: 0, count: planes * Int(sizes.in_size.0) * Int(sizes.in_size.1))
}
