import Foundation
import Numerics

/// How a number spreads over independently fitted networks.
public struct Spread: Codable, Sendable, Equatable {
  /// How many networks have the number.
  public let count: Int
  /// Their mean.
  public let mean: Double
  /// Their standard deviation, divisor n − 1; nil for a single one.
  public let standardDeviation: Double?
  /// The smallest.
  public let smallest: Double
  /// The largest.
  public let largest: Double

  /// The spread of the numbers there are.
  /// - Parameter values: one for each network; nil or NaN where it has none.
  /// - Returns: nil where no network has the number.
  public init?(_ values: [Double?]) {
    let known = values.compactMap { $0 }.filter { !$0.isNaN }
    guard let smallest = known.min(), let largest = known.max() else { return nil }
    (count, self.smallest, self.largest) = (known.count, smallest, largest)
    mean = Statistics.mean(known)
    standardDeviation = known.count > 1 ? Statistics.standardDeviation(known) : nil
  }

  /// Mean, standard deviation and range as three columns of a table.
  func columns(digits: Int = 2) -> [String] {
    func text(_ value: Double) -> String {
      String(format: abs(value) < 1e6 ? "%.\(digits)f" : "%.1e", value)
    }
    return [text(mean), standardDeviation.map(text) ?? "–", "\(text(smallest)) to \(text(largest))"]
  }

  /// The columns where there may be no number.
  static func columns(_ spread: Spread?, digits: Int = 2) -> [String] {
    spread?.columns(digits: digits) ?? ["–", "–", "–"]
  }
}
