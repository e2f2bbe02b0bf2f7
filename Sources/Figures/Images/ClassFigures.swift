import Foundation
import Numerics
import Storage

/// How modes go with classes (paper Fig. 5, S9).
struct ClassFigures {
  let file: H5File
  let layers: [String]
  let classNames: [String]

  init(_ file: H5File) throws {
    self.file = file
    layers = try ImageResults.layers(of: file)
    classNames = try file.dataset("/class", rank: 1).texts()
  }

  /// A line of a figure: its place in the file, its words and colour.
  private static let kinds = [
    ("contributions/mode", "contribution modes", Colours.contributions),
    ("activations/mode", "activation modes", Colours.activations),
    ("contributions/channel", "channels", "#6B6B6B"),
  ]

  /// Histograms at one layer and means over all layers.
  func correlations() throws -> Figure? {
    guard let middle = layers.isEmpty ? nil : layers[layers.count / 2] else { return nil }
    let places = layers.indices.map(Double.init)
    var plot = Plot(width: 900, height: 340)
    var histogram = Plot.Panel(frame: Plot.Frame(84, 40, 340, 220))
    histogram.title = "layer \(middle.replacing("|", with: "/"))"
    histogram.x = Plot.Axis(label: "best correlation with a class", range: 0...1)
    histogram.y = Plot.Axis(label: "share of modes or channels (%)")
    histogram.key = "top right"
    var curve = Plot.Panel(frame: Plot.Frame(530, 40, 340, 220))
    curve.title = "through the network"
    curve.x = .layers(layers)
    curve.y = Plot.Axis(label: "mean best correlation", range: 0...1)
    curve.key = "top left"
    for (kind, words, colour) in Self.kinds {
      if let best = try file.column("/layers/\(middle)/\(kind)_best_correlation") {
        let (x, y) = Self.histogram(best.filter(\.isFinite))
        histogram.layers.append(.line(x, y, colour: colour, width: 1.6, title: words))
      }
      let means = try layers.map { layer in
        try file.column("/layers/\(layer)/\(kind)_best_correlation").map { meanAndError($0).mean } ?? .nan
      }
      guard means.contains(where: \.isFinite) else { continue }
      curve.layers.append(.line(places, means, colour: colour, width: 1.6, title: words))
      curve.layers.append(.points(places, means, colour: colour, size: 0.6))
    }
    plot.add(histogram)
    plot.add(curve)
    return Figure(
      name: "classes", title: "Modes and classes",
      caption:
        "The largest correlation of each mode's loadings (or each channel's contributions) with whether a picture is of "
        + "a class, over all classes. "
        + "Left: their distribution in the middle layer; right: their mean in every layer.", plot: plot)
  }

  /// An outline of twenty bins from 0 to 1, as percentages.
  private static func histogram(_ values: [Double]) -> ([Double], [Double]) {
    let bins = 20
    var counts = Array(repeating: 0.0, count: bins)
    for value in values { counts[min(bins - 1, max(0, Int(value * Double(bins))))] += 1 }
    var (x, y): ([Double], [Double]) = ([0], [0])
    for (bin, count) in counts.enumerated() {
      x += [Double(bin) / Double(bins), Double(bin + 1) / Double(bins)]
      y += [100 * count / Double(max(values.count, 1)), 100 * count / Double(max(values.count, 1))]
    }
    return (x + [1], y + [0])
  }

