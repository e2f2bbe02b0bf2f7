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
  /// Where ratios are cut off: of few pictures before the perturbation they can be large.
  private static let most = 1.6
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
    let width = (900 - 84 - 10) / Double(shown.count)
    var plot = Plot(width: 900, height: 616)
    let top = try highest(Array(shown))
    for (column, layer) in shown.enumerated() {
      for (row, (kind, words)) in Self.perturbations.enumerated() {
        var panel = Plot.Panel(
          frame: Plot.Frame(84 + width * Double(column), 40 + 270 * Double(row), width - 28, 180))
        panel.title = "\(layer.replacing("|", with: "/")): \(words)"
        panel.x = Plot.Axis(label: row == 0 ? "channels kept (%)" : "channels removed (%)", range: 0...100)
        panel.y = Plot.Axis(
          label: column == 0 ? "accuracy after / before" : "", range: 0...top, isLabelled: column == 0)
        for (selection, _, colour) in Self.selections {
          for (whose, dash) in [("target", 1), ("other", 2)] {
            guard let ratios = try ratios(layer, kind, selection, whose) else { continue }
            let means = (0..<ratios.columns).map { min(Self.most, meanAndError(ratios.column($0)).mean) }
            panel.layers.append(.line(percentages, means, colour: colour, width: 1.6, dash: dash))
          }
        }
        panel.layers.append(.horizontal(1, colour: "#BBBBBB", dash: 3, width: 0.7))
        plot.add(panel)
      }
    }
    try addLegend(at: 582, to: &plot)
    plot.text("solid: the target class, dashed: another class", 84, 602, size: 10)
    return Figure(
      name: "perturbation", title: "Ablating and preserving the channels of a class's mode",
      caption:
        "Accuracy after the perturbation over accuracy before it, averaged over trials, against the share of channels "
        + "that are kept alone (above) or removed (below), chosen by the class's contribution mode, its activation mode, each "
        + "channel's own correlation, or at random. Specific channels change the target class (solid) and spare others "
        + "(dashed). Ratios above 1.6 are drawn at 1.6.", plot: plot)
  }

  /// The largest mean ratio of some layers, at least 1.1 and at most what is drawn.
  private func highest(_ layers: [String]) throws -> Double {
    var top = 1.1
    for layer in layers {
      for (kind, _) in Self.perturbations {
        for (selection, _, _) in Self.selections {
          for whose in ["target", "other"] {
            guard let ratios = try ratios(layer, kind, selection, whose) else { continue }
            let means = (0..<ratios.columns).map { meanAndError(ratios.column($0)).mean }
            top = max(top, means.filter(\.isFinite).max() ?? 0)
          }
        }
      }
    }
    return min(top * 1.02, Self.most)
  }

  /// How channels were selected, in the colours of their lines.
  private func addLegend(at y: Double, to plot: inout Plot) throws {
    var x = 84.0
    for (selection, words, colour) in Self.selections
    where try ratios(layers[0], "ablate", selection, "target") != nil {
      plot.text(words, x, y, size: 10, colour: colour, bold: true)
      x += 8.4 * Double(words.count) + 14
    }
  }

  /// The area between target and other, by layer.
  func scores() throws -> Figure {
    var plot = Plot(width: 900, height: 340)
    let places = layers.indices.map(Double.init)
    for (column, (kind, words)) in Self.perturbations.enumerated() {
      var panel = Plot.Panel(frame: Plot.Frame(84 + 450 * Double(column), 40, 340, 200))
      panel.title = words
      panel.x = .layers(layers)
      panel.y = Plot.Axis(label: column == 0 ? "(target − other) / other" : "")
      for (selection, _, colour) in Self.selections {
        let scores = try layers.map { layer -> Double in
          let path = "/layers/\(layer)/\(kind)/\(selection)"
          return file.contains(path) ? try file.attribute("score", of: path)?.asNumber ?? .nan : .nan
        }
        guard scores.contains(where: \.isFinite) else { continue }
        panel.layers.append(.line(places, scores, colour: colour, width: 1.6))
        panel.layers.append(.points(places, scores, colour: colour, size: 0.7))
      }
      panel.layers.append(.horizontal(0, colour: "#BBBBBB", dash: 3, width: 0.7))
      plot.add(panel)
    }
    try addLegend(at: 316, to: &plot)
    return Figure(
      name: "perturbation-scores", title: "How specific the perturbations are, by layer",
      caption:
        "Area under the curve of accuracy against the share of channels, of the target class less that of another class, "
        + "over the latter: above zero where preserving keeps the target alone, below zero where ablating removes it alone.",
      plot: plot)
  }
}
