import Foundation
import Storage

/// How a fit went (a `NAME.history.h5`).
struct FitFigure {
  let file: H5File

  /// The model's name: its file's without the ending.
  var name: String { file.name.replacing(".history.h5", with: "") }

  /// - Parameter isOnly: whether the folder has no other fit.
  func figure(isOnly: Bool) throws -> Figure {
    let epochs: [Double] = try file.dataset("/history/epoch", rank: 1).numbers()
    let best = try file.attribute("best_epoch", of: "/history")?.asNumber
    func curve(_ name: String) throws -> [Double] { try file.dataset("/history/\(name)", rank: 1).numbers() }
    var plot = Plot(width: 900, height: 646)
    var loss = Self.panel(84, 40, "loss (what training makes small)", "epoch", try lossName())
    loss.key = "top right"
    let (training, heldOut) = (try curve("loss"), try curve("held_out_loss"))
    loss.layers = [
      .line(epochs, training, colour: Colours.faint, width: 1.6, title: "training"),
      .line(epochs, heldOut, colour: Colours.contributions, width: 1.6, title: "held out"),
    ]
    let known = (training + heldOut).filter(\.isFinite)
    if let low = known.min(), let high = known.max(), high > low {
      // Room for the key above the lines.
      loss.y.range = low - 0.05 * (high - low)...high + 0.35 * (high - low)
    }
    var agreement = Self.panel(530, 40, "predicted and recorded rate, held out", "epoch", "correlation")
    let correlations = try curve("held_out_correlation")
    agreement.layers = [.line(epochs, correlations, colour: Colours.contributions, width: 1.6)]
    if let best, let place = epochs.firstIndex(of: best) {
      loss.layers.append(.vertical(best, colour: Colours.ink, dash: 3))
      agreement.layers += [
        .vertical(best, colour: Colours.ink, dash: 3),
        .points([best], [correlations[place]], colour: Colours.contributions, size: 1.1),
      ]
      plot.text(
        String(format: "dotted: the epoch that is kept, %g (correlation %.2f)", best, correlations[place]),
        870, 314,
        size: 10, align: "right")
    }
    for var panel in [loss, agreement] {
      panel.x.range = 0...max(1, epochs.last ?? 1) * 1.03
      plot.add(panel)
    }
    plot.add(try meanRates())
    if let against = try againstLinear() { plot.add(against) }
    return Figure(
      name: isOnly ? "fit" : "fit-\(name)", title: "The fit of \(name)",
      caption:
        "Above: loss and correlation of predicted and recorded rates while the network was trained; held-out windows decide "
        + "which epoch is kept. Below left: each cell's mean rate, predicted against recorded. Below right: each cell's test "
        + "correlation beside that of a linear–nonlinear model of the same windows (numbers: cell ids); a cell above the line "
        + "is predicted better by the network.", plot: plot)
  }

  private func lossName() throws -> String {
    switch try file.attribute("loss", of: "/history")?.asText {
    case "poisson": "Poisson loss"
    case "squared": "squared error"
    default: "loss"
    }
  }

  private static func panel(
    _ x: Double, _ y: Double, _ title: String, _ across: String, _ up: String
  ) -> Plot.Panel {
    var panel = Plot.Panel(frame: Plot.Frame(x, y, 340, 200))
    panel.title = title
    panel.x = Plot.Axis(label: across)
    panel.y = Plot.Axis(label: up)
    return panel
  }

  private func meanRates() throws -> Plot.Panel {
    var panel = Self.panel(84, 376, "mean rates", "recorded (Hz)", "predicted (Hz)")
    panel.key = "top left"
    var top = 0.0
    for (split, colour, kind) in [("train", Colours.faint, 6), ("test", Colours.contributions, 7)] {
      guard let recorded = try file.column("/cells/\(split)_rate"),
        let predicted = try file.column("/cells/\(split)_predicted_rate")
      else { continue }
      top = max(top, (recorded + predicted).filter(\.isFinite).max() ?? 0)
      panel.layers.append(.points(recorded, predicted, colour: colour, size: 0.9, title: split, kind: kind))
    }
    let end = top > 0 ? top * 1.08 : 1
    (panel.x.range, panel.y.range) = (0...end, 0...end)
    panel.layers.insert(.line([0, end], [0, end], colour: Colours.faint, width: 0.8, dash: 2), at: 0)
    return panel
  }

  /// Nil where no cell has both correlations.
  private func againstLinear() throws -> Plot.Panel? {
    let cells: [Int] = try file.dataset("/cells/id", rank: 1).numbers()
    guard let network = try file.column("/cells/test_correlation"),
      let linear = try file.column("/cells/linear_test_correlation")
    else { return nil }
    let known = cells.indices.filter { network[$0].isFinite && linear[$0].isFinite }
    guard !known.isEmpty else { return nil }
    let low = min(0, known.map { min(network[$0], linear[$0]) }.min() ?? 0)
    var panel = Self.panel(
      530, 376, "test correlation by cell", "linear–nonlinear model", "network")
    (panel.x.range, panel.y.range) = (low...1, low...1)
    panel.layers = [.line([low, 1], [low, 1], colour: Colours.faint, width: 0.8, dash: 2)]
    panel.layers += known.map {
      .text(linear[$0], network[$0], "\(cells[$0])", colour: Colours.contributions, size: 9)
    }
    return panel
  }
}
