import Foundation
import Numerics

/// A cell's rate above its layer's contributions, two modes' loadings, and the cell's receptive field at the two moments
/// that the modes tell apart (paper Fig. 8B).
struct ContributionFigure {
  let results: RetinaResults
  let layer: RetinaResults.Layer

  private static let left = 78.0
  private static let width = 720.0
  private static let colours = [Colours.categories[1], Colours.categories[2]]

  func figure() throws -> Figure? {
    guard let example = layer.example?.inOrderOfTime, let cell = results.cells.firstIndex(of: example.cell)
    else { return nil }
    let window = results.window(around: example.frames)
    let times = Array(results.times[window])
    let range = (times.first ?? 0)...(times.last ?? 1)
    let moments = example.frames.compactMap { results.sample(ofFrame: $0) }
    let rows = Double(2 * layer.channels)
    let heat = min(240, max(120, 11 * rows))
    var plot = Plot(width: 900, height: 470 + heat)
    addRate(cell, example, window, times, range, moments, to: &plot)
    addContributions(window, times, range, top: 130, height: heat, to: &plot)
    addLoadings(example, window, times, range, moments, top: 150 + heat, to: &plot)
    try addFields(example, moments, top: 292 + heat, to: &plot)
    return Figure(
      name: "contributions-\(layer.name)",
      title: "Contributions of \(layer.name) while cell \(example.cell) fires",
      caption:
        "Top: firing rate of cell \(example.cell). Middle: what each channel of \(layer.name) contributes to the "
        + "population's \(results.targetName), excitation (C⁺) above inhibition (C⁻); the colours saturate at the 99th "
        + "percentile. Below: loadings of the two modes that tell moments a and b apart, and the cell's instantaneous "
        + "receptive field at each (space; time course)." + results.windowRemark(window),
      plot: plot)
  }

  private func addRate(
    _ cell: Int, _ example: RetinaResults.Example, _ window: Range<Int>, _ times: [Double],
    _ range: ClosedRange<Double>, _ moments: [Int], to plot: inout Plot
  ) {
    var panel = Plot.Panel(frame: Plot.Frame(Self.left, 34, Self.width, 80))
    panel.title = "cell \(example.cell)"
    panel.x = Plot.Axis(range: range, isLabelled: false)
    let predicted = window.map { results.rates[$0, cell] }
    let recorded = results.recorded.map { rates in window.map { rates[$0, cell] } }
    let peak = max(predicted.max() ?? 0, recorded?.max() ?? 0, 1)
    panel.y = Plot.Axis(label: "rate (Hz)", range: 0...peak * 1.2)
    panel.key = "at screen 0.89, screen \(number(1 - 14 / plot.height)) horizontal"
    if let recorded {
      panel.layers.append(.line(times, recorded, colour: Colours.recorded, width: 1.4, title: "recorded"))
    }
    panel.layers.append(.line(times, predicted, colour: Colours.model, width: 1.1, title: "model"))
    for (index, moment) in moments.enumerated() {
      panel.layers.append(.vertical(results.times[moment], colour: Self.colours[index % 2], dash: 2))
      let place = results.times[moment] + (range.upperBound - range.lowerBound) * 0.008
      panel.layers.append(
        .text(
          place, peak * 1.12, ["a", "b"][index % 2], colour: Self.colours[index % 2], size: 11, align: "left")
      )
    }
    plot.add(panel)
  }

