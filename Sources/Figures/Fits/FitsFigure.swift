import Foundation
import Numerics
import Retina
import Storage

/// What independently fitted networks agree on: clusters of cells for each number of them, and how well each cell is
/// predicted.
struct FitsFigure {
  private let agreements: [ClusterConsensus]
  private let cells: [Int]
  /// `[fit, cell]`; NaN for a cell that never changes.
  private let correlations: Matrix

  /// - Throws: `CodecError` naming the dataset that is missing or does not fit.
  init(_ file: H5File) throws {
    let kinds = try file.contains("/agreement") ? file.children(of: "/agreement") : []
    agreements = try kinds.map {
      try ClusterConsensus(name: $0, reading: file, group: "/agreement/\($0)")
    }
    cells = try file.dataset("/cell_id", rank: 1).numbers()
    correlations = try file.dataset("/test_correlation", rank: 2).matrix()
  }

  private static let columns = 3
  private static let rowHeight = 262.0
  private static let pairs = "#88B4D8"

  func figure() -> Figure {
    let rows = Double((agreements.count + Self.columns - 1) / Self.columns)
    let top = agreements.isEmpty ? 0 : Self.rowHeight * rows + 40
    var plot = Plot(width: 900, height: top + 258)
    for (index, part) in agreements.enumerated() {
      let place = (column: Double(index % Self.columns), row: Double(index / Self.columns))
      plot.add(
        panel(part, Plot.Frame(84 + 276 * place.column, 40 + Self.rowHeight * place.row, 226, 166)))
    }
    if !agreements.isEmpty { addLegend(at: top - 26, to: &plot) }
    plot.add(correlationPanel(Plot.Frame(84, top + 40, 778, 140)))
    return Figure(
      name: "fits", title: "What the fitted networks agree on",
      caption: (agreements.isEmpty ? "" : agreementCaption)
        + "\(agreements.isEmpty ? "C" : "Below: c")orrelation of each cell's recorded rate with that predicted by each "
        + "fit, on the test movie (blue; black: mean and standard deviation over fits).", plot: plot)
  }

  private var agreementCaption: String {
    let needed = String(format: "%.1f", ClusterConsensus.limit)
    var words =
      "Above: whether the fits put the same cells together, for every number of clusters (adjusted Rand index: 1 where "
      + "two fits agree wholly, 0 for chance), by each cell's own contributions and by the modes it follows. "
    if agreements.contains(where: { $0.chance != nil }) {
      words +=
        "A number is agreed on (filled) where the mean is \(needed) or more (dashed) and beyond chance (dotted: 95 % of "
        + "draws with cells shuffled within the last clusters agreed on stay below). The largest such number (line) of the "
        + "first panel is the number of types that the fits support, unless the summary says what speaks against it. "
    } else {
      words += "How many types there are takes three fits or more. "
    }
    return words
  }

  private func panel(_ part: ClusterConsensus, _ frame: Plot.Frame) -> Plot.Panel {
    let numbers = part.tried.map(Double.init)
    let isFirst = part.name == agreements[0].name
    let lowest = agreements.flatMap(\.pairs).joined().filter(\.isFinite).min() ?? 0
    var panel = Plot.Panel(frame: frame)
    panel.title = part.name == "contributions" ? "by contributions" : "by modes of \(part.name)"
    panel.x = Plot.Axis(
      label: "number of clusters", range: (numbers.first ?? 2) - 0.5...(numbers.last ?? 2) + 0.5,
      ticks: .at(part.tried.map { (Double($0), "\($0)") }))
    panel.y = Plot.Axis(
      label: isFirst ? "adjusted Rand index" : "", range: min(0, lowest) - 0.05...1.05)
    if let chosen = part.chosen {
      panel.layers.append(.vertical(Double(chosen), colour: Colours.categories[1], dash: 1, width: 1.2))
    }
    panel.layers.append(.horizontal(ClusterConsensus.limit, colour: Colours.faint, dash: 2, width: 0.8))
    if let chance = part.chance {
      panel.layers.append(.line(numbers, chance, colour: "#6B6B6B", width: 1.4, dash: 3))
    }
    for pair in part.pairs.first?.indices ?? 0..<0 {
      panel.layers.append(.points(numbers, part.pairs.map { $0[pair] }, colour: Self.pairs, size: 0.5))
    }
    panel.layers.append(.line(numbers, part.agreement, colour: Colours.ink, width: 1.4))
    panel.layers.append(.points(numbers, part.agreement, colour: Colours.ink, size: 0.8, kind: 6))
    let agreed = part.supported ?? []
    panel.layers.append(
      .points(
        agreed.map(Double.init), agreed.map(part.agreement(at:)), colour: Colours.categories[1], size: 1))
    return panel
  }

  /// What lines and points of the upper panels are.
  private func addLegend(at y: Double, to plot: inout Plot) {
    var words = [("● each pair of fits", Self.pairs), ("○ mean over pairs", Colours.ink)]
    if agreements.contains(where: { $0.chance != nil }) {
      words += [
        ("● agreed on; line: the largest", Colours.categories[1]), ("⋯ chance", "#6B6B6B"),
        ("- - agreement needed", Colours.faint),
      ]
    }
    var x = 84.0
    for (text, colour) in words {
      plot.text(text, x, y, size: 10, colour: colour)
      x += 6.6 * Double(text.count) + 24
    }
  }

  private func correlationPanel(_ frame: Plot.Frame) -> Plot.Panel {
    let fits = correlations.rows
    let spreads = cells.indices.map { Spread(correlations.column($0)) }
    let smallest = spreads.compactMap { $0?.smallest }.min() ?? 0
    let step = max(1, (cells.count + 29) / 30)
    var panel = Plot.Panel(frame: frame)
    panel.title = "how well each cell is predicted, by fit"
    panel.x = Plot.Axis(
      label: "cell", range: -0.5...Double(max(1, cells.count)) - 0.5,
      ticks: .at(stride(from: 0, to: cells.count, by: step).map { (Double($0), "\(cells[$0])") }))
    panel.y = Plot.Axis(
      label: "test correlation", range: min(0.9, ((smallest - 0.02) * 10).rounded(.down) / 10)...1.0)
    let middle = Double(fits - 1) / 2
    for fit in 0..<fits {
      // Side by side, so that equal ones are seen.
      let shift = fits > 1 ? 0.16 * (Double(fit) - middle) / middle - 0.1 : 0
      panel.layers.append(
        .points(
          cells.indices.map { Double($0) + shift }, Array(correlations.row(fit)), colour: Colours.model,
          size: 0.55))
    }
    if fits > 1 {
      panel.layers.append(
        .errors(
          cells.indices.map { Double($0) + 0.22 }, spreads.map { $0?.mean ?? .nan },
          spreads.map { $0?.standardDeviation ?? .nan }, colour: Colours.ink))
    }
    return panel
  }
}
