import Runtime

/// Between which levels a trace moves.
///
///     let statistics = try TraceStatistics(of: trace)
///     print(statistics.minimum, statistics.maximum)
public struct TraceStatistics: Sendable, Equatable, Codable {
  /// The lowest sample, in the trace's units.
  public let minimum: Double
  /// The highest.
  public let maximum: Double
  /// Their mean.
  public let mean: Double
  /// Their standard deviation.
  public let deviation: Double
  /// How many samples were looked at.
  public let samples: Int

  /// Samples read at a time of traces that are not read whole.
  private static let piece = 1 << 14

  /// - Parameter limit: of a longer trace evenly spread pieces of no more samples are read.
  /// - Throws: `CodecError` naming the sample that cannot be read or is not finite.
  public init(of trace: AnalogTrace, atMost limit: Int = 1 << 20) throws {
    let count = trace.sampleCount
    let pieces = count <= limit ? (count + Self.piece - 1) / Self.piece : max(2, limit / Self.piece)
    // The last piece ends with the trace; pieces of a short one follow each other.
    let step = count <= limit ? Double(Self.piece) : Double(count - Self.piece) / Double(pieces - 1)
    var (minimum, maximum) = (Double.infinity, -Double.infinity)
    var (sum, squares, seen) = (0.0, 0.0, 0)
    var level: Double?
    for number in 0..<pieces {
      try Interrupt.check()
      let first = Int(Double(number) * step)
      for sample in try trace.samples(first..<min(first + Self.piece, count)) {
        let value = Double(sample)
        // Sums about the first sample: an offset larger than the signal costs no digits.
        let constant = level ?? value
        level = constant
        (minimum, maximum) = (min(minimum, value), max(maximum, value))
        (sum, squares, seen) = (
          sum + value - constant, squares + (value - constant) * (value - constant), seen + 1
        )
      }
    }
    let mean = sum / Double(seen)
    (self.minimum, self.maximum, samples) = (minimum, maximum, seen)
    self.mean = mean + (level ?? 0)
    deviation = max(0, squares / Double(seen) - mean * mean).squareRoot()
  }
}
