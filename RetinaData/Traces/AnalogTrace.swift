import Numerics
import Runtime
import Storage

/// One channel of a recording sampled evenly in time: a photodiode, a trigger or an electrode; read as needed.
public struct AnalogTrace: Sendable {
  /// File and channel, for messages.
  public let name: String
  /// Samples a second.
  public let sampleRate: Double
  /// Number of samples.
  public let sampleCount: Int
  /// Units of the samples, such as "V", or "full scale" where only the digital range is known.
  public let units: String
  private let read: @Sendable (Range<Int>) throws -> [Float]

  /// Samples read at a time.
  static let block = 1 << 18

  /// - Parameters:
  ///   - read: gives the samples of a range.
  /// - Throws: `CodecError` of kind `data` for a sample rate that is no number above zero, or no samples.
  public init(
    name: String, sampleRate: Double, sampleCount: Int, units: String,
    read: @escaping @Sendable (Range<Int>) throws -> [Float]
  ) throws {
    guard sampleRate > 0, sampleRate.isFinite, sampleCount > 0 else {
      throw CodecError(
        .data, "\(sampleCount) samples at \(sampleRate) a second", at: name,
        remedy: "give the right rate with --sample-rate")
    }
    (self.name, self.sampleRate, self.sampleCount) = (name, sampleRate, sampleCount)
    (self.units, self.read) = (units, read)
  }

  /// A trace in memory.
  public init(samples: [Float], sampleRate: Double, name: String = "trace", units: String = "V") throws {
    try self.init(name: name, sampleRate: sampleRate, sampleCount: samples.count, units: units) {
      Array(samples[$0])
    }
  }

  /// Seconds it lasts.
  public var duration: Double { Double(sampleCount) / sampleRate }

  /// Some samples.
  /// - Throws: `CodecError` naming the sample that cannot be read or is not finite.
  public func samples(_ range: Range<Int>) throws -> [Float] {
    let samples = try read(range)
    if let index = samples.firstNonFiniteIndex {
      throw CodecError(.data, "sample \(range.lowerBound + index) is not finite", at: name)
    }
    return samples
  }

  /// All samples, a block at a time in order, with the index of each block's first.
  public func forEachBlock(_ body: (_ first: Int, _ samples: [Float]) throws -> Void) throws {
    for first in stride(from: 0, to: sampleCount, by: Self.block) {
      try Interrupt.check()
      try body(first, try samples(first..<min(first + Self.block, sampleCount)))
    }
  }
}
