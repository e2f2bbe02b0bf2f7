import Foundation
import Retina
import Storage

/// The page of a recording's cells and fits, without an analysis through a model.
struct RecordingPage {
  let results: RecordingResults
  let drawn: [(figure: Figure, svg: String)]

  /// Below this a spike-triggered average may be noise.
  private static let clearSignal = 5.0

  func html() throws -> String {
    let provenance = try results.files.map { (file: $0.name, provenance: try Provenance(of: $0)) }
    let inputs = Set(provenance.flatMap(\.provenance.inputs).map(\.name)).sorted()
    var sections: [(id: String, name: String, html: String)] = []
    if let cells = results.cells { sections.append(("cells", "Cells", try cellSection(cells))) }
    if !results.fits.isEmpty { sections.append(("fits", "Fits", try fitSection())) }
    if !drawn.isEmpty {
      let body = "<section id=\"figures\"><h2>Figures</h2>\(Page.gallery(drawn))</section>"
      sections.append(("figures", "Figures", body))
    }
    return Page(
      title: inputs.isEmpty ? "A recording" : inputs.joined(separator: ", "),
      lead: [
        results.cells.map { "\($0.cells.count) cells" },
        results.fits.isEmpty ? nil : "\(results.fits.count) fits",
      ].compactMap { $0 }.joined(separator: ", ") + ".",
      sections: sections, provenance: provenance, data: "{\"kind\":\"recording\"}",
      script: Array("window.codecReport = { ready: true };".utf8)
    ).html
  }

  private func cellSection(_ cells: CellResults) throws -> String {
    func column(_ name: String, _ format: String) throws -> [String]? {
      try cells.column(name)?.map { $0.isFinite ? String(format: format, $0) : "–" }
    }
    let signal = try cells.column("signal_to_noise") ?? []
    let unclear = signal.indices.filter { !(signal[$0] >= Self.clearSignal) }.map { "\(cells.cells[$0])" }
    let columns: [(String, [String]?)] = [
      ("cell", cells.cells.map(String.init)), ("polarity", cells.polarity.map { $0?.rawValue ?? "–" }),
      ("mean rate (Hz)", try column("mean_rate", "%.1f")),
      (cells.interval == nil ? "peak (frames before)" : "peak (ms before)", try peaks(cells)),
      ("signal to noise", try column("signal_to_noise", "%.1f")),
      ("agreement of half the repeats", try column("split_half_correlation", "%.2f")),
      ("explainable variance of a repeat", try column("explainable_variance", "%.2f")),
    ]
    let known = columns.compactMap { name, values in values.map { (name, $0) } }
    return "<section id=\"cells\"><h2>Cells</h2>"
      + warningBox(
        unclear.isEmpty
          ? []
          : [
            "cells \(unclear.joined(separator: ", ")): no clear spike-triggered average (nowhere five times its usual "
              + "size): few spikes, a cell that answers to both signs, or a stimulus that is correlated in space and time"
          ], fine: "Every cell has a clear spike-triggered average.")
      + table(known.map(\.0), cells.cells.indices.map { row in known.map { $0.1[row] } }) + "</section>"
  }

  private func peaks(_ cells: CellResults) throws -> [String]? {
    try cells.column("peak_lag")?.map {
      $0.isFinite ? String(format: "%.0f", $0 * (cells.interval ?? 1)) : "–"
    }
  }

  private func fitSection() throws -> String {
    let rows = try results.fits.map { fit -> [String] in
      func mean(_ name: String) throws -> String {
        let mean = meanAndError(try fit.file.column("/cells/\(name)") ?? []).mean
        return mean.isFinite ? String(format: "%.2f", mean) : "–"
      }
      let best = try fit.file.attribute("best_epoch", of: "/history")?.asInteger
      return [
        fit.name, "\(try fit.file.dataset("/history/epoch", rank: 1).rows)", best.map { "\($0)" } ?? "–",
        try mean("test_correlation"), try mean("linear_test_correlation"), try mean("explained_share"),
      ]
    }
    return "<section id=\"fits\"><h2>Fits</h2>"
      + table(
        [
          "model", "epochs", "kept", "mean test correlation", "of a linear–nonlinear model",
          "share of explainable variance",
        ], rows) + "</section>"
  }
}
