import Foundation
import Numerics
import Retina

/// Instantaneous receptive fields while single modes and combinations of modes are on (paper Fig. 8D), and where the
/// cells' receptive fields lie.
struct FieldFigures {
  let results: RetinaResults

  private static let cellWidth = 206.0
  private static let rowHeight = 152.0

  /// One field to show.
  private struct Shown {
    let title: String
    let field: ReceptiveFieldSeries.Field
  }

  /// One mode on alone, in up to four cells at up to four moments.
  func singleModes(_ layer: RetinaResults.Layer) throws -> Figure? {
    let byMode = Dictionary(grouping: layer.single) { $0.modes.first ?? -1 }
    // The mode with the most cells, of these the one with the most frames, of these the first.
    let best = byMode.max { one, other in
      let (a, b) = (
        (one.value.count, one.value.map(\.count).reduce(0, +)),
        (other.value.count, other.value.map(\.count).reduce(0, +))
      )
      return a != b ? a < b : one.key > other.key
    }
    guard let (mode, found) = best else { return nil }
    var rows: [(String, [Shown])] = []
    for entry in found.sorted(by: { ($1.count, $0.cell) < ($0.count, $1.cell) }).prefix(4) {
      let shown = try shown(entry, limit: 4) { "\(results.moment($0))" }
      if !shown.isEmpty { rows.append(("cell \(entry.cell)", shown)) }
    }
    return figure(
      name: "irf-single-mode-\(layer.name)",
      title: "Receptive fields while mode \(mode) of \(layer.name) is on alone",
      caption:
        "Instantaneous receptive fields (what raises the cell's rate at that moment) at frames where mode \(mode) "
        + "is the only one on in \(layer.name) and the cell fires above 1 Hz: the highest loading first, then far apart in "
        + "time. Each row is a cell.", rows)
  }

  /// The commonest combinations of modes of up to five cells.
  func combinations(_ layer: RetinaResults.Layer) throws -> Figure? {
    var rows: [(String, [Shown])] = []
    for cell in results.cells {
      let several = layer.combinations.filter { $0.cell == cell && $0.modes.count > 1 }
      var row: [Shown] = []
      for entry in several where row.count < 4 {
        let modes = entry.modes.map { "\($0)" }.joined(separator: "+")
        row += try shown(entry, limit: 1) { "modes \(modes)\n\(results.moment($0))" }
      }
      if row.count > 1, rows.count < 5 { rows.append(("cell \(cell)", row)) }
    }
    return figure(
      name: "irf-combinations-\(layer.name)",
      title: "Receptive fields change with the combination of modes of \(layer.name)",
      caption:
        "Each cell's instantaneous receptive field at a frame of each of its commonest combinations of two to five "
        + "modes, the cell firing above 1 Hz. Each row is a cell.", rows)
  }

  private func shown(
    _ entry: RetinaResults.Combination, limit: Int, title: (Int) -> String
  ) throws -> [Shown] {
    var found: [Shown] = []
    for frame in entry.frames where found.count < limit {
      guard let sample = results.sample(ofFrame: frame),
        let field = try results.fields.field(cell: entry.cell, frame: frame)
      else { continue }
      found.append(Shown(title: title(sample), field: field))
    }
    return found
  }

  private func figure(name: String, title: String, caption: String, _ rows: [(String, [Shown])]) -> Figure? {
    guard !rows.isEmpty else { return nil }
    let columns = rows.map(\.1.count).max() ?? 1
    var plot = Plot(
      width: max(520, 80 + Self.cellWidth * Double(columns)),
      height: 24 + Self.rowHeight * Double(rows.count) + 46)
    for (row, (label, shown)) in rows.enumerated() {
      let top = 46 + Self.rowHeight * Double(row)
      plot.text(label, 18, top + 50, size: 10, align: "center", bold: true, rotate: true)
      let limit = shown.map(\.field.peak).max() ?? 1
      plot.text(
        "± \(rounded(limit)) \(results.fields.shortUnits)", 36, top + 50, size: 8, align: "center",
        colour: "#555555",
        rotate: true)
      for (column, one) in shown.enumerated() {
        plot.addField(
          one.field, x: 52 + Self.cellWidth * Double(column), y: top, size: 100, title: one.title,
          limit: limit,
          interval: results.interval, isLabelled: row == rows.count - 1)
      }
    }
    return Figure(
      name: name, title: title,
      caption: caption
        + " Left of each pair: the spatial component (red: light raises the rate where the time course is above zero), "
        + "colours alike within a row up to what is written at its left (per standard deviation of the stimulus); right: its "
        + "time course, scaled to its peak. Time "
        + "courses have the same sign throughout, so that colours can be compared.", plot: plot)
  }

  /// Ellipses of one standard deviation around each cell's mean squared receptive field.
  func mosaic() throws -> Figure {
    let fields = results.fields
    let energy = try fields.energy()
    let (height, width) = (Double(fields.height), Double(fields.width))
    var (plot, panel) = Plot.mosaic(height: height, width: width)
    for (row, cell) in results.cells.enumerated() {
      guard let ellipse = FieldEllipse(energy: energy[row], width: fields.width) else { continue }
      let colour = Colours.category(results.byContributions?.labels[row] ?? -1)
      let outline = ellipse.outline
      panel.layers.append(.line(outline.map(\.0), outline.map(\.1), colour: colour, width: 1.6))
      panel.layers.append(.text(ellipse.x, ellipse.y, "\(cell)", colour: colour, size: 10))
    }
    plot.add(panel)
    for (row, label) in Set(results.byContributions?.labels ?? []).sorted().enumerated() {
      plot.text(
        label < 0 ? "no cluster" : "cluster \(label)", panel.frame.x + panel.frame.width + 14,
        44 + 18 * Double(row), size: 10, colour: Colours.category(label))
    }
    return Figure(
      name: "mosaic", title: "Where the cells' receptive fields lie",
      caption:
        "One standard deviation of each cell's squared spatial receptive field, averaged over moments of the movie. "
        + "Colours: clusters by contributions; numbers: cell ids.", plot: plot)
  }
}

extension Plot {
  /// A figure with the stimulus's frame, and space for a legend at its right.
  static func mosaic(height: Double, width: Double) -> (Plot, Panel) {
    let scale = 400 / max(height, width)
    // A movie of bars has one row of pixels.
    let panelHeight = max(height * scale, 80)
    var panel = Panel(frame: Frame(70, 30, width * scale, panelHeight))
    panel.border = 15
    let step = step(max(height, width), pixels: 400, apart: 50)
    panel.x = Axis(label: "x (pixels)", range: -0.5...width - 0.5, ticks: .few(step))
    panel.y = Axis(
      label: height < 2 ? "" : "y (pixels)", range: -0.5...height - 0.5,
      ticks: height < 2 ? .none : .few(step),
      isReversed: true)
    return (Plot(width: 620, height: panelHeight + 90), panel)
  }
}
