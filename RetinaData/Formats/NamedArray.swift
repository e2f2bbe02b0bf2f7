import Foundation
import Numerics
import Runtime
import Storage

/// An array in a file: `FILE.npy`, `FILE.npz:NAME`, `FILE.h5:DATASET`.
public enum NamedArray {
  /// An HDF5 dataset or a NumPy array.
  enum Contents {
    case hdf5(H5Dataset)
    case numpy(NpyFile)
  }

  /// Opens the array that a command line names; nil where its name is that of no array file.
  /// - Parameter usual: names that are taken where none is given.
  static func open(_ text: String, usual: [String]) throws -> Contents? {
    let (path, name) = split(text)
    switch URL(filePath: path).pathExtension.lowercased() {
    case "npy": return .numpy(try NpyFile(reading: path))
    case "npz":
      let archive = try NpzFile(reading: path)
      return .numpy(try archive.array(name ?? chosen(from: archive.names, usual, text)))
    case "h5", "hdf5", "nwb":
      let file = try H5File(reading: path)
      let paths = try name == nil ? file.datasets().map { String($0.dropFirst()) } : []
      return .hdf5(try file.dataset(name ?? chosen(from: paths, usual, text)))
    default: return nil
    }
  }

  /// The file of a name, without what follows the colon.
  public static func path(of text: String) -> String { split(text).path }

  private static func split(_ text: String) -> (path: String, name: String?) {
    for suffix in [".npz:", ".h5:", ".hdf5:", ".nwb:"] {
      guard let end = text.range(of: suffix) else { continue }
      return (String(text[..<text.index(before: end.upperBound)]), String(text[end.upperBound...]))
    }
    return (text, nil)
  }

  private static func chosen(from names: [String], _ usual: [String], _ text: String) throws -> String {
    let found = names.filter(usual.contains)
    guard let name = found.count == 1 ? found[0] : names.count == 1 ? names[0] : nil else {
      throw CodecError(
        .usage, "which of its arrays?", at: text,
        remedy: "name one as \(URL(filePath: text).lastPathComponent):NAME, out of "
          + names.prefix(40).joined(separator: ", "))
    }
    return name
  }

  /// Times of frames in seconds: an array of one axis or a list in a text file.
  /// - Throws: `CodecError` naming what is no list of times.
  public static func times(_ text: String) throws -> [Double] {
    switch try open(text, usual: ["time", "times", "frame_time", "frame_times", "timestamps"]) {
    case .numpy(let array)?:
      guard array.shape.count == 1 else {
        throw CodecError(.data, "times of shape \(array.shape)", at: text, remedy: "one axis is expected")
      }
      return try array.numbers()
    case .hdf5(let dataset)?:
      guard dataset.shape.count == 1 else {
        throw CodecError(.data, "times of shape \(dataset.shape)", at: text, remedy: "one axis is expected")
      }
      return try dataset.numbers()
    case nil:
      let table = try NumberTable(reading: text)
      let column = table.column(["time", "times", "frame_time", "onset", "seconds", "t", "timestamp"]) ?? 0
      guard Set(table.rows.map(\.count)).count == 1, table.rows[0].count == 1 || table.header != nil else {
        throw CodecError(
          .data, "several numbers in a line of times", at: text, remedy: "give one time a line")
      }
      return table.rows.map { $0[column] }
    }
  }

  /// Responses `[cell, time]` to a movie; `[time, cell]` is turned, with a remark.
  /// - Throws: `CodecError` of kind `data` where neither axis is as long as the movie.
  public static func responses(_ text: String, frames: Int) throws -> (values: Tensor, remarks: [String]) {
    let usual = ["rates", "counts", "responses", "response", "firing_rate"]
    let values: Tensor
    switch try open(text, usual: usual) {
    case .numpy(let array)?: values = try array.tensor()
    case .hdf5(let dataset)?: values = try dataset.tensor()
    case nil:
      throw CodecError(
        .usage, "responses are no array", at: text, remedy: "give FILE.npy, FILE.npz:NAME or FILE.h5:DATASET")
    }
    if let index = values.elements.firstNonFiniteIndex {
      throw CodecError(.data, "element \(index) of the responses is not finite", at: text)
    }
    guard values.shape.count == 2, values.shape.contains(frames) else {
      throw CodecError(
        .data, "responses of shape \(values.shape) to a movie of \(frames) frames", at: text,
        remedy: "expected [cell, time]")
    }
    guard values.shape[1] != frames else { return (values, []) }
    let cells = values.shape[1]
    let turned = (0..<cells).flatMap { cell in
      stride(from: cell, to: values.count, by: cells).map { values.elements[$0] }
    }
    return (Tensor(shape: [cells, frames], elements: turned), ["\(text) is [time, cell]: turned"])
  }
}