  /// Which mode goes with which class, in the layer where they go together best.
  func matrix() throws -> Figure? {
    let means = try layers.map { layer in
      meanAndError(try file.column("/layers/\(layer)/contributions/mode_best_correlation") ?? []).mean
    }
    guard let best = means.indices.filter({ means[$0].isFinite }).max(by: { means[$0] < means[$1] }) else {
      return nil
    }
    let layer = layers[best]
    let correlation = try file.dataset("/layers/\(layer)/contributions/mode_class_correlation", rank: 2)
      .matrix()
    let ids: [Int] = try file.dataset("/layers/\(layer)/contributions/mode_id", rank: 1).numbers()
    let classes = min(correlation.columns, 60)
    let order = Self.order(correlation, classes: classes)
    let shown = Set(order.sorted { $0.value > $1.value }.prefix(120).map(\.mode))
    let modes = order.map(\.mode).filter(shown.contains)
    let height = max(160, min(560, 16 * Double(classes)))
    var plot = Plot(width: 900, height: height + 90)
    var panel = Plot.Panel(frame: Plot.Frame(150, 30, 640, height))
    panel.border = 15
    panel.x = Plot.Axis(
      label: "mode of \(layer.replacing("|", with: "/"))", range: -0.5...Double(max(modes.count, 1)) - 0.5,
      ticks: modes.count <= 24 ? .at(modes.enumerated().map { (Double($0), "\(ids[$1])") }) : .none)
    panel.y = Plot.Axis(
      range: -0.5...Double(classes) - 0.5,
      ticks: .at(
        (0..<classes).map { (Double($0), classNames.indices.contains($0) ? classNames[$0] : "\($0)") }),
      isReversed: true)
    panel.colours = .diverging(limit: 1)
    panel.colourBar = "correlation"
    panel.layers = [.image((0..<classes).map { column in modes.map { correlation[$0, column] } })]
    plot.add(panel)
    let rest =
      (modes.count < correlation.rows
        ? " The \(modes.count) of \(correlation.rows) modes that go with a class best." : "")
      + (classes < correlation.columns ? " The first \(classes) of \(correlation.columns) classes." : "")
    return Figure(
      name: "mode-class", title: "Which mode goes with which class",
      caption:
        "Correlation of each mode's loadings with whether a picture is of the class (rows), in the layer where modes and "
        + "classes go together best."
        + rest,
      plot: plot)
  }

  private struct Placed {
    let mode, best: Int
    let value: Double
  }

  /// Modes by their best class, the closest first.
  private static func order(_ correlation: Matrix, classes: Int) -> [Placed] {
    let placed = (0..<correlation.rows).map { mode -> Placed in
      let row: [Double] = correlation.row(mode).prefix(classes).map { $0.isFinite ? $0 : 0 }
      let best = row.indices.max { row[$0] < row[$1] } ?? 0
      return Placed(mode: mode, best: best, value: row.isEmpty ? 0 : row[best])
    }
    return placed.sorted { $0.best != $1.best ? $0.best < $1.best : $0.value > $1.value }
  }

  /// Correlations sorted, averaged over classes and over modes (S9).
  func coverage() throws -> Figure? {
    guard let middle = layers.isEmpty ? nil : layers[layers.count / 2] else { return nil }
    var plot = Plot(width: 900, height: 340)
    let parts = [
      ("sorted_over_modes", "modes, the best of each class first", "averaged over classes"),
      ("sorted_over_classes_of_modes", "classes, the best of each mode first", "averaged over modes"),
    ]
    for (index, (name, label, title)) in parts.enumerated() {
      var panel = Plot.Panel(frame: Plot.Frame(84 + 450 * Double(index), 40, 340, 220))
      panel.title = title
      panel.x = Plot.Axis(label: label)
      panel.y = Plot.Axis(label: index == 0 ? "correlation" : "")
      panel.key = index == 0 ? "top right" : nil
      for (data, words, colour) in [
        ("contributions", "contribution modes", Colours.contributions),
        ("activations", "activation modes", Colours.activations),
      ] {
        let group = "/layers/\(middle)/\(data)/\(name)"
        guard let mean = try file.column("\(group)_mean"), let spread = try file.column("\(group)_deviation")
        else {
          continue
        }
        let ranks = mean.indices.map { Double($0 + 1) }
        panel.layers.append(
          .band(ranks, zip(mean, spread).map { $0 - $1 }, zip(mean, spread).map { $0 + $1 }, colour: colour))
        panel.layers.append(.line(ranks, mean, colour: colour, width: 1.6, title: words))
      }
      guard !panel.layers.isEmpty else { return nil }
      plot.add(panel)
    }
    return Figure(
      name: "class-coverage", title: "How many modes cover a class, and how many classes a mode",
      caption:
        "Correlations of modes and classes in layer \(middle.replacing("|", with: "/")), sorted for each class (left) "
        + "or each mode (right), then averaged; bands: one standard deviation.", plot: plot)
  }
}