  private func addContributions(
    _ window: Range<Int>, _ times: [Double], _ range: ClosedRange<Double>, top: Double, height: Double,
    to plot: inout Plot
  ) {
    let count = layer.channels
    let step = times.count > 1 ? (times[times.count - 1] - times[0]) / Double(times.count - 1) : 1
    let all = window.flatMap { row in layer.negative.row(row).map(abs) + layer.positive.row(row) }
    let limit = max(Numerics.Statistics.quantile(all, 0.99), 1e-12)
    let parts = [("excitation C⁺", layer.positive), ("inhibition C⁻", layer.negative)]
    for (index, (title, values)) in parts.enumerated() {
      let half = height / 2 - 4
      var panel = Plot.Panel(frame: Plot.Frame(Self.left, top + Double(index) * (half + 8), Self.width, half))
      panel.border = 15
      panel.x = Plot.Axis(range: range, ticks: .none)
      let labels = stride(from: 1, through: count, by: max(1, count / 4)).map { (Double($0), "\($0)") }
      panel.y = Plot.Axis(
        label: "channel", range: 0.5...Double(count) + 0.5, ticks: .at(labels), isReversed: true)
      panel.colours = .diverging(limit: limit)
      if index == 0 { panel.colourBar = results.targetUnits }
      panel.layers = [
        .image(
          (0..<count).map { channel in window.map { min(max(values[$0, channel], -limit), limit) } },
          x0: times.first ?? 0, dx: step, y0: 1)
      ]
      plot.add(panel)
      plot.text(title, 14, panel.frame.y + half / 2, size: 9.5, align: "center", rotate: true)
    }
  }

  private func addLoadings(
    _ example: RetinaResults.Example, _ window: Range<Int>, _ times: [Double], _ range: ClosedRange<Double>,
    _ moments: [Int], top: Double, to plot: inout Plot
  ) {
    let found = layer.modes.decomposition
    for (index, mode) in example.modes.enumerated() {
      guard let column = found.modeIDs.firstIndex(of: mode) else { continue }
      let isLast = index == example.modes.count - 1
      var panel = Plot.Panel(frame: Plot.Frame(Self.left, top + Double(index) * 42, Self.width, 32))
      panel.x = Plot.Axis(label: isLast ? results.timeLabel : "", range: range, isLabelled: isLast)
      panel.y = Plot.Axis(range: 0...1.05, ticks: .at([(0, "0"), (1, "1")]))
      let values = window.map { Double(found.loadings.elements[$0 * found.alive + column]) }
      panel.layers = [.area(times, values, colour: Self.colours[index % 2])]
      panel.layers += moments.enumerated().map {
        .vertical(results.times[$1], colour: Self.colours[$0 % 2], dash: 2)
      }
      plot.add(panel)
      plot.text(
        "mode \(mode)", Self.left + Self.width + 8, top + Double(index) * 42 + 18, size: 10,
        colour: Self.colours[index % 2])
    }
    plot.text("loading", 30, top + 36, size: 10, align: "center", rotate: true)
  }

  private func addFields(
    _ example: RetinaResults.Example, _ moments: [Int], top: Double, to plot: inout Plot
  ) throws {
    let fields = try example.frames.map { try results.fields.field(cell: example.cell, frame: $0) }
    let limit = fields.compactMap { $0?.peak }.max() ?? 1
    for (index, field) in fields.enumerated() {
      guard let field else { continue }
      let x = Self.left + 60 + Double(index) * 350
      plot.addField(
        field, x: x, y: top + 12, size: 106,
        title: "\(["a", "b"][index % 2]): \(results.moment(moments[index]))", limit: limit,
        interval: results.interval, isLabelled: true)
    }
    plot.text(
      "darkest: ± \(rounded(limit)) \(results.fields.units)", Self.left + Self.width, top + 118, size: 9.5,
      align: "right", colour: "#555555")
  }
}

extension RetinaResults.Example {
  /// The earlier moment and its mode first.
  fileprivate var inOrderOfTime: Self {
    let order = frames.indices.sorted { frames[$0] < frames[$1] }
    return Self(cell: cell, frames: order.map { frames[$0] }, modes: order.map { modes[$0] })
  }
}

/// A number with two digits, for reading.
func rounded(_ value: Double) -> String { number(Double(String(format: "%.2g", value)) ?? value) }

extension RetinaResults {
  /// Milliseconds between frames; nil where unknown.
  var interval: Double? { summary.frameRate.map { 1000 / $0 } }
}
