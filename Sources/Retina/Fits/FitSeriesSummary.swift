import Foundation
import Numerics
import Runtime
import Storage

/// How good several fits of one recording are: each one's figures and, cell by cell, their spread.
public struct FitSeriesSummary: Codable, Sendable, Equatable {
  /// One fit.
  public struct Fit: Codable, Sendable, Equatable {
    /// The network's file without ending.
    public let name: String
    /// The fit's seed.
    public let seed: UInt64
    /// Epoch of the weights that were kept.
    public let bestEpoch: Int
    /// Passes over the training windows.
    public let epochs: Int
    /// Mean correlation over cells of the held-out windows.
    public let heldOutCorrelation: Double
    /// Mean test correlation over the cells that have one.
    public let testCorrelation: Double?
    /// The same of the linear–nonlinear models fitted beside it.
    public let linearCorrelation: Double?
  }

  /// The fits, first to last.
  public let fits: [Fit]
  /// Ids of the cells.
  public let cells: [Int]
  /// Spread over fits of the mean test correlation.
  public let testCorrelation: Spread?
  /// Spread over fits of each of a cell's figures, by the figure's name in the training history; nil for a
  /// figure no fit has.
  public let figures: [String: [Spread?]]

  private let values: [String: [[Double]]]

  private enum CodingKeys: CodingKey {
    case fits, cells, testCorrelation, figures, values
  }

  /// Reads the training histories beside networks.
  /// - Throws: `CodecError` of kind `data` where one is missing or of other cells.
  init(models: [String]) throws {
    let histories = try models.map(TrainingHistory.init(model:))
    for history in histories.dropFirst() where history.cells != histories[0].cells {
      throw CodecError(.data, "fits of different cells", at: history.path)
    }
    fits = histories.map(\.fit)
    cells = histories[0].cells
    testCorrelation = Spread(fits.map(\.testCorrelation))
    let names = histories.map { Set($0.figures.keys) }.reduce(Set(histories[0].figures.keys)) {
      $0.intersection($1)
    }
    values = Dictionary(
      uniqueKeysWithValues: names.map { name in (name, histories.map { $0.figures[name] ?? [] }) })
    let count = cells.count
    figures = values.mapValues { values in
      (0..<count).map { cell in Spread(values.map { $0[cell] }) }
    }
  }

  /// Writes `fits.h5`, replacing an earlier one.
  func write(to path: String, provenance: Provenance) throws {
    let writer = try ResultWriter(path: path, provenance: provenance, force: true)
    let count = fits.count
    func write(_ name: String, _ values: [Double], _ units: String) throws {
      try writer.write(values, shape: [count], to: "/fit/\(name)", axes: ["fit"], units: units)
    }
    try writer.write(fits.map(\.name), to: "/fit/name", axes: ["fit"])
    try writer.write(fits.map { Int($0.seed) }, shape: [count], to: "/fit/seed", axes: ["fit"], units: "1")
    try writer.write(
      fits.map(\.bestEpoch), shape: [count], to: "/fit/best_epoch", axes: ["fit"], units: "epochs")
    try write("held_out_correlation", fits.map(\.heldOutCorrelation), "1")
    try write("test_correlation", fits.map { $0.testCorrelation ?? .nan }, "1")
    try write("linear_test_correlation", fits.map { $0.linearCorrelation ?? .nan }, "1")
    try writer.write(cells, shape: [cells.count], to: "/cells/id", axes: ["cell"], units: "id")
    for (name, rows) in values.sorted(by: { $0.key < $1.key }) {
      try writer.write(
        rows.flatMap { $0 }, shape: [count, cells.count], to: "/cells/\(name)", axes: ["fit", "cell"],
        units: name.hasSuffix("_rate") ? "Hz" : name == "bits_per_spike" ? "bit" : "1")
    }
    try writer.commit()
  }

  /// Tables for people.
  public var text: String {
    func number(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "–" }
    var rows = [["fit", "seed", "best epoch", "held-out correlation", "test correlation", "LN correlation"]]
    for fit in fits {
      rows.append([
        fit.name, "\(fit.seed)", "\(fit.bestEpoch) of \(fit.epochs)", number(fit.heldOutCorrelation),
        number(fit.testCorrelation), number(fit.linearCorrelation),
      ])
    }
    var cellRows = [["cell", "test correlation", "SD", "range", "explained", "LN correlation"]]
    for (index, cell) in cells.enumerated() {
      func spread(_ name: String) -> Spread? { figures[name].flatMap { $0[index] } }
      cellRows.append(
        ["\(cell)"] + Spread.columns(spread("test_correlation"), digits: 3)
          + [number(spread("explained_share")?.mean), number(spread("linear_test_correlation")?.mean)])
    }
    let mean = Spread.columns(testCorrelation, digits: 3)
    let head = "\(fits.count) \(fits.count == 1 ? "fit" : "fits"), mean test correlation \(mean[0])"
    let spread = fits.count > 1 && testCorrelation != nil ? " (SD \(mean[1]), \(mean[2]))" : ""
    return
      ([head + spread] + TextTable.lines(rows).map { "  " + $0 } + ["", "Over fits"]
      + TextTable.lines(cellRows).map { "  " + $0 }).joined(separator: "\n")
  }
}

/// What the training history beside a network says of the fit.
private struct TrainingHistory {
  let path: String
  let fit: FitSeriesSummary.Fit
  let cells: [Int]
  /// Each of the cells' figures, by name.
  var figures: [String: [Double]] = [:]

  init(model: String) throws {
    path = RetinaFit.historyPath(of: model)
    let file = try H5File(reading: path)
    let provenance = try Provenance(
      of: file, schema: RetinaFit.historySchema, version: RetinaFit.historySchemaVersion)
    cells = try file.dataset("/cells/id", rank: 1).numbers()
    for name in try file.children(of: "/cells") where name != "id" {
      let dataset = try file.dataset("/cells/\(name)")
      if dataset.shape == [cells.count] { figures[name] = try dataset.numbers() }
    }
    let epochs: [Int] = try file.dataset("/history/epoch", rank: 1).numbers()
    let heldOut: [Double] = try file.dataset("/history/held_out_correlation", rank: 1).numbers()
    let best = try file.attribute("best_epoch", of: "/history")?.asInteger ?? 0
    guard let row = epochs.firstIndex(of: best), row < heldOut.count else {
      throw CodecError(.data, "the best epoch, \(best), is not in the training history", at: path)
    }
    let figures = figures
    func mean(_ name: String) -> Double? { Spread(figures[name] ?? [])?.mean }
    fit = FitSeriesSummary.Fit(
      name: String(URL(filePath: model).lastPathComponent.dropLast(".safetensors".count)),
      seed: provenance.seed ?? 0, bestEpoch: best, epochs: epochs.count, heldOutCorrelation: heldOut[row],
      testCorrelation: mean("test_correlation"), linearCorrelation: mean("linear_test_correlation"))
  }
}
