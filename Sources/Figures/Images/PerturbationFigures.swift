import Foundation
import Numerics
import Storage

/// Accuracy after channels were ablated or preserved (paper Fig. 6).
struct PerturbationFigures {
  let file: H5File
  let layers: [String]
  let percentages: [Double]

  init(_ file: H5File) throws {
    self.file = file
    layers = try ImageResults.layers(of: file)
    percentages = try file.dataset("/percentage", rank: 1).numbers()
  }

  private static let selections = [
    ("modes", "contribution modes", Colours.contributions),
    ("activation_modes", "activation modes", Colours.activations),
    ("channels", "single channels", Colours.categories[2]), ("random", "random channels", "#6B6B6B"),
  ]
  private static let perturbations = [("preserve", "preserved alone"), ("ablate", "ablated")]

  private func ratios(_ layer: String, _ kind: String, _ selection: String, _ whose: String) throws -> Matrix?
  {
    let path = "/layers/\(layer)/\(kind)/\(selection)/\(whose)_ratio"
    return file.contains(path) ? try file.dataset(path, rank: 2).matrix() : nil
  }

  /// Target and other class against the share of channels, for up to four layers.
  func curves() throws -> Figure? {
    let step = max(1, (layers.count + 3) / 4)
    let shown = stride(from: layers.count - 1, through: 0, by: -step).map { layers[$0] }.reversed()
    guard !shown.isEmpty else { return nil }
    let width = (900 - 70 - 30) / Double(shown.count)
    var plot = Plot(width: 900, height: 560)
    for (column, layer) in shown.enumerated() {
      for (row, (kind, words)) in Self.perturbations.enumerated() {
        var panel = Plot.Panel(
          frame: Plot.Frame(70 + width * Double(column), 40 + 236 * Double(row), width - 28, 180))
        panel.title = "\(layer.replacing("|", with: "/")): \(words)"
        panel.x = Plot.Axis(label: row == 1 ? "channels (%)" : "", range: 0...100)
        panel.y = Plot.Axis(
          label: column == 0 ? "accuracy ratio" : "", range: 0...1.6, isLabelled: column == 0)
        for (selection, _, colour) in Self.selections {
          for (whose, dash) in [("target", 1), ("other", 2)] {
            guard let ratios = try ratios(layer, kind, selection, whose) else { continue }
            let means = (0..<ratios.columns).map { min(1.6, meanAndError(ratios.column($0)).mean) }
            panel.layers.append(.line(percentages, means, colour: colour, width: 1.6, dash: dash))
          }
        }
        panel.layers.append(.horizontal(1, colour: "#BBBBBB", dash: 3, width: 0.7))
        plot.add(panel)
      }
    }
    var x = 70.0
    for (selection, words, colour) in Self.selections
    where try ratios(layers[0], "ablate", selection, "target") != nil {
      plot.text(words, x, 540, size: 10, colour: colour)
      x += 8 * Double(words.count) + 20
    }
    plot.text("solid: the target class, dashed: another class", 870, 540, size: 10, align: "right")
    return Figure(
      name: "perturbation", title: "Ablating and preserving the channels of a class's mode",
      caption:
        "Accuracy after the perturbation over accuracy before it, averaged over trials, against the share of channels "
        + "that are kept alone (above) or removed (below), chosen by the class's contribution mode, its activation mode, each "
        + "channel's own correlation, or at random. Specific channels change the target class (solid) and spare others "
        + "(dashed). Ratios above 1.6 are drawn at 1.6.", plot: plot)
  }

  /// The area between target and other, by layer.
  func scores() throws -> Figure {
    var plot = Plot(width: 900, height: 320)
    let places = layers.indices.map(Double.init)
    for (column, (kind, words)) in Self.perturbations.enumerated() {
      var panel = Plot.Panel(frame: Plot.Frame(84 + 450 * Double(column), 40, 340, 200))
      panel.title = words
      panel.x = .layers(layers)
      panel.y = Plot.Axis(label: column == 0 ? "AUC (target − other) / other" : "")
      panel.key = column == 0 ? "top left" : nil
      for (selection, title, colour) in Self.selections {
        let scores = try layers.map { layer -> Double in
          let path = "/layers/\(layer)/\(kind)/\(selection)"
          return file.contains(path) ? try file.attribute("score", of: path)?.asNumber ?? .nan : .nan
        }
        guard scores.contains(where: \.isFinite) else { continue }
        panel.layers.append(.line(places, scores, colour: colour, width: 1.6, title: title))
        panel.layers.append(.points(places, scores, colour: colour, size: 0.7))
      }
      panel.layers.append(.horizontal(0, colour: "#BBBBBB", dash: 3, width: 0.7))
      plot.add(panel)
    }
    return Figure(
      name: "perturbation-scores", title: "How specific the perturbations are, by layer",
      caption:
        "Area under the target class's curve less that of another class, over the latter: above zero where preserving "
        + "keeps the target alone, below zero where ablating removes it alone.", plot: plot)
  }
}
