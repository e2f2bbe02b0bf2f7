import Foundation
import Numerics
import Runtime

/// A recording in pieces: a movie, when its frames were shown, and what the cells did meanwhile.
///
///     let parts = RecordingParts(name: "retina", movie: movie, onsets: times, responses: .spikes(trains))
///     let recording = try parts.recording()
public struct RecordingParts: Sendable {
  /// What the cells did.
  public enum Responses: Sendable {
    /// Spike times on the clock of the frames.
    case spikes([SpikeTrain])
    /// Firing rates `[cell, time]` in Hz, one for each frame.
    case rates(Tensor)
    /// Spike counts `[cell, time]`, one for each frame.
    case counts(Tensor)
  }

  /// Which frames test a model.
  public enum TestFrames: Sendable, Equatable {
    /// The last share of the movie, from 0 to 1.
    case last(Double)
    /// Some frames.
    case frames(Range<Int>)
    /// The same clip, `frames` long, shown at each of these frames.
    case repeats(starts: [Int], frames: Int)
  }

  /// What it is called, in messages.
  public let name: String
  /// Where it comes from, in words.
  public var format = "separate files"
  /// All frames that were shown, in order.
  public let movie: Movie
  /// When each frame began, seconds; nil takes the movie's own times or its frame rate.
  public var onsets: [Double]?
  /// What the cells did.
  public let responses: Responses
  /// Which frames test a model.
  public var test = TestFrames.last(0.2)
  /// How counts become rates.
  public var kernel: RateKernel?
  /// Leaves out what goes beyond the shorter of movie and frame times, with a remark; else that is an error.
  public var repairs = false
  /// What was noticed so far.
  public var remarks: [String] = []

  /// A recording of these parts.
  public init(name: String, movie: Movie, onsets: [Double]? = nil, responses: Responses) {
    (self.name, self.movie, self.onsets, self.responses) = (name, movie, onsets, responses)
  }

  /// The whole, cut into a training and a test split.
  /// - Throws: `CodecError` of kind `data` where the parts do not fit together: a movie shorter than its frame times,
  ///   frame times out of order, spikes that are nearly all outside the movie, repeats that differ.
  public func recording() throws -> Recording {
    var remarks = self.remarks + movie.remarks
    let (movie, onsets) = try matched(&remarks)
    let timeline = try Timeline(onsets, at: name)
    if let gaps = timeline.remark { remarks.append(gaps) }
    let answers = try CellAnswers(
      responses, timeline: timeline, kernel: kernel ?? RateKernel(.gaussian, width: 0.010), at: name)
    remarks += answers.remarks
    let plan = try SplitPlan(test, timeline: timeline, at: name)
    if case .repeats = test { try requireEqualRepeats(plan, movie) }
    let names = plan.train.isEmpty ? ["test"] : ["train", "test"]
    return try Recording(
      name: name, at: name, format: format,
      splits: names.map { split in
        let runs = split == "train" ? plan.train : [plan.showings[0]]
        let shown = runs.flatMap { onsets[$0] }
        var first = 0
        let segments = runs.flatMap { timeline.segments(within: $0) }.map { length in
          defer { first += length }
          return first..<first + length
        }
        return RecordingSplit(
          named: split, of: name, cellIDs: answers.cellIDs, movie: movie.selecting(runs),
          frameRate: 1 / timeline.interval, times: shown, segments: segments,
          remarks: split == names[0] ? remarks + plan.remarks : [],
          responses: answers.held(
            split == "train" ? runs : plan.showings, areRepeats: split == "test", segments))
      })
  }

  /// Movie and frame times of one length.
  private func matched(_ remarks: inout [String]) throws -> (Movie, [Double]) {
    guard
      let onsets = onsets ?? movie.times
        ?? movie.frameRate.map({ rate in
          (0..<movie.frameCount).map { Double($0) / rate }
        })
    else {
      throw CodecError(
        .usage, "when was each frame shown?", at: movie.name, remedy: "give --times FILE or --frame-rate HZ")
    }
    let (frames, times) = (movie.frameCount, onsets.count)
    guard frames != times else { return (movie, onsets) }
    let words = "the movie has \(frames) frames, but there are \(times) frame times"
    guard repairs else {
      throw CodecError(
        .data, words, at: movie.name, remedy: "--repair leaves out what the longer has at its end")
    }
    let length = min(frames, times)
    remarks.append("\(words): only the first \(length) of both are used")
    return (movie.selecting([0..<length]), Array(onsets.prefix(length)))
  }

  private func requireEqualRepeats(_ plan: SplitPlan, _ movie: Movie) throws {
    let clip = plan.showings[0]
    let block = max(1, (1 << 22) / max(1, movie.frameShape.reduce(1, *)))
    for showing in plan.showings.dropFirst() {
      for first in stride(from: 0, to: clip.count, by: block) {
        let range = first..<min(first + block, clip.count)
        let shift = { (start: Int) in range.lowerBound + start..<range.upperBound + start }
        let (one, other) = try (movie.frames(shift(clip.lowerBound)), movie.frames(shift(showing.lowerBound)))
        guard one == other else {
          throw CodecError(
            .data, "the clip at frame \(showing.lowerBound) is not the one at frame \(clip.lowerBound)",
            at: movie.name, remedy: "repeats show the same frames: check --test-at and --test-frames")
        }
      }
    }
  }
}
