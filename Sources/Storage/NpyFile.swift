import Foundation
import Numerics
import Runtime

/// A NumPy array file (`.npy`, versions 1 to 3): the header is checked when opened, numbers are read as needed.
public struct NpyFile: Sendable {
  /// The file it was read from.
  public let path: String
  /// Length of each axis.
  public let shape: [Int]
  private let file: any ByteSource
  private let header: NpyHeader

  /// Whether the values are bytes from 0 to 255: pixels as cameras and projectors count them.
  public var isUnsignedBytes: Bool { header.format == .uint8 }
  /// Whether the values are whole numbers.
  public var isInteger: Bool { ![.float16, .float32, .float64].contains(header.format) }

  /// Opens an array of numbers.
  /// - Throws: `CodecError`: `fileSystem` where it cannot be read; `data` where it is no `.npy` file, holds something
  ///   other than numbers, or has too few or too many bytes.
  public init(reading path: String) throws { try self.init(ReadableFile(path)) }

  /// Opens an array inside any bytes.
  init(_ file: any ByteSource) throws {
    (self.file, path) = (file, file.path)
    header = try NpyHeader(of: file)
    shape = header.shape
  }

  /// The whole array, row-major.
  public func numbers<Number: BinaryFloatingPoint>(_ type: Number.Type = Number.self) throws -> [Number] {
    try numbers(type, rows: 0..<(shape.first ?? 1))
  }

  /// Some rows (entries of the first axis), row-major whatever the order in the file.
  public func numbers<Number: BinaryFloatingPoint>(
    _ type: Number.Type = Number.self, rows: Range<Int>
  ) throws -> [Number] {
    let rowCount = shape.dropFirst().reduce(1, *)
    precondition(rows.lowerBound >= 0 && rows.upperBound <= shape.first ?? 1)
    guard header.isFortranOrder, shape.count > 1 else {
      return try decode(elements: rows.lowerBound * rowCount..<rows.upperBound * rowCount)
    }
    var numbers = [Number](repeating: 0, count: rows.count * rowCount)
    for trailing in 0..<rowCount {
      // In Fortran order the rows of one trailing index stand side by side, its first axis varying fastest.
      var (column, rest, scale) = (0, trailing, rowCount)
      for length in shape.dropFirst() {
        scale /= length
        column += (rest % length) * scale
        rest /= length
      }
      let start = trailing * shape[0]
      let values: [Number] = try decode(elements: start + rows.lowerBound..<start + rows.upperBound)
      for (row, value) in values.enumerated() { numbers[row * rowCount + column] = value }
    }
    return numbers
  }

  /// Some entries of the second axis inside one of the first, row-major: frames of a channel of `[channel, time, …]`.
  public func numbers<Number: BinaryFloatingPoint>(
    _ type: Number.Type = Number.self, row: Int, entries: Range<Int>
  ) throws -> [Number] {
    precondition(shape.count > 1 && row >= 0 && row < shape[0])
    let length = shape.dropFirst(2).reduce(1, *)
    if header.isFortranOrder {
      let whole = try numbers(type, rows: row..<row + 1)
      return Array(whole[entries.lowerBound * length..<entries.upperBound * length])
    }
    let start = row * shape[1]
    return try decode(
      elements: (start + entries.lowerBound) * length..<(start + entries.upperBound) * length)
  }

  /// The whole array in single precision.
  public func tensor() throws -> Tensor { Tensor(shape: shape, elements: try numbers()) }

  /// Some rows in single precision.
  public func tensor(rows: Range<Int>) throws -> Tensor {
    Tensor(shape: [rows.count] + shape.dropFirst(), elements: try numbers(rows: rows))
  }

  private func decode<Number: BinaryFloatingPoint>(elements: Range<Int>) throws -> [Number] {
    let size = header.format.size
    let bytes = try file.bytes(
      at: header.dataStart + elements.lowerBound * size, count: elements.count * size)
    return header.format.decode(bytes, isBigEndian: header.isBigEndian)
  }
}

extension NpyFile {
  /// Writes a tensor as version 1; the file appears under its name only when complete.
  /// - Throws: `CodecError` of kind `fileSystem` where the folder or disk refuses.
  public static func write(_ tensor: Tensor, to path: String) throws {
    let lengths = tensor.shape.map(String.init).joined(separator: ", ") + (tensor.shape.count == 1 ? "," : "")
    var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(lengths)), }"
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    let count = text.utf8.count
    var bytes = NpyHeader.magic + [1, 0, UInt8(count & 0xFF), UInt8(count >> 8)] + Array(text.utf8)
    for value in tensor.elements { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 } }
    try AtomicFile.write(bytes, to: path)
  }
}
