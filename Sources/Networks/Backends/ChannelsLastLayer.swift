import COneDNN
import CKernels
import Runtime

/// A convolution by oneDNN on images kept as `[sample, y, x, channel]`, with what follows it done in the same pass:
/// bias, a sum, a rectifier. Weights are packed once for all plans; activations are never reordered.
///
/// A dense layer of many rows is one too: a 1×1 convolution of an image of one pixel a row.
final class ChannelsLastLayer {
  /// What a pass does besides multiplying.
  struct Work: OptionSet, Hashable {
    let rawValue: Int
    static let transposed = Work(rawValue: Int(codec_dnnl_transposed))
    static let bias = Work(rawValue: Int(codec_dnnl_bias))
    static let sum = Work(rawValue: Int(codec_dnnl_sum))
    static let rectifier = Work(rawValue: Int(codec_dnnl_relu))
    static let bf16 = Work(rawValue: Int(codec_dnnl_bf16))
  }

  private struct Request: Hashable {
    let samples: Int
    let work: Work
  }

  private let workspace: PlanWorkspace
  /// The sizes for a number of samples.
  private let sizes: (Int) -> codec_dnnl_sizes
  /// `[output, input / groups, y, x]`.
  private let weight: [Float]
  /// What a norm multiplies each output channel by.
  private let factor: [Float]?
  private let packed: PackedWeights
  private let bias: UnsafeMutableBufferPointer<Float>?
  private var layers: [Request: UnsafeMutablePointer<codec_dnnl_layer>] = [:]

  /// - Parameters:
  ///   - sizes: for a number of samples.
  ///   - weight: `[output, input / groups, y, x]`.
  ///   - factor: what each output channel is multiplied by; `nil` for 1.
  ///   - packed: of the operator whose weights these are.
  init(
    workspace: PlanWorkspace, weight: [Float], factor: [Float]? = nil, packed: PackedWeights, bias: [Float]?,
    sizes: @escaping (Int) -> codec_dnnl_sizes
  ) {
    (self.workspace, self.weight, self.factor) = (workspace, weight, factor)
    (self.packed, self.sizes) = (packed, sizes)
    self.bias = bias.map { allocateAligned(copying: $0) }
  }

  deinit {
    for layer in layers.values { codec_dnnl_layer_free(layer) }
    bias?.deallocate()
  }

  /// result = W * source, and whatever `work` adds; the source has `sourceCount` numbers a sample.
  func run(
    _ work: Work, samples: Int, source: UnsafePointer<Float>, sourceCount: Int,
    other: UnsafePointer<Float>? = nil, result: UnsafeMutablePointer<Float>
  ) throws {
    var work = work
    if workspace.precision == .bf16 { work.insert(.bf16) }
    let layer = try layer(Request(samples: samples, work: work))
    let rounded =
      workspace.precision == .bf16 ? workspace.rounded(source, count: samples * sourceCount) : nil
    guard
      codec_dnnl_layer_run(
        &workspace.context, layer, rounded.map { UnsafeRawPointer($0) } ?? UnsafeRawPointer(source),
        bias?.baseAddress, other, result) != 0
    else { throw CodecError(.bug, "oneDNN failed in a convolution") }
  }

  private func layer(_ request: Request) throws -> UnsafeMutablePointer<codec_dnnl_layer> {
    if let made = layers[request] { return made }
    var sizes = sizes(request.samples)
    guard let made = codec_dnnl_layer_make(&workspace.context, &sizes, Int32(request.work.rawValue)) else {
      throw CodecError(.bug, "oneDNN makes no channels-last convolution")
    }
    do { try packed.lend(to: made, sizes: sizes, plain: weight, factor: factor, workspace) } catch {
      codec_dnnl_layer_free(made)
      throw error
    }
    layers[request] = made
    return made
  }
}
