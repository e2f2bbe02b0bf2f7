import Numerics
import Runtime
import Storage

extension CellDescription {
  /// The kind of result that `writeAverages` writes.
  public static let averagesSchema = "sta"
  /// The kind of result that `writeCells` writes.
  public static let cellsSchema = "cells"
  /// The layouts' version.
  public static let schemaVersion = 1

  /// Writes the averages and what they show: `/sta`, `/spatial`, `/temporal` and one number for each cell.
  public func writeAverages(to writer: ResultWriter) throws {
    try writer.write(
      averages, to: "/sta", axes: ["cell", "lag", "y", "x"], units: "stimulus units",
      attributes: ["weights": .text(weightName)])
    try writeShapes(to: writer)
    try writer.commit()
  }

  /// Writes what is known of each cell: shapes of the averages, reliability, PSTH and raster.
  public func writeCells(to writer: ResultWriter) throws {
    try writeShapes(to: writer)
    try write(rows.map(\.splitHalfCorrelation), "/split_half_correlation", "1", writer)
    try write(rows.map(\.explainableVariance), "/explainable_variance", "1", writer)
    try write(reliability?.map { Optional($0.correlationCeiling) }, "/correlation_ceiling", "1", writer)
    if let repeats {
      try writer.write(
        repeats, to: "/raster", axes: ["cell", "repeat", "time"], units: "as recorded, in a frame",
        attributes: ["split": .text(repeatedSplit ?? "")])
      let (count, times) = (repeats.shape[1], repeats.shape[2])
      let average = (0..<cells.count).flatMap { cell in
        Statistics.columnMeans(
          Matrix(rows: count, columns: times, elements: repeats.row(cell).map(Double.init)))
      }
      try writer.write(
        average, shape: [cells.count, times], to: "/psth", axes: ["cell", "time"],
        units: "as recorded, in a frame")
    }
    try writer.commit()
  }

  private func writeShapes(to writer: ResultWriter) throws {
    let (lags, height, width) = (averages.shape[1], averages.shape[2], averages.shape[3])
    try writer.write(cells, shape: [cells.count], to: "/cell_id", axes: ["cell"], units: "id")
    if let frameRate { try writer.setAttribute("frame_rate", to: .number(frameRate)) }
    try writer.write(
      Tensor(shape: [cells.count, height, width], elements: shapes.flatMap(\.components.spatial)),
      to: "/spatial", axes: ["cell", "y", "x"], units: "stimulus units")
    try writer.write(
      Tensor(shape: [cells.count, lags], elements: shapes.flatMap(\.components.temporal)), to: "/temporal",
      axes: ["cell", "lag"], units: "1", attributes: ["lag_0": "oldest"])
    let shares = shapes.map { Optional($0.components.singularValueShare) }
    try write(shares, "/singular_value_share", "1", writer)
    try writer.write(rows.map { $0.polarity ?? "" }, to: "/polarity", axes: ["cell"])
    try write(rows.map(\.weakerSign), "/weaker_sign", "1", writer)
    try write(rows.map { $0.peakLag.map(Double.init) }, "/peak_lag", "frames before the response", writer)
    try write(shapes.map(\.peakDelay), "/peak_delay", "frames before the response", writer)
    try write(rows.map { Optional($0.meanRate) }, "/mean_rate", "Hz", writer)
    try write(
      rows.map { Optional($0.weight) }, "/weight", weightName == "counts" ? "spikes" : "sum of rates", writer)
    try write(rows.map(\.signalToNoise), "/signal_to_noise", "1", writer)
    let ellipses = shapes.flatMap { shape in
      shape.ellipse.map { [$0.y, $0.x, $0.major, $0.minor, $0.angle] } ?? Array(repeating: .nan, count: 5)
    }
    try writer.write(
      ellipses, shape: [cells.count, 5], to: "/ellipse", axes: ["cell", "y, x, major, minor, angle"],
      units: "pixels; angle in radians from x towards y")
  }

  private func write(_ values: [Double?]?, _ path: String, _ units: String, _ writer: ResultWriter) throws {
    guard let values else { return }
    try writer.write(
      values.map { $0 ?? .nan }, shape: [values.count], to: path, axes: ["cell"], units: units)
  }
}
