import CKernels
import Numerics
import Runtime

/// A two-dimensional convolution (cross-correlation, as networks count it) with an optional bias per channel.
public struct Convolution: Operator {
  /// How the kernel moves over the image; each pair is (vertical, horizontal).
  public struct Geometry: Sendable, Hashable {
    /// Pixels between neighbouring outputs.
    public var stride = [1, 1]
    /// Zeros added above and to the left, and on the other sides too unless `paddingAfter` says otherwise.
    public var padding = [0, 0]
    /// Zeros added below and to the right; `nil` for as many as on the other sides.
    public var paddingAfter: [Int]?
    /// Pixels between neighbouring kernel elements.
    public var dilation = [1, 1]
    /// Independent groups of channels.
    public var groups = 1

    /// A geometry; by default the kernel moves one pixel at a time over the image as it is.
    public init(
      stride: [Int] = [1, 1], padding: [Int] = [0, 0], paddingAfter: [Int]? = nil, dilation: [Int] = [1, 1],
      groups: Int = 1
    ) {
      self.stride = stride
      self.padding = padding
      self.paddingAfter = paddingAfter == padding ? nil : paddingAfter
      self.dilation = dilation
      self.groups = groups
    }
  }

  /// The kernels, `[output channel, input channel / groups, y, x]`.
  public let weight: Tensor
  /// Added to each output channel.
  public let bias: [Float]?
  /// How the kernel moves.
  public let geometry: Geometry
  let packed = PackedWeights()

  /// - Throws: `CodecError` of kind `data` where weight, bias and groups do not fit together.
  public init(weight: Tensor, bias: [Float]? = nil, geometry: Geometry = Geometry()) throws {
    guard weight.shape.count == 4, weight.count > 0 else {
      throw CodecError(
        .data, "a convolution's weight has shape \(shapeText(weight.shape)), expected output×input×y×x")
    }
    guard weight.shape[0] % geometry.groups == 0 else {
      throw CodecError(
        .data, "a convolution's \(weight.shape[0]) channels do not divide into \(geometry.groups) groups")
    }
    if let bias, bias.count != weight.shape[0] {
      throw CodecError(
        .data, "a convolution's bias has \(bias.count) numbers, expected \(weight.shape[0])")
    }
    self.weight = weight
    self.bias = bias
    self.geometry = geometry
  }

  /// The operator's name in messages.
  public var kind: String { "convolution" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// Whether the kernel visits each pixel of the image once and nothing outside it.
  public var isPlain: Bool { geometry == Geometry() }

  /// Whether oneDNN computes it on images with the channels last: the convolutions of image classifiers, of each channel
  /// alone too, not those that slide over a movie frame as it is, for which there are Fourier transforms, nor those of
  /// groups of several channels.
  public var prefersChannelsLast: Bool {
    let isOfSingleChannels = weight.shape[1] == 1 && geometry.groups == weight.shape[0]
    return (geometry.groups == 1 || isOfSingleChannels) && !(isPlain && weight.shape[2] * weight.shape[3] > 1)
  }

  /// Joined with a norm of channels, a sum or a rectifier.
  public func fused(with next: any Operator) -> (any Operator)? {
    prefersChannelsLast ? FusedConvolution(self).fused(with: next) : nil
  }

  /// Prepares execution on images with the channels last.
  public func compileChannelsLast(inputShapes: [[Int]], workspace: PlanWorkspace) throws
    -> (any CompiledOperator)?
  {
    guard prefersChannelsLast else { return nil }
    return try FusedConvolution(self).compileChannelsLast(inputShapes: inputShapes, workspace: workspace)
  }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let input = try onlyInput(inputs)
    let channels = weight.shape[1] * geometry.groups
    guard input.count == 3, input[0] == channels else {
      throw shapeError(expected: "\(channels)×y×x", found: input)
    }
    let size = (0..<2).map { axis in
      let reach = geometry.dilation[axis] * (weight.shape[2 + axis] - 1) + 1
      let padding = geometry.padding[axis] + (geometry.paddingAfter ?? geometry.padding)[axis]
      let room = input[1 + axis] + padding - reach
      return room < 0 ? 0 : room / geometry.stride[axis] + 1
    }
    guard size.allSatisfy({ $0 > 0 }) else {
      throw shapeError(expected: "at least the kernel's \(weight.shape[2])×\(weight.shape[3])", found: input)
    }
    return [weight.shape[0]] + size
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    let shape = try sizes(inputShape: inputShapes[0])
    return CompiledConvolution(
      try backend(inputShape: inputShapes[0], batch: batch), bias: bias, shape: shape)
  }

  /// The sizes for an input shape.
  package func sizes(inputShape: [Int]) throws -> ConvolutionShape {
    ConvolutionShape(
      input: inputShape, output: try outputShape(of: [inputShape]), kernel: Array(weight.shape[2...]),
      geometry: geometry)
  }
}

/// The sizes of a convolution.
package struct ConvolutionShape: Hashable {
  /// `[channel, y, x]`.
  package let input: [Int]
  /// `[channel, y, x]`.
  package let output: [Int]
  /// `[y, x]`.
  package let kernel: [Int]
  package let geometry: Convolution.Geometry

  package var inputCount: Int { elementCount(input) }
  package var outputCount: Int { elementCount(output) }
  /// Pixels of one output channel.
  var outputPixels: Int { output[1] * output[2] }
  /// Multiplications and additions of one sample, by the definition.
  var operations: Double {
    2 * Double(outputCount) * Double(input[0] / geometry.groups * kernel[0] * kernel[1])
  }

  /// All sizes as text, such as `8×36×36 to 8×26×26 by 11×11`.
  package var key: String {
    let plain = "\(shapeText(input)) to \(shapeText(output)) by \(shapeText(kernel))"
    guard geometry != Convolution.Geometry() else { return plain }
    let after = geometry.paddingAfter.map { " and \(shapeText($0))" } ?? ""
    return plain
      + ", stride \(shapeText(geometry.stride)), padding \(shapeText(geometry.padding))\(after), dilation "
      + "\(shapeText(geometry.dilation)), \(geometry.groups) groups"
  }
}

/// One way to compute a convolution without its bias, and its transpose.
package protocol ConvolutionBackend: AnyObject {
  var name: String { get }

  /// `output = W * input` for `samples` samples; sample `i`'s input starts at `input + i * inputStride`, so that
  /// windows of a movie may overlap.
  func apply(
    samples: Int, input: UnsafePointer<Float>, inputStride: Int, output: UnsafeMutablePointer<Float>) throws

  /// `gradient (+)= Wᵀ * outputGradient`.
  func applyTransposed(samples: Int, outputGradient: UnsafePointer<Float>, to sink: GradientSink) throws
}

private final class CompiledConvolution: CompiledOperator {
  let implementation: any ConvolutionBackend
  let bias: [Float]?
  let shape: ConvolutionShape

  init(_ implementation: any ConvolutionBackend, bias: [Float]?, shape: ConvolutionShape) {
    self.implementation = implementation
    self.bias = bias
    self.shape = shape
  }

  var backend: String? { implementation.name }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) throws {
    try implementation.apply(
      samples: samples, input: inputs[0], inputStride: shape.inputCount, output: output)
    if let bias { codec_add_bias(samples, bias.count, shape.outputPixels, bias, output) }
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) throws {
    guard let sink = inputGradients[0] else { return }
    try implementation.applyTransposed(samples: samples, outputGradient: outputGradient, to: sink)
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) throws {
    try implementation.apply(
      samples: samples, input: inputTangents[0], inputStride: shape.inputCount, output: outputTangent)
  }
}
