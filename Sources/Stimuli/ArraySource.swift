import Numerics
import Runtime

/// Inputs that are taken as they are: an array whose first axis is samples, each a network's whole input.
///
/// Every sample stands alone: seen with history 1, no normalisation, and belonging to itself.
public struct ArraySource: StimulusSource {
  /// The file, for messages.
  public let name: String
  /// Shape of one sample: `[channel, y, x]`.
  public let frameShape: [Int]
  /// Number of samples.
  public let frameCount: Int
  private let read: @Sendable (Range<Int>) throws -> Tensor

  /// One run: windows of one sample cannot cross anything.
  public var segments: [Range<Int>] { [0..<frameCount] }
  /// Samples have no time.
  public var frameInterval: Double? { nil }

  /// - Parameters:
  ///   - shape: of the whole array, `[sample, channel, y, x]`.
  ///   - read: gives the samples of a range, `[range.count, channel, y, x]`.
  /// - Throws: `CodecError` of kind `data` for another number of axes or an empty array.
  public init(name: String, shape: [Int], read: @escaping @Sendable (Range<Int>) throws -> Tensor) throws {
    guard shape.count == 4, !shape.contains(0) else {
      throw CodecError(
        .data, "an array of shape \(shape)", at: name, remedy: "expected [sample, channel, y, x]")
    }
    (self.name, self.read) = (name, read)
    (frameShape, frameCount) = (Array(shape.dropFirst()), shape[0])
  }

  /// Samples as they are.
  /// - Throws: `CodecError` of kind `data` naming the sample that is not finite.
  public func frames(_ range: Range<Int>) throws -> Tensor {
    let samples = try read(range)
    if let index = samples.elements.firstNonFiniteIndex {
      throw CodecError(
        .data, "sample \(range.lowerBound + index / samples.rowCount) is not finite", at: name,
        remedy: "replace NaN and infinite numbers")
    }
    return samples
  }

  /// The samples as an analysis sees them.
  public func windows() throws -> WindowSeries {
    try WindowSeries(source: self, history: 1, mean: 0, standardDeviation: 1, responseOffset: 0)
  }
}
