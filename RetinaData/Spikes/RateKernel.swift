import Foundation
import Numerics
import Runtime

/// How spike counts become firing rates: convolution with a kernel of unit sum.
///
///     let rates = RateKernel(.gaussian, width: 0.010).rates(counts: counts, interval: 0.01, segments: segments)
public struct RateKernel: Sendable, Equatable {
  /// The kernel's form over time.
  public enum Shape: String, Sendable, CaseIterable {
    /// A normal distribution; its width is the standard deviation.
    case gaussian
    /// A moving average; its width is the whole of it.
    case box
    /// Only past spikes count, less and less; its width is the time constant.
    case exponential
  }

  /// The kernel's form.
  public let shape: Shape
  /// Seconds: standard deviation, whole width or time constant.
  public let width: Double

  /// - Parameters:
  ///   - width: seconds, above zero.
  /// - Throws: `CodecError` of kind `usage` for another width.
  public init(_ shape: Shape, width: Double) throws {
    guard width > 0, width.isFinite else {
      throw CodecError(
        .usage, "a smoothing width of \(width) s", remedy: "give a width above 0; 0.005 to 0.02 are usual")
    }
    (self.shape, self.width) = (shape, width)
  }

  /// Kernels cut off this many standard deviations (SciPy's choice) or time constants from their middle.
  private static let reach = (gaussian: 4.0, exponential: 8.0)

  /// The kernel sampled at whole bins, of unit sum: entry i acts on the count `first + i` bins later.
  /// - Parameter interval: seconds of a bin.
  public func weights(interval: Double) -> (first: Int, values: [Double]) {
    let width = width / interval
    let (first, values): (Int, [Double])
    switch shape {
    case .gaussian:
      let radius = Int(Self.reach.gaussian * width + 0.5)
      (first, values) = (-radius, (-radius...radius).map { exp(-0.5 * pow(Double($0) / width, 2)) })
    case .box:
      let radius = Int((width / 2 + 0.5).rounded(.up)) - 1
      let overlaps = (-radius...radius).map { bin in
        max(0, min(Double(bin) + 0.5, width / 2) - max(Double(bin) - 0.5, -width / 2))
      }
      (first, values) = (-radius, overlaps)
    case .exponential:
      let reach = Int(Self.reach.exponential * width + 0.5)
      (first, values) = (-reach, (-reach...0).map { exp(Double($0) / width) })
    }
    let sum = values.reduce(0, +)
    return (first, values.map { $0 / sum })
  }

  /// Firing rates of spike counts.
  ///
  /// Each segment is smoothed on its own, mirrored at its ends (SciPy's `reflect`), so that no spike is lost and
  /// none leaks into another segment.
  /// - Parameters:
  ///   - counts: spikes in each frame, `[…, time]`.
  ///   - interval: seconds of a frame.
  ///   - segments: continuous runs of frames, covering all.
  /// - Returns: rates in Hz, of the shape of `counts`.
  public func rates(counts: Tensor, interval: Double, segments: [Range<Int>]) -> Tensor {
    let (first, values) = weights(interval: interval)
    let length = counts.shape.last ?? 0
    precondition(length > 0 && segments.last?.upperBound == length)
    var result = counts
    for start in stride(from: 0, to: counts.count, by: length) {
      for segment in segments where !segment.isEmpty {
        let range = start + segment.lowerBound..<start + segment.upperBound
        let padded = Self.mirrored(counts.elements[range], before: -first, after: first + values.count - 1)
        for (place, element) in range.enumerated() {
          var sum = 0.0
          for (tap, weight) in values.enumerated() { sum += weight * padded[place + tap] }
          result.elements[element] = Float(sum / interval)
        }
      }
    }
    return result
  }

  /// A run with its mirror images before and after it: … 1 0 | 0 1 2 … n−1 | n−1 n−2 …
  private static func mirrored(_ run: ArraySlice<Float>, before: Int, after: Int) -> [Double] {
    (-before..<run.count + after).map { place in
      let period = 2 * run.count
      let index = (place % period + period) % period
      return Double(run[run.startIndex + (index < run.count ? index : period - 1 - index)])
    }
  }

  /// The dataset that holds such rates in a recording: `firing_rate_10ms`.
  public var datasetName: String {
    let milliseconds = (1000 * width * 1e6).rounded() / 1e6
    let number = milliseconds == milliseconds.rounded() ? "\(Int(milliseconds))" : "\(milliseconds)"
    return "firing_rate_\(number)ms"
  }
}
