import Foundation
import Numerics
import Storage

/// What the autoencoder's options change (paper S3, S4, S6).
struct SweepFigure {
  private let file: H5File
  private let layers: [String]
  private let variations: [SweepVariation]

  /// A row of panels.
  private struct Quantity {
    /// Dataset of the file.
    let name: String
    let title: String
    /// Dataset of the standard errors.
    var errors: String?
    /// Whether the axis begins at zero; else it has room for what there is.
    var isCount = false
    /// The largest number there can be.
    var most: Double?
  }

  private static let quantities = [
    Quantity(name: "r2", title: "R²", most: 1), Quantity(name: "alive", title: "modes", isCount: true),
    Quantity(name: "classes_above", title: "classes with\na mode", isCount: true),
    Quantity(
      name: "baseline_correlation", title: "correlation\nwith baseline", errors: "baseline_correlation_sem",
      most: 1),
    Quantity(name: "ablation_score", title: "specificity\nof ablation", errors: "ablation_score_sem"),
  ]

  init(_ file: H5File) throws {
    self.file = file
    layers = try ImageResults.layers(of: file)
    variations = try SweepVariation.all(file)
  }

  private static let rowHeight = 118.0

  /// Nil where no option was varied.
  func figure() throws -> Figure? {
    guard !variations.isEmpty else { return nil }
    let shown = try Self.quantities.filter { quantity in
      try layers.contains { try column($0, quantity.name).contains(where: \.isFinite) }
    }
    let columnWidth = min(800 / Double(variations.count), 240)
    let bottom = 40 + Self.rowHeight * Double(shown.count)
    var plot = Plot(width: 900, height: bottom + 84)
    for (row, quantity) in shown.enumerated() {
      let range = try range(of: quantity)
      for (column, variation) in variations.enumerated() {
        var panel = Plot.Panel(
          frame: Plot.Frame(
            92 + columnWidth * Double(column), 40 + Self.rowHeight * Double(row), columnWidth - 22, 88))
        panel.title = row == 0 ? variation.title : ""
        panel.x = variation.axis(isLabelled: row == shown.count - 1)
        panel.y = Plot.Axis(label: column == 0 ? quantity.title : "", range: range, isLabelled: column == 0)
        try draw(quantity, variation, in: &panel)
        plot.add(panel)
      }
    }
    for (index, layer) in layers.enumerated() {
      plot.text(
        "● \(layer.replacing("|", with: "/"))", 92 + 110 * Double(index % 7),
        bottom + 62 + 16 * Double(index / 7), size: 10, colour: Colours.category(index))
    }
    return Figure(
      name: "sweep", title: "What the autoencoder's options change", caption: caption(shown), plot: plot)
  }

  private func caption(_ shown: [Quantity]) -> String {
    let isGrid = variations.contains { $0.rows.contains { $0.count > 1 } }
    var words =
      isGrid
      ? "Each column is an option of the autoencoder; points are means over all combinations of the others, bars "
        + "standard errors over these. "
      : "Each column is an option of the autoencoder, changed alone from the baseline (dotted); bars are standard "
        + "errors over classes or trials. "
    words += "Colours are layers. R²: share of the contributions' variance that the modes explain. "
    words += "Classes with a mode: those with which some mode's loadings correlate above 0.2. "
    if shown.contains(where: { $0.name == "baseline_correlation" }) {
      words += "Correlation: of each class's modes, summed, with the baseline's, over channels. "
    }
    if shown.contains(where: { $0.name == "ablation_score" }) {
      words +=
        "Specificity: area under the target class's accuracy less that of another class, over the latter; below zero "
        + "where ablating the class's modes spares other classes. "
    }
    return words
      + "Encoder width “as channels”: hidden layers as wide as the layer has channels, at least 16."
  }

  private func column(_ layer: String, _ name: String) throws -> [Double] {
    try file.column("/layers/\(layer)/\(name)") ?? []
  }

  private func draw(_ quantity: Quantity, _ variation: SweepVariation, in panel: inout Plot.Panel) throws {
    if let baseline = variation.baseline {
      panel.layers.append(
        .vertical(variation.places[baseline], colour: Colours.faint, dash: 3, width: 0.7))
    }
    if quantity.name == "ablation_score" {
      panel.layers.append(.horizontal(0, colour: Colours.faint, dash: 1, width: 0.5))
    }
    for (index, layer) in layers.enumerated() {
      let curve = try curve(layer, quantity, variation)
      let colour = Colours.category(index)
      // Without lines, layers lie side by side so that equal ones are seen.
      let shift = variation.isOrdered ? 0 : 0.07 * (Double(index) - Double(layers.count - 1) / 2)
      let places = variation.places.map { $0 + shift }
      if variation.isOrdered {
        panel.layers.append(.line(places, curve.map(\.mean), colour: colour, width: 1.2))
      }
      for (place, point) in zip(places, curve) where point.error.isFinite && point.error > 0 {
        let ends = [point.mean - point.error, point.mean + point.error]
        panel.layers.append(.line([place, place], ends, colour: colour, width: 0.9))
      }
      panel.layers.append(.points(places, curve.map(\.mean), colour: colour, size: 0.5))
    }
  }

  /// Mean and error for each value of an option.
  private func curve(
    _ layer: String, _ quantity: Quantity, _ variation: SweepVariation
  ) throws -> [(mean: Double, error: Double)] {
    let values = try column(layer, quantity.name)
    let errors = try quantity.errors.map { try column(layer, $0) }
    return variation.rows.map { rows in
      rows.count == 1
        ? (values[rows[0]], errors?[rows[0]] ?? .nan) : meanAndError(rows.map { values[$0] })
    }
  }

  /// One range for all panels of a row.
  private func range(of quantity: Quantity) throws -> ClosedRange<Double> {
    var ends: [Double] = []
    for layer in layers {
      for variation in variations {
        for point in try curve(layer, quantity, variation) where point.mean.isFinite {
          let error = point.error.isFinite ? point.error : 0
          ends += [point.mean - error, point.mean + error]
        }
      }
    }
    let (low, high) = (ends.min() ?? 0, ends.max() ?? 1)
    let room = max(0.08 * (high - low), 0.005)
    if quantity.isCount { return 0...max(high, 1) * 1.1 }
    return low - room...(quantity.most.map { min($0, high) } ?? high) + room
  }
}
