import Contributions
import Numerics
import Retina
import Runtime
import Storage

/// Cells described by their recording alone, as an `sta.h5` or a `cells.h5` holds them.
struct CellResults {
  /// What a model predicts for the frames that were shown repeatedly.
  struct Prediction {
    let cells: [Int]
    /// The frame of each row of `rates`.
    let frames: [Int]
    /// Hz, `[frame, cell]`.
    let rates: Matrix
  }

  let file: H5File
  let cells: [Int]
  /// Nil where a cell's average is zero throughout.
  let polarity: [ReceptiveFieldShape.Polarity?]
  let ellipses: [FieldEllipse?]
  let frameRate: Double?

  private let spatial, temporal: H5Dataset

  /// - Throws: `CodecError` naming the dataset that is missing or does not fit.
  init(_ file: H5File) throws {
    self.file = file
    cells = try file.dataset("/cell_id", rank: 1).numbers()
    spatial = try file.dataset("/spatial", rank: 3)
    temporal = try file.dataset("/temporal", rank: 2)
    polarity = try file.dataset("/polarity", rank: 1).texts().map(ReceptiveFieldShape.Polarity.init)
    frameRate = try file.attribute("frame_rate")?.asNumber
    let ellipse = try file.dataset("/ellipse", rank: 2).matrix()
    guard spatial.rows == cells.count, temporal.rows == cells.count, polarity.count == cells.count,
      ellipse.rows == cells.count, ellipse.columns == 5
    else { throw CodecError(.data, "datasets of other numbers of cells than \(cells.count)", at: file.path) }
    let raster = file.contains("/raster") ? try file.dataset("/raster", rank: 3) : nil
    repeats = raster.map { ($0.shape[1], $0.shape[2]) }
    ellipses = cells.indices.map { cell in
      let one = Array(ellipse.row(cell))
      guard one.allSatisfy(\.isFinite) else { return nil }
      return FieldEllipse(y: one[0], x: one[1], major: one[2], minor: one[3], angle: one[4])
    }
  }

  var height: Int { spatial.shape[1] }
  var width: Int { spatial.shape[2] }
  /// Milliseconds between frames; nil where unknown.
  var interval: Double? { frameRate.map { 1000 / $0 } }

  /// Space and time component of a cell's average.
  func field(_ row: Int) throws -> ReceptiveFieldSeries.Field {
    let map: [Double] = try spatial.numbers(rows: row..<row + 1)
    return ReceptiveFieldSeries.Field(
      spatial: stride(from: 0, to: map.count, by: width).map { Array(map[$0..<$0 + width]) },
      temporal: try temporal.numbers(rows: row..<row + 1), share: 1)
  }

  /// One number for each cell; nil where the file has none.
  func column(_ name: String) throws -> [Double]? { try file.column("/\(name)") }

  /// The number of repeats and of frames; nil where nothing was shown repeatedly.
  let repeats: (count: Int, frames: Int)?

  /// A cell's responses, `[repeat][frame]`, in the first so many frames.
  func raster(_ row: Int, frames: Int) throws -> [[Double]] {
    let raster = try file.dataset("/raster", rank: 3)
    let values: [Double] = try raster.numbers(in: [row..<row + 1, 0..<raster.shape[1], 0..<frames])
    return stride(from: 0, to: values.count, by: frames).map { Array(values[$0..<$0 + frames]) }
  }

  /// The prediction in a `contributions.h5` made of the same recording and as many frames; nil where it is of another.
  func prediction(_ contributions: H5File?) throws -> Prediction? {
    guard let contributions, let repeats, try file.shares(inputsWith: contributions),
      try contributions.attribute("units", of: "/output")?.asText == "Hz"
    else { return nil }
    let found = try ContributionFile(reading: contributions.path)
    let frames = try found.frames()
    guard frames.last == repeats.frames - 1 else { return nil }
    return Prediction(cells: try found.unitIDs(), frames: frames, rates: try found.output())
  }
}

extension H5File {
  /// Whether both results were made from a file with the same bytes.
  fileprivate func shares(inputsWith other: H5File) throws -> Bool {
    let ours = Set(try Provenance(of: self).inputs.map(\.sha256))
    return try Provenance(of: other).inputs.contains { ours.contains($0.sha256) }
  }
}
