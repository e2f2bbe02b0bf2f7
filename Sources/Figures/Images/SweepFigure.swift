import Foundation
import Numerics
import Storage

/// What the autoencoder's options change (paper S3–S6).
struct SweepFigure {
  let file: H5File
  let classNames: [String]

  /// Datasets, what they are called, and their standard errors.
  private static let quantities = [
    ("r2", "R²", nil), ("alive", "modes", nil), ("classes_above", "classes with\na mode above 0.2", nil),
    ("baseline_correlation", "correlation with\nthe baseline's modes", "baseline_correlation_sem"),
    ("ablation_score", "ablation\n(target − other) / other", "ablation_score_sem"),
  ]

  func figures() throws -> [Figure] { [try quantities(), try classAtoms()].compactMap { $0 } }

  private func quantities() throws -> Figure {
    let layers = try ImageResults.layers(of: file)
    let names = try file.dataset("/configuration/name", rank: 1).texts()
    let shown = try Self.quantities.filter { quantity in
      try layers.contains {
        try file.column("/layers/\($0)/\(quantity.0)")?.contains(where: \.isFinite) ?? false
      }
    }
    let height = max(200, 19 * Double(names.count))
    let width = (900 - 176 - 10) / Double(max(shown.count, 1))
    var plot = Plot(width: 900, height: height + 124)
    for (column, (name, title, errors)) in shown.enumerated() {
      var panel = Plot.Panel(frame: Plot.Frame(176 + width * Double(column), 50, width - 30, height))
      panel.title = title
      panel.y = Plot.Axis(
        range: -0.5...Double(names.count) - 0.5,
        ticks: column == 0 ? .at(names.enumerated().map { (Double($0), $1) }) : .none, isReversed: true)
      panel.layers = [.vertical(0, colour: Colours.faint, dash: 3, width: 0.6)]
      for (index, layer) in layers.enumerated() {
        try add(layer, index, name, errors, of: layers.count, to: &panel)
      }
      plot.add(panel)
    }
    for (index, layer) in layers.enumerated() {
      plot.text(
        "● \(layer.replacing("|", with: "/"))", 176 + 130 * Double(index), height + 108, size: 10,
        colour: Colours.category(index))
    }
    return Figure(
      name: "sweep", title: "What the autoencoder's options change",
      caption:
        "Each row is a configuration of the autoencoder: the baseline, then one option changed at a time. Colours are layers; "
        + "bars are standard errors over classes or trials. Ablation: area under the target class's accuracy less that of "
        + "another class, over the latter; below zero where ablating the class's modes spares other classes.",
      plot: plot)
  }

  /// One layer's values, a little below the last layer's, so that equal ones are seen.
  private func add(
    _ layer: String, _ index: Int, _ name: String, _ errors: String?, of count: Int,
    to panel: inout Plot.Panel
  ) throws {
    let values = try file.column("/layers/\(layer)/\(name)") ?? []
    let colour = Colours.category(index)
    let shift = 0.16 * (Double(index) - Double(count - 1) / 2)
    let places = values.indices.map { Double($0) + shift }
    if let errors, let spread = try file.column("/layers/\(layer)/\(errors)") {
      for (row, value) in values.enumerated() where value.isFinite && spread[row].isFinite {
        let (low, high) = (value - spread[row], value + spread[row])
        panel.layers.append(.line([low, high], [places[row], places[row]], colour: colour, width: 1))
      }
    }
    panel.layers.append(.points(values, places, colour: colour, size: 0.6, kind: [7, 5, 9, 13][index % 4]))
  }

  /// One class's modes, summed, by every configuration (S5); nil where no class was chosen.
  private func classAtoms() throws -> Figure? {
    let layers = try ImageResults.layers(of: file).filter { file.contains("/layers/\($0)/class_atom") }
    let names = try file.dataset("/configuration/name", rank: 1).texts()
    guard let first = layers.first,
      let label = try file.attribute("class", of: "/layers/\(first)/class_atom")?.asInteger
    else { return nil }
    let shown = Array(layers.prefix(4))
    let height = max(160, 14 * Double(names.count))
    let width = (900 - 150 - 10) / Double(shown.count)
    var plot = Plot(width: 900, height: height + 90)
    for (column, layer) in shown.enumerated() {
      let atoms = try file.dataset("/layers/\(layer)/class_atom", rank: 2).matrix()
      // Each on its own scale: what is compared is which channels they hold.
      let rows = (0..<atoms.rows).map { row -> [Double] in
        let peak = atoms.row(row).map(abs).filter(\.isFinite).max() ?? 0
        return atoms.row(row).map { peak > 0 && $0.isFinite ? $0 / peak : 0 }
      }
      var panel = Plot.Panel(frame: Plot.Frame(150 + width * Double(column), 36, width - 14, height))
      panel.title = layer.replacing("|", with: "/")
      panel.border = 15
      panel.x = Plot.Axis(label: "channel", range: -0.5...Double(atoms.columns) - 0.5, ticks: .none)
      panel.y = Plot.Axis(
        range: -0.5...Double(names.count) - 0.5,
        ticks: column == 0 ? .at(names.enumerated().map { (Double($0), $1) }) : .none, isReversed: true)
      panel.colours = .diverging(limit: 1)
      panel.layers = [.image(rows)]
      plot.add(panel)
    }
    let name = classNames.indices.contains(label) ? classNames[label] : "class \(label)"
    return Figure(
      name: "sweep-class", title: "The modes of \(name) by every configuration",
      caption:
        "All modes that correlate with \(name) above 0.2, summed, of each configuration of the autoencoder (rows): the "
        + "weight of every channel, each row relative to its largest (red: excitation). Alike rows: the options hardly matter.",
      plot: plot)
  }
}
