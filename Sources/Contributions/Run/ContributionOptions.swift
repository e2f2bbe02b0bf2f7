import Networks
import Numerics
import Runtime

/// What `codec contributions` can be asked for.
public struct ContributionOptions: Sendable {
  /// Names of the layers; empty stands for the model's own taps.
  public var layers: [String] = []
  /// The target; `nil` stands for the model's default.
  public var target: TargetChoice?
  /// Whether the target is applied to softmax(y).
  public var appliesSoftmax = false
  /// Whether the outputs of `top:K` are chosen once for each sample.
  public var freezesTop = false
  /// How the target is divided.
  public var method = ContributionMethod.default
  /// How a covariance that may be singular is inverted.
  public var shrinkage = Shrinkage.automatic
  /// Frames of the split whose samples are wanted; `nil` stands for all.
  public var frames: [Range<Int>]?
  /// Frames of the split whose unreduced maps are kept.
  public var mapFrames: [Int] = []
  /// Whether gradients at the samples are kept as well.
  public var includesGradients = false
  /// How many frames, spread over the samples, each cell's own contributions are averaged over; `nil` leaves
  /// them out.
  public var perCellFrames: Int?
  /// Number of worker threads.
  public var threads = 1
  /// The networks' arithmetic.
  public var precision = Precision.f32

  /// The defaults: surprisal (or the model's own target), integrated gradients with 20 steps, all frames.
  public init() {}

  /// Steps of each cell's own contributions where the main run refines its paths.
  static let perCellSteps = 20

  /// The method for each cell's own contributions: never refined, since all cells share the forward passes.
  var perCellMethod: ContributionMethod {
    switch method {
    case .ig(let rule, .automatic): .ig(rule: rule, steps: .fixed(Self.perCellSteps))
    case .igHidden(let rule, .automatic): .igHidden(rule: rule, steps: .fixed(Self.perCellSteps))
    default: method
    }
  }

  /// The layers as taps of a model's network.
  /// - Throws: `CodecError` of kind `usage` for an unknown layer, listing the model's, or where nobody names any.
  func taps(of model: LoadedModel) throws -> [Tap] {
    let names = layers.isEmpty ? model.taps : layers
    guard !names.isEmpty else {
      throw CodecError(
        .usage, "the model suggests no layers", at: model.network.name,
        remedy: "name some of its tensors: \(model.network.tensors.prefix(12).joined(separator: ", "))")
    }
    return try names.map { layer in
      guard model.network.shapes[layer] != nil else {
        throw CodecError.unknown("layer", layer, valid: model.taps, at: model.network.name)
      }
      return try Tap(layer, of: model.network, reduction: model.reductions[layer])
    }
  }

  /// The samples wanted, in order.
  /// - Throws: `CodecError` of kind `usage` where a frame has no sample.
  func samples(of input: ContributionInput) throws -> [Int] {
    guard let frames else { return Array(0..<input.series.sampleCount) }
    let chosen = try frames.flatMap { range in
      guard !range.isEmpty else {
        throw CodecError(.usage, "an empty range of frames", remedy: "give FIRST-LAST")
      }
      let samples = range.compactMap(input.series.sample(ofResponseFrame:))
      guard !samples.isEmpty else { throw noSample(at: range.lowerBound, in: input) }
      return samples
    }
    return Array(Set(chosen)).sorted()
  }

  /// The samples whose maps are wanted, as rows of the samples wanted.
  /// - Throws: `CodecError` of kind `usage` where a frame has no sample among them.
  func pickedRows(among samples: [Int], of input: ContributionInput) throws -> [Int] {
    try mapFrames.map { frame in
      guard let sample = input.series.sample(ofResponseFrame: frame) else {
        throw noSample(at: frame, in: input)
      }
      guard let row = samples.firstIndex(of: sample) else {
        throw CodecError(
          .usage, "frame \(frame) is not among the frames asked for",
          remedy: "add it to them, or ask for no map of it")
      }
      return row
    }
  }

  private func noSample(at frame: Int, in input: ContributionInput) -> CodecError {
    let series = input.series
    let first = series.responseFrame(ofSample: 0)
    let last = series.responseFrame(ofSample: series.sampleCount - 1)
    return CodecError(
      .usage, "no window of \(series.history) frames ends before frame \(frame)", at: series.source.name,
      remedy: "choose frames from \(first) to \(last) that are not within the history of a segment's start")
  }
}
