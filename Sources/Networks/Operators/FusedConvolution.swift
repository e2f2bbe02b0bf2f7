import COneDNN
import CKernels
import Numerics
import Runtime

/// A convolution and what follows it in one: a norm folded into its kernels, a sum with another tensor, a rectifier.
///
/// Plans make it of their network's operators; it works on images with the channels last alone. The rectifier's slope
/// is 1 where the output is above 0, else 0.
struct FusedConvolution: Operator {
  let convolution: Convolution
  /// What a norm multiplies each output channel by.
  private var factor: [Float]?
  private var bias: [Float]?
  private(set) var addsOther = false
  private(set) var rectifies = false

  init(_ convolution: Convolution) { (self.convolution, bias) = (convolution, convolution.bias) }

  var kind: String { "convolution" }
  var isAffine: Bool { !rectifies }
  var isNonnegative: Bool { rectifies }
  var prefersChannelsLast: Bool { true }
  var derivativesReadInputs: Bool { false }
  var derivativesReadOutput: Bool { rectifies }

  func outputShape(of inputs: [[Int]]) throws -> [Int] { try convolution.outputShape(of: [inputs[0]]) }

  func fused(with next: any Operator) -> (any Operator)? {
    var result = self
    switch next {
    case let norm as BatchNorm
    where !addsOther && !rectifies && norm.factor.count == convolution.weight.shape[0]:
      result.factor = zip(factor ?? norm.factor.map { _ in 1 }, norm.factor).map { $0 * $1 }
      result.bias = norm.offset.indices.map { (bias?[$0] ?? 0) * norm.factor[$0] + norm.offset[$0] }
    case is Add where !addsOther && !rectifies: result.addsOther = true
    case is ReLU where !rectifies: result.rectifies = true
    default: return nil
    }
    return result
  }

  func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    throw CodecError(.bug, "a fused convolution of plain images")
  }

  func compileChannelsLast(inputShapes: [[Int]], workspace: PlanWorkspace) throws -> (any CompiledOperator)? {
    let shape = try convolution.sizes(inputShape: inputShapes[0])
    let layer = ChannelsLastLayer(
      workspace: workspace, weight: convolution.weight.elements, factor: factor, packed: convolution.packed,
      bias: bias, sizes: { codec_dnnl_sizes(shape, samples: $0) })
    return CompiledFusedConvolution(
      layer, shape: shape, hasBias: bias != nil, addsOther: addsOther, rectifies: rectifies, workspace)
  }
}

extension codec_dnnl_sizes {
  /// The sizes of a convolution of some samples.
  init(_ shape: ConvolutionShape, samples: Int) {
    func pair(_ values: some Collection<Int>) -> (Int32, Int32) {
      (Int32(values.first!), Int32(values.dropFirst().first!))
    }
    self.init(
      samples: Int32(samples), groups: Int32(shape.geometry.groups), in_channels: Int32(shape.input[0]),
      in_size: pair(shape.input[1...]), out_channels: Int32(shape.output[0]),
      out_size: pair(shape.output[1...]), kernel: pair(shape.kernel), stride: pair(shape.geometry.stride),
      padding: pair(shape.geometry.padding), dilation: pair(shape.geometry.dilation))
  }
}

private final class CompiledFusedConvolution: CompiledOperator {
  let backend: String? = "onednn, channels last"
  private let layer: ChannelsLastLayer
  private let shape: ConvolutionShape
  private let hasBias: Bool
  private let addsOther: Bool
  private let rectifies: Bool
  private let workspace: PlanWorkspace

  init(
    _ layer: ChannelsLastLayer, shape: ConvolutionShape, hasBias: Bool, addsOther: Bool, rectifies: Bool,
    _ workspace: PlanWorkspace
  ) {
    (self.layer, self.shape, self.hasBias) = (layer, shape, hasBias)
    (self.addsOther, self.rectifies, self.workspace) = (addsOther, rectifies, workspace)
  }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) throws {
    var work: ChannelsLastLayer.Work = []
    if hasBias { work.insert(.bias) }
    if addsOther { work.insert(.sum) }
    if rectifies { work.insert(.rectifier) }
    try layer.run(
      work, samples: samples, source: inputs[0], sourceCount: shape.inputCount,
      other: addsOther ? inputs[1] : nil, result: output)
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) throws {
    let (given, taken) = (samples * shape.outputCount, samples * shape.inputCount)
    let image = inputGradients[0]
    let scratch = workspace.scratch(alignedCount(given) + (image?.adds == true ? taken : 0))
    var gradient = outputGradient
    let other = addsOther ? inputGradients[1] : nil
    if rectifies {
      // What the other tensor gets is what the convolution gets: written there where nobody has before.
      let masked = other?.adds == false ? other!.buffer : scratch
      codec_where_positive(given, output, outputGradient, masked, 0)
      gradient = UnsafePointer(masked)
    }
    if let image {
      let target = image.adds ? scratch + alignedCount(given) : image.buffer
      try layer.run(
        .transposed, samples: samples, source: gradient, sourceCount: shape.outputCount, result: target)
      if image.adds { codec_scaled(taken, 1, target, image.buffer, 1) }
    }
    // Last, as the other tensor may be the image too.
    if let other, other.adds || !rectifies {
      codec_scaled(given, 1, gradient, other.buffer, other.adds ? 1 : 0)
    }
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) throws {
    let count = samples * shape.outputCount
    let raw = rectifies ? workspace.scratch(count) : outputTangent
    try layer.run(
      addsOther ? .sum : [], samples: samples, source: inputTangents[0], sourceCount: shape.inputCount,
      other: addsOther ? inputTangents[1] : nil, result: raw)
    if rectifies { codec_where_positive(count, output, raw, outputTangent, 0) }
  }
}
