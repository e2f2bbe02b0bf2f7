import Networks
import Numerics
import Runtime
import Stimuli

/// A model and the stimuli whose contributions are wanted.
public struct ContributionInput: Sendable {
  /// The network with its taps and unit ids.
  public let model: LoadedModel
  /// The samples: windows over the stimuli.
  public let series: WindowSeries
  /// The windows over which the outputs' mean and covariance are taken; all of them count.
  public let statisticsSeries: WindowSeries
  /// Time of each frame in s; `nil` where frames have no time of their own.
  public let times: [Double]?
  /// Recorded rates in Hz, `[cell, frame]`, of the model's cells in its order.
  public let recordedRates: Matrix?
  /// Index of each sample's labelled output; `nil` where samples have no labels.
  public let labels: [Int]?
  /// Name of each sample, such as a picture's file; `nil` where samples are only counted.
  public let sampleNames: [String]?
  /// Unit of the model's outputs.
  public let outputUnit: String

  /// - Parameters:
  ///   - statisticsSeries: `series` where left out.
  ///   - times: as many as the series' source has frames.
  ///   - recordedRates: a row for each of the model's units, a column for each frame.
  ///   - labels: one for each sample of the series, a place in the model's outputs.
  ///   - sampleNames: one for each sample of the series.
  /// - Throws: `CodecError` of kind `data` where the parts do not fit together.
  public init(
    model: LoadedModel, series: WindowSeries, statisticsSeries: WindowSeries? = nil, times: [Double]? = nil,
    recordedRates: Matrix? = nil, labels: [Int]? = nil, sampleNames: [String]? = nil,
    outputUnit: String = "Hz"
  ) throws {
    let frames = series.source.frameCount
    if let times, times.count != frames {
      throw CodecError(.data, "\(times.count) times for \(frames) frames", at: series.source.name)
    }
    if let rates = recordedRates, rates.columns != frames || rates.rows != model.unitIDs.count {
      throw CodecError(
        .data,
        "the recorded rates are of \(rates.rows) cells and \(rates.columns) frames, the model of \(model.unitIDs.count) "
          + "cells and the stimulus of \(frames) frames", at: series.source.name,
        remedy: "use the model trained on this recording")
    }
    for count in [labels?.count, sampleNames?.count].compactMap({ $0 }) where count != series.sampleCount {
      throw CodecError(
        .data, "\(count) labels or names for \(series.sampleCount) samples", at: series.source.name)
    }
    if let labels, let place = labels.firstIndex(where: { !model.unitIDs.indices.contains($0) }) {
      throw CodecError(
        .data,
        "label \(labels[place]) of sample \(place) names none of the model's \(model.unitIDs.count) outputs",
        at: series.source.name, remedy: "check that the labels belong to this model")
    }
    self.model = model
    self.series = series
    self.statisticsSeries = statisticsSeries ?? series
    self.times = times
    self.recordedRates = recordedRates
    self.labels = labels
    self.sampleNames = sampleNames
    self.outputUnit = outputUnit
  }

  /// The time in s of the frame a sample belongs to; `nil` where nobody knows.
  func time(ofSample sample: Int) -> Double? {
    let frame = series.responseFrame(ofSample: sample)
    return times?[frame] ?? series.source.frameInterval.map { Double(frame) * $0 }
  }

  /// A sample as errors name it.
  func name(ofSample sample: Int) -> String {
    if let sampleNames { return "\(sampleNames[sample]) of \(series.source.name)" }
    return "frame \(series.responseFrame(ofSample: sample)) of \(series.source.name)"
  }
}
