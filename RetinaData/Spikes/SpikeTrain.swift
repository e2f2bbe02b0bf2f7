import Runtime

/// The times of one cell's spikes.
public struct SpikeTrain: Sendable, Equatable {
  /// The cell's id.
  public let cell: Int
  /// Seconds from the start of the recording, ascending.
  public let times: [Double]

  /// - Parameters:
  ///   - times: seconds, ascending; equal ones may follow each other.
  ///   - place: file and dataset, for messages.
  /// - Throws: `CodecError` of kind `data` naming the first time that is not finite, negative or out of order.
  public init(cell: Int, times: [Double], at place: String? = nil) throws {
    var previous = 0.0
    for (index, time) in times.enumerated() {
      guard time.isFinite, time >= 0 else {
        throw CodecError(
          .data, "spike \(index) of cell \(cell) is at \(time) s", at: place,
          remedy: "times are seconds from the start of the recording, none of them negative")
      }
      guard time >= previous else {
        throw CodecError(
          .data, "spike \(index) of cell \(cell), at \(time) s, comes after one at \(previous) s", at: place,
          remedy: "list each cell's spikes in ascending order")
      }
      previous = time
    }
    (self.cell, self.times) = (cell, times)
  }
}

/// How many spikes fell into each frame, and how many into none.
public struct SpikeCounts: Sendable, Equatable {
  /// One number for each frame.
  public var counts: [Float]
  /// Spikes before the first frame.
  public var before = 0
  /// Spikes after the last frame.
  public var after = 0
  /// Spikes in gaps between segments.
  public var between = 0

  /// Spikes outside all frames.
  public var outside: Int { before + after + between }
}
