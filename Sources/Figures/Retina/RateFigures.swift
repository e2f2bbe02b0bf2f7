import Foundation
import Numerics

/// Figures of firing rates.
struct RateFigures {
  let results: RetinaResults

  /// The target over time above every cell's rate.
  func overTime() -> Figure {
    let window = results.window(seconds: 20, around: results.layers.first?.example?.frames ?? [])
    let times = Array(results.times[window])
    let shown = min(results.cells.count, 24)
    let (left, width, row) = (78.0, 746.0, 46.0)
    var plot = Plot(width: 900, height: 130 + row * Double(shown) + 60)
    let range = (times.first ?? 0)...(times.last ?? 1)
    var top = Plot.Panel(frame: Plot.Frame(left, 34, width, 62))
    top.title = "\(results.targetName) of the population's response"
    top.x = Plot.Axis(range: range, isLabelled: false)
    top.y = Plot.Axis(label: results.targetUnits, ticks: .automatic)
    top.layers = [.line(times, Array(results.target[window]), colour: Colours.ink, width: 1)]
    plot.add(top)
    for cell in 0..<shown {
      let isLast = cell == shown - 1
      var panel = Plot.Panel(frame: Plot.Frame(left, 122 + row * Double(cell), width, row - 12))
      let predicted = window.map { results.rates[$0, cell] }
      let recorded = results.recorded.map { rates in window.map { rates[$0, cell] } }
      let peak = max(predicted.max() ?? 0, recorded?.max() ?? 0, 1)
      panel.x = Plot.Axis(label: isLast ? results.timeLabel : "", range: range, isLabelled: isLast)
      panel.y = Plot.Axis(
        range: 0...peak * 1.05, ticks: .at([(0, "0"), (peak.rounded(), number(peak.rounded()))]))
      if cell == 0 { panel.key = "at screen 0.92, screen \(number(1 - 16 / plot.height)) horizontal" }
      panel.layers =
        (recorded.map {
          [.line(times, $0, colour: Colours.recorded, width: 1.4, title: cell == 0 ? "recorded" : nil)]
        } ?? [])
        + [.line(times, predicted, colour: Colours.model, width: 1.1, title: cell == 0 ? "model" : nil)]
      plot.add(panel)
      let label = results.byContributions?.labels[cell] ?? -1
      plot.text(
        "cell \(results.cells[cell])", left + width + 8, 122 + row * Double(cell) + 16, size: 10,
        colour: Colours.category(label))
    }
    plot.text("firing rate (Hz)", 14, 122 + row * Double(shown) / 2, size: 10, align: "center", rotate: true)
    let rest = shown < results.cells.count ? " The first \(shown) of \(results.cells.count) cells." : ""
    return Figure(
      name: "rates", title: "Firing rates and \(results.targetName)",
      caption:
        "Recorded (grey) and predicted (blue) firing rate of each cell, below the \(results.targetName) of the "
        + "predicted population response. Cell labels have the colours of the clusters by contributions."
        + rest + results.windowRemark(window),
      plot: plot)
  }

