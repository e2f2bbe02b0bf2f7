import Foundation
import Numerics
import Retina

/// Figures of cells described without a model.
struct CellFigures {
  let results: CellResults

  private static func colour(_ polarity: ReceptiveFieldShape.Polarity?) -> String {
    switch polarity {
    case .on: Colours.categories[1]
    case .off: Colours.categories[0]
    case .onOff: Colours.categories[2]
    case nil: Colours.faint
    }
  }

  /// Spatial and temporal part of each cell's spike-triggered average, up to twenty cells.
  func averages() throws -> Figure {
    let cells = results.cells
    let shown = min(cells.count, 20)
    let (columns, size) = (4, 100.0)
    let rows = (shown + columns - 1) / columns
    var plot = Plot(width: 900, height: 40 + Double(rows) * 146 + 30)
    for cell in 0..<shown {
      let field = try results.field(cell)
      let sign = results.polarity[cell].map { ", \($0.rawValue)" } ?? ""
      plot.addField(
        field, x: 34 + 218 * Double(cell % columns), y: 36 + 146 * Double(cell / columns), size: size,
        title: "cell \(cells[cell])\(sign)", limit: field.peak, interval: results.interval,
        isLabelled: cell + columns >= shown)
    }
    let rest = shown < cells.count ? " The first \(shown) of \(cells.count) cells." : ""
    return Figure(
      name: "spike-triggered-averages", title: "Spike-triggered averages",
      caption:
        "The mean stimulus before a cell's spikes, less the mean stimulus. Left of each pair: its spatial component, "
        + "\(results.width) × \(results.height) pixels (red: brighter than the mean, blue: darker); right: its time course. "
        + "Each map has its own colour limits. ON and OFF: the sign where the average is strongest." + rest,
      plot: plot)
  }

  /// The ellipses around the averages; nil where there is none.
  func mosaic() -> Figure? {
    let (height, width) = (Double(results.height), Double(results.width))
    var (plot, panel) = Plot.mosaic(height: height, width: width)
    for (row, ellipse) in results.ellipses.enumerated() {
      guard let ellipse else { continue }
      let (colour, outline) = (Self.colour(results.polarity[row]), ellipse.outline)
      panel.layers.append(.line(outline.map(\.0), outline.map(\.1), colour: colour, width: 1.6))
      panel.layers.append(.text(ellipse.x, ellipse.y, "\(results.cells[row])", colour: colour, size: 9))
    }
    guard !panel.layers.isEmpty else { return nil }
    plot.add(panel)
    let right = panel.frame.x + panel.frame.width + 14
    for (index, polarity) in [ReceptiveFieldShape.Polarity.on, .off, .onOff].enumerated() {
      let count = results.polarity.count { $0 == polarity }
      plot.text(
        "\(polarity.rawValue): \(count) cell\(count == 1 ? "" : "s")", right, 44 + 18 * Double(index),
        size: 10,
        colour: Self.colour(polarity))
    }
    return Figure(
      name: "sta-mosaic", title: "Receptive fields by spike-triggered average",
      caption:
        "One standard deviation around the squared spatial component of each cell's spike-triggered average, parts below "
        + "a quarter of its peak left out. Numbers are cell ids.", plot: plot)
  }
}
