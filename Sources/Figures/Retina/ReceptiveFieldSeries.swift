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
  }

  var height: Int { spatial.shape[2] }
  var width: Int { spatial.shape[3] }
  var history: Int { temporal.shape[2] }

  /// The field of a cell at a stimulus frame; nil where it is not in the file.
  func field(cell: Int, frame: Int) throws -> Field? {
    guard let column = cells.firstIndex(of: cell), let row = frames.firstIndex(of: frame) else { return nil }
    let one = row..<row + 1
    let map: [Double] = try spatial.numbers(in: [one, column..<column + 1, 0..<height, 0..<width])
    return Field(
      spatial: (0..<height).map { Array(map[$0 * width..<($0 + 1) * width]) },
      temporal: try temporal.numbers(in: [one, column..<column + 1, 0..<history]),
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
