import Foundation
import Storage

/// One option of the autoencoder as a sweep varied it: its values along an axis, and which configurations have each.
struct SweepVariation {
  /// What it is called.
  let title: String
  /// Where each value lies: on a logarithmic scale where values are geometric.
  let places: [Double]
  let labels: [String]
  /// Configurations of each value.
  let rows: [[Int]]
  /// Which value is the baseline's; nil where it is none of them.
  let baseline: Int?
  /// Whether values are of one kind, so that lines between them make sense.
  let isOrdered: Bool

  private struct Column {
    let name, title: String
    let values: [Double]

    init(_ name: String, _ title: String, _ file: H5File) throws {
      (self.name, self.title) = (name, title)
      // A width that is not given is the layer's own.
      values = try file.dataset("/configuration/\(name)", rank: 1).numbers(Double.self).map {
        $0.isNaN ? -1 : $0
      }
    }

    func label(_ value: Double) -> String {
      switch name {
      case "hidden" where value < 0: "as channels"
      case "nonnegative": value > 0 ? "≥ 0" : "signed"
      default: number(value)
      }
    }
  }

  private static let options = [
    ("dictionary_penalty", "L1 penalty"), ("threshold", "threshold"),
    ("modes_per_feature", "modes per channel"), ("hidden", "encoder width"), ("nonnegative", "atoms"),
    ("seed", "seed"),
  ]

  /// Every option with two values or more. Where several options changed at once, each value's configurations are all
  /// that have it; where one changed at a time, the one that differs from the baseline in nothing else.
  static func all(_ file: H5File) throws -> [SweepVariation] {
    let columns = try options.map { try Column($0.0, $0.1, file) }
    let count = columns[0].values.count
    func differences(_ row: Int) -> [String] {
      columns.filter { $0.values[row] != $0.values[0] }.map(\.name)
    }
    let isGrid = (0..<count).contains { row in differences(row).filter { $0 != "seed" }.count > 1 }
    return columns.compactMap { column in
      let rows = (0..<count).filter { row in
        isGrid ? row > 0 : differences(row).allSatisfy { $0 == column.name }
      }
      let variation = SweepVariation(column, rows)
      return variation.places.count > 1 ? variation : nil
    }
  }

  private init(_ column: Column, _ rows: [Int]) {
    let values = Set(rows.map { column.values[$0] }).sorted()
    title = column.title
    labels = values.map(column.label)
    self.rows = values.map { value in rows.filter { column.values[$0] == value } }
    baseline = values.firstIndex(of: column.values[0])
    isOrdered = !["nonnegative", "seed"].contains(column.name)
    places = isOrdered ? Self.places(values) : values.indices.map(Double.init)
  }

  /// Logarithmic where the positive ones span a factor of ten, those that are not positive a step further left.
  private static func places(_ values: [Double]) -> [Double] {
    let positive = values.filter { $0 > 0 }
    guard let least = positive.first, let most = positive.last, most >= 10 * least else { return values }
    let step = max(log10(most / least) / Double(max(positive.count - 1, 1)), 0.3)
    return values.map { log10($0 > 0 ? $0 : least) - ($0 > 0 ? 0 : step) }
  }

  /// The axis, with some room on both sides.
  func axis(isLabelled: Bool) -> Plot.Axis {
    let span = (places.last ?? 1) - (places.first ?? 0)
    return Plot.Axis(
      label: "", range: (places.first ?? 0) - 0.15 * span...(places.last ?? 1) + 0.15 * span,
      ticks: .at(zip(places, isLabelled ? labels : labels.map { _ in "" }).map { ($0, $1) }), isTilted: true)
  }
}
