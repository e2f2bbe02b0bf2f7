import Foundation
import Numerics
import Runtime
import Stimuli
import Storage

/// One movie of a recording with the cells' responses to it, whatever files they come from.
public struct RecordingSplit: StimulusSource {
  /// `train` or `test`.
  public let splitName: String
  /// Ids of the cells, in the order of the responses' rows.
  public let cellIDs: [Int]
  /// Frames per second; nil where neither the file nor the user says.
  public let frameRate: Double?
  /// When each frame was shown, seconds, where it is known.
  public let times: [Double]?
  /// Continuous runs of frames: between `segment_start`s and gaps in time.
  public let segments: [Range<Int>]
  /// What was noticed and dealt with while opening, one sentence each.
  public let remarks: [String]

  /// File and split, for messages.
  public let name: String
  let movie: Movie
  let responses: any SplitResponses

  /// Shape of one frame: `[1, y, x]`.
  public var frameShape: [Int] { movie.frameShape }
  /// Number of frames.
  public var frameCount: Int { movie.frameCount }
  /// Seconds between frames.
  public var frameInterval: Double? { frameRate.map { 1 / $0 } }
  /// Name of the dataset the rates come from.
  public var rateName: String { responses.rateName }

  /// A split in a file of the 2023 layout.
  init(named name: String, _ layout: RecordingLayout) throws {
    let stimulus = try layout.file.dataset("/\(name)/stimulus", rank: 3)
    let movie = try Movie(stimulus)
    let rate = try layout.file.dataset(layout.ratePath(inSplit: name), rank: 2)
    guard rate.shape[1] == stimulus.rows, rate.rows > 0 else {
      throw CodecError(
        .data, "rates of shape \(rate.shape) for \(stimulus.rows) frames", at: rate.place,
        remedy: "rates are [cell, time] with as many times as the stimulus has frames")
    }
    let clock = try FrameClock(split: name, layout, frameCount: stimulus.rows)
    try self.init(
      named: name, of: layout.file.name, cellIDs: layout.cellIDs(count: rate.rows), movie: movie,
      frameRate: clock.frameRate, times: clock.times, segments: clock.segments, remarks: clock.remarks,
      responses: StoredResponses(splitName: name, file: layout.file, rate: rate))
  }

  /// A split put together from parts.
  init(
    named splitName: String, of file: String, cellIDs: [Int], movie: Movie, frameRate: Double?,
    times: [Double]?, segments: [Range<Int>], remarks: [String], responses: any SplitResponses
  ) {
    (self.splitName, name, self.cellIDs) = (splitName, "\(file), \(splitName)", cellIDs)
    (self.movie, self.frameRate, self.times, self.segments) = (movie, frameRate, times, segments)
    (self.remarks, self.responses) = (remarks, responses)
  }

  /// Frames as recorded, `[frame, 1, y, x]`.
  /// - Throws: `CodecError` of kind `data` naming the frame that is not finite.
  public func frames(_ range: Range<Int>) throws -> Tensor { try movie.frames(range) }

  /// Firing rates, `[cell, time]` in Hz.
  /// - Throws: `CodecError` naming cell and frame where one is not finite.
  public func rates() throws -> Tensor { try responses.rates() }

  /// Spike counts of each frame, `[cell, time]`, where they are known, else nil.
  ///
  /// Laboratories differ: in a `test` split they are of one repeat, or the sum or mean over all.
  public func counts() throws -> Tensor? { try responses.counts() }

  /// Responses of each repeat of the movie, `[cell, repeat, time]`, where there are repeats, else nil.
  public func repeats() throws -> Tensor? { try responses.repeats() }
}