  /// Repeats, their mean beside the prediction, and prediction against recording, for up to eight cells.
  func recordedAgainstPredicted() throws -> Figure? {
    guard let recorded = results.recorded else { return nil }
    let window = results.window(seconds: 9, around: [])
    let times = Array(results.times[window])
    let shown = min(results.cells.count, 8)
    let repeats = try repeats(window, cells: shown)
    let row = repeats == nil ? 92.0 : 142.0
    var plot = Plot(width: 900, height: 50 + row * Double(shown) + 34)
    plot.text("model", 560, 18, size: 10, align: "right", colour: Colours.model)
    plot.text(
      repeats == nil ? "recorded" : "recorded (mean of repeats)", 400, 18, size: 10, align: "right",
      colour: "#777777")
    let range = (times.first ?? 0)...(times.last ?? 1)
    for cell in 0..<shown {
      let (top, isLast) = (34 + row * Double(cell), cell == shown - 1)
      let predicted = window.map { results.rates[$0, cell] }
      let seen = window.map { recorded[$0, cell] }
      let peak = max(predicted.max() ?? 0, seen.max() ?? 0, 1)
      plot.text("cell \(results.cells[cell])", 12, top + row / 2 - 10, size: 10, bold: true)
      if let repeats {
        plot.addRaster(repeats[cell], times: times, frame: Plot.Frame(110, top, 500, 42))
        if cell == 0 { plot.text("repeat", 72, top + 20, size: 9, align: "center", rotate: true) }
      }
      let rateTop = repeats == nil ? top : top + 54
      var rates = Plot.Panel(frame: Plot.Frame(110, rateTop, 500, 56))
      rates.x = Plot.Axis(label: isLast ? results.timeLabel : "", range: range, isLabelled: isLast)
      rates.y = Plot.Axis(
        label: "Hz", range: 0...peak * 1.05, ticks: .at([(0, "0"), (peak.rounded(), number(peak.rounded()))]))
      rates.layers = [
        .area(times, seen, colour: "#C8C8C8"), .line(times, predicted, colour: Colours.model, width: 1.1),
      ]
      plot.add(rates)
      addScatter(cell, recorded, to: &plot, top: top + 4, size: row - 50, isLast: isLast)
    }
    let rest = shown < results.cells.count ? " The first \(shown) of \(results.cells.count) cells." : ""
    return Figure(
      name: "recorded", title: "Recorded against predicted rates",
      caption: "For each cell: "
        + (repeats.map { "the recorded repeats (\(Responses($0).drawn)); " } ?? "")
        + "the recorded rate (grey area) with the model's prediction (blue); and predicted against recorded rate, with "
        + "Pearson's correlation r."
        + rest + results.windowRemark(window),
      plot: plot)
  }

  private func addScatter(
    _ cell: Int, _ recorded: Matrix, to plot: inout Plot, top: Double, size: Double, isLast: Bool
  ) {
    let step = max(1, results.frames.count / 600)
    let samples = stride(from: 0, to: results.frames.count, by: step)
    let (x, y) = (samples.map { recorded[$0, cell] }, samples.map { results.rates[$0, cell] })
    let peak = max(x.max() ?? 0, y.max() ?? 0, 1) * 1.03
    var panel = Plot.Panel(frame: Plot.Frame(700, top, size, size))
    panel.x = Plot.Axis(
      label: isLast ? "recorded (Hz)" : "", range: 0...peak,
      ticks: .at([(0, "0"), (peak.rounded(.down), number(peak.rounded(.down)))]))
    panel.y = Plot.Axis(
      label: "model (Hz)", range: 0...peak,
      ticks: .at([(0, "0"), (peak.rounded(.down), number(peak.rounded(.down)))]))
    panel.layers = [
      .line([0, peak], [0, peak], colour: Colours.faint, width: 0.7, dash: 2),
      .points(x, y, colour: Colours.model, size: 0.25),
    ]
    plot.add(panel)
    if let correlation = results.summary.testCorrelation[cell] {
      plot.text(String(format: "r = %.2f", correlation), 700 + size + 10, top + 12, size: 10)
    }
  }

  /// `[cell][repeat][sample of the window]`; nil where the recording has no repeats.
  private func repeats(_ window: Range<Int>, cells: Int) throws -> [[[Double]]]? {
    guard let file = results.explorer, file.contains("/repeats") else { return nil }
    let dataset = try file.dataset("/repeats", rank: 3)
    let count = dataset.shape[0]
    return try (0..<cells).map { cell in
      let values: [Double] = try dataset.numbers(in: [0..<count, cell..<cell + 1, window])
      return (0..<count).map { Array(values[$0 * window.count..<($0 + 1) * window.count]) }
    }
  }
}
