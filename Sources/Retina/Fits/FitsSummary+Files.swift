import Runtime
import Storage

extension FitsSummary {
  /// Writes `agreement.h5`, replacing an earlier one.
  func write(to path: String, provenance: Provenance) throws {
    let writer = try ResultWriter(path: path, provenance: provenance, force: true)
    try writer.setAttribute("conclusion", to: .text(conclusion))
    try writer.setAttribute("warnings", to: .texts(warnings))
    try writer.write(fits, to: "/fit", axes: ["fit"])
    let (count, cellCount) = (fits.count, cells.count)
    try writer.write(cells, shape: [cellCount], to: "/cell_id", axes: ["cell"], units: "id")
    try writer.write(
      testCorrelation.flatMap { $0.map { $0 ?? .nan } }, shape: [count, cellCount], to: "/test_correlation",
      axes: ["fit", "cell"], units: "1")
    for part in consensus { try part.write(to: writer, under: "/agreement/\(part.name)") }
    try writeNumbers(to: writer)
    try writer.commit()
  }

  /// A table: a name, one value for each fit, and the spread.
  private func writeNumbers(to writer: ResultWriter) throws {
    let rows = numbers.count
    try writer.write(numbers.map(\.name), to: "/number/name", axes: ["number"])
    try writer.write(
      numbers.flatMap { $0.values.map { $0 ?? .nan } }, shape: [rows, fits.count], to: "/number/value",
      axes: ["number", "fit"], units: "as named")
    let columns: [(String, (Spread) -> Double)] = [
      ("mean", { $0.mean }), ("standard_deviation", { $0.standardDeviation ?? .nan }),
      ("smallest", { $0.smallest }), ("largest", { $0.largest }),
    ]
    for (name, value) in columns {
      try writer.write(
        numbers.map { value($0.spread) }, shape: [rows], to: "/number/\(name)", axes: ["number"],
        units: "as named")
    }
  }
}
