import Foundation
import Retina
import Runtime

/// Cells as a table for people.
enum CellTable {
  static func lines(_ rows: [CellDescription.Row]) -> [String] {
    func number(_ value: Double?, _ digits: Int) -> String {
      value.map { String(format: "%.\(digits)f", $0) } ?? "—"
    }
    let header = [
      "cell", "Hz", "field", "peak ms before", "y", "x", "half axes", "field/noise", "split-half",
      "explainable",
    ]
    let cells = rows.map { row in
      [
        "\(row.cell)", number(row.meanRate, 2), row.polarity ?? "—",
        row.peakLagMilliseconds.map { String(format: "%.0f", $0) } ?? row.peakLag.map { "\($0) frames" }
          ?? "—",
        number(row.y, 1), number(row.x, 1), "\(number(row.major, 1)) × \(number(row.minor, 1))",
        number(row.signalToNoise, 1), number(row.splitHalfCorrelation, 2), number(row.explainableVariance, 2),
      ]
    }
    let silent = rows.filter { $0.weight == 0 }.map { "\($0.cell)" }
    var lines = TextTable.lines([header] + cells)
    if rows.contains(where: { $0.polarity == ReceptiveFieldShape.Polarity.onOff.rawValue }) {
      lines.append(
        "ON-OFF: most brightening and most darkening both raise the response, the weaker by a quarter of the stronger "
          + "or more")
    }
    if !silent.isEmpty { lines.append("no spikes from cells \(silent.joined(separator: ", "))") }
    return lines
  }
}
