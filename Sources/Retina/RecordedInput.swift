import Contributions
import Networks
import Numerics
import RetinaData
import Runtime
import Stimuli

/// A recording's split seen through a model: what every analysis of a retina starts from.
public struct RecordedInput: Sendable {
  /// The model.
  public let model: LoadedModel
  /// The split that is analysed.
  public let split: RecordingSplit
  /// Its windows.
  public let series: WindowSeries
  /// Recorded rates of the model's cells in the model's order, `[cell, frame]` in Hz.
  public let recordedRates: Matrix

  /// - Parameters:
  ///   - split: `test`, `train`, or what else the recording has.
  /// - Throws: `CodecError` where the model's cells, frames or frame rate are not the recording's.
  public init(_ recording: Recording, split name: String, model: LoadedModel) throws {
    let split = try recording.split(name)
    if let ours = model.preprocessing.frameRate, let theirs = split.frameRate,
      abs(ours - theirs) > 0.01 * ours
    {
      throw CodecError(
        .data, "the model is of \(ours) Hz, the recording of \(theirs) Hz", at: split.name,
        remedy: "use the model trained on this recording, or give the true --frame-rate")
    }
    let rates = try split.rates()
    let missing = model.unitIDs.filter { !split.cellIDs.contains($0) }
    guard missing.isEmpty else {
      throw CodecError(
        .data, "the model's cells \(missing) are not among the recording's \(split.cellIDs.count)",
        at: split.name, remedy: "use the model trained on this recording")
    }
    self.model = model
    self.split = split
    series = try model.windows(over: split)
    recordedRates = Matrix(
      rows: model.unitIDs.count, columns: split.frameCount,
      elements: model.unitIDs.flatMap { id in
        split.cellIDs.firstIndex(of: id).map { rates.row($0).map(Double.init) } ?? []
      })
  }
}

extension ContributionInput {
  /// Contributions of a model over a recording.
  /// - Parameters:
  ///   - statistics: the split over whose windows the outputs' mean and covariance are taken; nil takes the
  ///     analysed one.
  public init(_ recorded: RecordedInput, statistics: RecordedInput? = nil) throws {
    try self.init(
      model: recorded.model, series: recorded.series, statisticsSeries: statistics?.series,
      recordedRates: recorded.recordedRates)
  }
}
