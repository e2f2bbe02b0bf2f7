import Numerics
import Runtime
import Storage

/// Receptive fields' space and time components of an `irf.h5` or `explorer.h5`, read as they are needed.
struct ReceptiveFieldSeries {
  /// One field.
  struct Field {
    /// Rows from the top.
    let spatial: [[Double]]
    /// Oldest lag first, unit norm.
    let temporal: [Double]
    let share: Double
    var peak: Double { spatial.joined().map(abs).max() ?? 0 }
  }

  let cells: [Int]
  /// Stimulus frames, ascending.
  let frames: [Int]
  let spatial, temporal, share: H5Dataset
  let units: String
  /// Each cell's common time course, its largest lobe upwards.
  private let courses: [[Double]]

  init(_ file: H5File) throws {
    cells = try file.dataset("/cell_id", rank: 1).numbers()
    frames = try file.dataset("/frame", rank: 1).numbers()
    spatial = try file.dataset("/spatial", rank: 4)
    temporal = try file.dataset("/temporal", rank: 3)
    share = try file.dataset("/singular_value_share", rank: 2)
    units = try spatial.attribute("units")?.asText ?? "1"
    guard spatial.shape[0] == frames.count, spatial.shape[1] == cells.count,
      Array(temporal.shape.prefix(2)) == [frames.count, cells.count],
      share.shape == [frames.count, cells.count]
    else {
      throw CodecError(
        .data,
        "fields of shape \(spatial.shape) and \(temporal.shape) for \(frames.count) frames and \(cells.count) cells",
        at: file.name)
    }
    courses = try Self.courses(temporal)
  }

  /// One time course for each cell, which stands for those of all moments: their first principal component without
  /// centring, so that it does not matter which sign each has.
  private static func courses(_ temporal: H5Dataset) throws -> [[Double]] {
    let (frames, cells, lags) = (temporal.shape[0], temporal.shape[1], temporal.shape[2])
    let values: [Float] = try temporal.numbers()
    return (0..<cells).map { cell in
      let byLag = (0..<lags).flatMap { lag in
        (0..<frames).map { values[($0 * cells + cell) * lags + lag] }
      }
      let course = LinearAlgebra.rankOne(byLag[...], rows: lags, columns: frames).left
      let largest = course.max { abs($0) < abs($1) } ?? 0
      return largest < 0 ? course.map { -$0 } : course
    }
  }

  /// The sign that makes a time course agree with the others of its cell. Space and time components are known up to a
  /// common sign alone; with this one the colours of a cell's fields can be compared.
  func sign(_ temporal: some Sequence<Double>, cell column: Int) -> Double {
    zip(temporal, courses[column]).reduce(0) { $0 + $1.0 * $1.1 } < 0 ? -1 : 1
  }

  var height: Int { spatial.shape[2] }
  var width: Int { spatial.shape[3] }
  var history: Int { temporal.shape[2] }

  /// The field of a cell at a stimulus frame; nil where it is not in the file.
  func field(cell: Int, frame: Int) throws -> Field? {
    guard let column = cells.firstIndex(of: cell), let row = frames.firstIndex(of: frame) else { return nil }
    let one = row..<row + 1
    let map: [Double] = try spatial.numbers(in: [one, column..<column + 1, 0..<height, 0..<width])
    let course: [Double] = try temporal.numbers(in: [one, column..<column + 1, 0..<history])
    let sign = sign(course, cell: column)
    return Field(
      spatial: (0..<height).map { map[$0 * width..<($0 + 1) * width].map { sign * $0 } },
      temporal: course.map { sign * $0 },
      share: try share.numbers(in: [one, column..<column + 1])[0])
  }

  /// The mean squared spatial component of each cell over at most so many frames: where its receptive field is.
  func energy(frames most: Int = 64) throws -> [[Double]] {
    let step = max(1, frames.count / most)
    var energy = Array(repeating: Array(repeating: 0.0, count: height * width), count: cells.count)
    for row in stride(from: 0, to: frames.count, by: step) {
      let values: [Double] = try spatial.numbers(rows: row..<row + 1)
      for (index, value) in values.enumerated() {
        energy[index / (height * width)][index % (height * width)] += value * value
      }
    }
    return energy
  }
}
