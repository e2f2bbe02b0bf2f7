import Foundation
import Numerics
import Storage

/// What the autoencoder's options change (paper S3–S6).
struct SweepFigure {
  let file: H5File

  private static let quantities = [
    ("r2", "R²"), ("alive", "modes alive"), ("classes_above", "classes above 0.2"),
    ("baseline_correlation", "like the baseline"), ("ablation_score", "ablation score"),
  ]

  func figure() throws -> Figure {
    let layers = try ImageResults.layers(of: file)
    let names = try file.dataset("/configuration/name", rank: 1).texts()
    let shown = try Self.quantities.filter { quantity in
      try layers.contains {
        try file.column("/layers/\($0)/\(quantity.0)")?.contains(where: \.isFinite) ?? false
      }
    }
    let places = names.indices.map(Double.init)
    let height = max(200, 17 * Double(names.count))
    let width = (900 - 190 - 20) / Double(max(shown.count, 1))
    var plot = Plot(width: 900, height: height + 110)
    for (column, (name, title)) in shown.enumerated() {
      var panel = Plot.Panel(frame: Plot.Frame(190 + width * Double(column), 36, width - 18, height))
      panel.title = title
      panel.y = Plot.Axis(
        range: -0.5...Double(names.count) - 0.5,
        ticks: column == 0 ? .at(names.enumerated().map { (Double($0), $1) }) : .none, isReversed: true)
      for (index, layer) in layers.enumerated() {
        let values = try file.column("/layers/\(layer)/\(name)") ?? []
        panel.layers.append(
          .points(values, places, colour: Colours.category(index), size: 0.8, kind: [7, 5, 9, 13][index % 4]))
      }
      plot.add(panel)
    }
    for (index, layer) in layers.enumerated() {
      plot.text(
        "● \(layer.replacing("|", with: "/"))", 190 + 150 * Double(index), height + 92, size: 10,
        colour: Colours.category(index))
    }
    return Figure(
      name: "sweep", title: "What the autoencoder's options change",
      caption: "Each row is a configuration of the autoencoder, each colour a layer.", plot: plot)
  }
}
