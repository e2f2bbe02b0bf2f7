import Numerics
import Runtime

/// What the cells did in each frame of a recording.
struct CellAnswers {
  let cellIDs: [Int]
  /// What was noticed, one sentence each.
  let remarks: [String]
  private let timeline: Timeline
  private let kernel: RateKernel
  /// `[cell, frame]`: counts, or rates in Hz where those are given.
  private let values: Tensor
  private let areCounts: Bool

  /// More than this share of spikes outside the movie says that the clocks disagree.
  private static let tolerance = 0.9

  init(
    _ responses: RecordingParts.Responses, timeline: Timeline, kernel: RateKernel, at place: String
  ) throws {
    (self.timeline, self.kernel) = (timeline, kernel)
    switch responses {
    case .spikes(let trains):
      let bins = try FrameBins(onsets: timeline.onsets, segments: timeline.runs, at: place)
      let (counts, outside) = bins.counts(of: trains)
      try Self.requireSameClock(trains, outside, timeline, place)
      (values, areCounts, cellIDs) = (counts, true, trains.map(\.cell))
      remarks = Self.remarks(trains, outside)
    case .counts(let values), .rates(let values):
      guard values.shape.count == 2, values.rowCount == timeline.onsets.count, values.rows > 0 else {
        throw CodecError(
          .data, "responses of shape \(values.shape) to \(timeline.onsets.count) frames", at: place,
          remedy: "expected [cell, time]")
      }
      cellIDs = Array(0..<values.rows)
      self.values = values
      if case .counts = responses { areCounts = true } else { areCounts = false }
      remarks = []
    }
  }

  private static func requireSameClock(
    _ trains: [SpikeTrain], _ outside: [Int], _ timeline: Timeline, _ place: String
  ) throws {
    let all = trains.reduce(0) { $0 + $1.times.count }
    let missed = outside.reduce(0, +)
    guard all > 0, Double(missed) > tolerance * Double(all) else { return }
    let times = trains.flatMap(\.times)
    throw CodecError(
      .data,
      "\(missed) of \(all) spikes, from \(times.min() ?? 0) to \(times.max() ?? 0) s, lie outside the movie, shown from "
        + "\(timeline.onsets[0]) to \(timeline.onsets[timeline.onsets.count - 1]) s", at: place,
      remedy: "both need one clock in seconds: see --spike-unit, --first-frame and --times")
  }

  private static func remarks(_ trains: [SpikeTrain], _ outside: [Int]) -> [String] {
    let missed = zip(trains, outside).filter { $0.1 > 0 }
    let silent = zip(trains, outside).filter { $0.0.times.count == $0.1 }.map { "\($0.0.cell)" }
    var remarks: [String] = []
    if !missed.isEmpty {
      let cells = missed.map { "\($0.0.cell): \($0.1)" }.joined(separator: ", ")
      remarks.append("spikes outside the movie are not counted (cell: spikes) \(cells)")
    }
    if !silent.isEmpty {
      remarks.append("no spikes during the movie: cells \(silent.joined(separator: ", "))")
    }
    return remarks
  }

  /// The responses to some runs of frames, one after the other, or to one clip shown in each of them.
  func held(_ runs: [Range<Int>], areRepeats: Bool, _ segments: [Range<Int>]) -> HeldResponses {
    let shown = areRepeats ? mean(values, runs) : joined(values, runs)
    return HeldResponses(
      rateName: kernel.datasetName,
      heldRates: areCounts
        ? kernel.rates(counts: shown, interval: timeline.interval, segments: segments) : shown,
      heldCounts: areCounts ? shown : nil,
      heldRepeats: areRepeats && runs.count > 1 ? stacked(values, runs) : nil)
  }

  private func joined(_ values: Tensor, _ runs: [Range<Int>]) -> Tensor {
    let elements = (0..<values.rows).flatMap { cell in
      runs.flatMap {
        values.elements[cell * values.rowCount + $0.lowerBound..<cell * values.rowCount + $0.upperBound]
      }
    }
    return Tensor(shape: [values.rows, runs.reduce(0) { $0 + $1.count }], elements: elements)
  }

  private func stacked(_ values: Tensor, _ runs: [Range<Int>]) -> Tensor {
    Tensor(shape: [values.rows, runs.count, runs[0].count], elements: joined(values, runs).elements)
  }

  private func mean(_ values: Tensor, _ runs: [Range<Int>]) -> Tensor {
    let (all, length) = (joined(values, runs).elements, runs[0].count)
    let elements = (0..<values.rows).flatMap { cell in
      (0..<length).map { frame in
        runs.indices.reduce(Float(0)) { $0 + all[(cell * runs.count + $1) * length + frame] }
          / Float(runs.count)
      }
    }
    return Tensor(shape: [values.rows, length], elements: elements)
  }
}
