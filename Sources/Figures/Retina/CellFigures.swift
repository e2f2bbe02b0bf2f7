import Foundation
import Numerics
import Storage

/// Cells described without a model: spike-triggered averages (an `sta.h5` or `cells.h5`).
struct CellFigures {
  let file: H5File
  let results: RetinaResults

  /// Spatial and temporal part of each cell's spike-triggered average, up to twenty cells.
  func averages() throws -> Figure {
    let cells: [Int] = try file.dataset("/cell_id", rank: 1).numbers()
    let spatial = try file.dataset("/spatial", rank: 3)
    let temporal = try file.dataset("/temporal", rank: 2)
    let polarity: [Int] = try file.dataset("/polarity", rank: 1).numbers()
    let shown = min(cells.count, 20)
    let (columns, size) = (4, 96.0)
    let rows = (shown + columns - 1) / columns
    var plot = Plot(width: 900, height: 40 + Double(rows) * 152 + 36)
    let width = spatial.shape[2]
    for cell in 0..<shown {
      let map: [Double] = try spatial.numbers(rows: cell..<cell + 1)
      let field = ReceptiveFieldSeries.Field(
        spatial: stride(from: 0, to: map.count, by: width).map { Array(map[$0..<$0 + width]) },
        temporal: try temporal.numbers(rows: cell..<cell + 1), share: 1)
      let sign = polarity[cell] > 0 ? ", ON" : polarity[cell] < 0 ? ", OFF" : ""
      plot.addField(
        field, x: 34 + 214 * Double(cell % columns), y: 40 + 152 * Double(cell / columns), size: size,
        title: "cell \(cells[cell])\(sign)", limit: field.peak, interval: results.interval,
        isLabelled: cell / columns == rows - 1 || cell + columns >= shown)
    }
    let rest = shown < cells.count ? " The first \(shown) of \(cells.count) cells." : ""
    return Figure(
      name: "spike-triggered-averages", title: "Spike-triggered averages",
      caption:
        "The mean stimulus before a cell's spikes: its spatial component (red: brighter than the mean) beside its "
        + "time course. Each map has its own colour limits." + rest, plot: plot)
  }

  /// The ellipses fitted to the averages; nil where none fits.
  func mosaic() throws -> Figure? {
    let cells: [Int] = try file.dataset("/cell_id", rank: 1).numbers()
    let ellipses: [Double] = try file.dataset("/ellipse", rank: 2).numbers()
    let polarity: [Int] = try file.dataset("/polarity", rank: 1).numbers()
    let shape = try file.dataset("/spatial", rank: 3).shape
    let (height, width) = (Double(shape[1]), Double(shape[2]))
    let scale = 400 / max(height, width)
    var plot = Plot(width: 620, height: height * scale + 90)
    var panel = Plot.Panel(frame: Plot.Frame(70, 30, width * scale, height * scale))
    panel.border = 15
    panel.x = Plot.Axis(label: "x (pixels)", range: -0.5...width - 0.5)
    panel.y = Plot.Axis(label: "y (pixels)", range: -0.5...height - 0.5, isReversed: true)
    for (row, cell) in cells.enumerated() {
      let fit = Array(ellipses[7 * row..<7 * row + 5])
      guard fit.allSatisfy(\.isFinite) else { continue }
      let colour =
        polarity[row] > 0 ? Colours.categories[1] : polarity[row] < 0 ? Colours.categories[0] : Colours.faint
      let turns = (0...48).map { Double($0) / 48 * 2 * Double.pi }
      let points = turns.map { turn -> (Double, Double) in
        let (u, v) = (fit[2] * cos(turn), fit[3] * sin(turn))
        return (fit[1] + u * cos(fit[4]) - v * sin(fit[4]), fit[0] + u * sin(fit[4]) + v * cos(fit[4]))
      }
      panel.layers.append(.line(points.map(\.0), points.map(\.1), colour: colour, width: 1.6))
      panel.layers.append(.text(fit[1], fit[0], "\(cell)", colour: colour, size: 9))
    }
    guard !panel.layers.isEmpty else { return nil }
    plot.add(panel)
    let right = 70 + width * scale + 14
    for (index, (name, colour)) in [
      ("ON", Colours.categories[1]), ("OFF", Colours.categories[0]), ("unclear", Colours.faint),
    ].enumerated() {
      plot.text(name, right, 44 + 18 * Double(index), size: 10, colour: colour)
    }
    return Figure(
      name: "sta-mosaic", title: "Receptive fields by spike-triggered average",
      caption:
        "One standard deviation of the Gaussian fitted to each cell's spike-triggered average. Numbers are cell ids.",
      plot: plot)
  }
}
