import Foundation
import Numerics

/// Numbers as the page carries them: bytes in base64.
struct PackedArray: Encodable {
  enum Kind: String, Encodable { case i8, u8, i16, u16, i32, f32 }
  let type: Kind
  let bytes: String

  init(_ values: [Float]) { self.init(.f32, values.map(\.bitPattern)) }
  init(_ values: [UInt8]) { (type, bytes) = (.u8, Data(values).base64EncodedString()) }
  init(_ values: [Int8]) {
    (type, bytes) = (.i8, Data(values.map(UInt8.init(bitPattern:))).base64EncodedString())
  }
  init(_ values: [Int16]) { self.init(.i16, values.map(UInt16.init(bitPattern:))) }
  init(_ values: [UInt16]) { self.init(.u16, values) }
  init(_ values: [Int32]) { self.init(.i32, values.map(UInt32.init(bitPattern:))) }

  /// Little-endian, as every browser's machine is.
  private init<Bits: FixedWidthInteger>(_ kind: Kind, _ values: [Bits]) {
    var data = Data(capacity: values.count * MemoryLayout<Bits>.size)
    for value in values {
      for byte in 0..<MemoryLayout<Bits>.size {
        data.append(UInt8(truncatingIfNeeded: value >> Bits(8 * byte)))
      }
    }
    (type, bytes) = (kind, data.base64EncodedString())
  }
}

/// A matrix in 16-bit integers with a scale for each column: finer than a screen shows. NaN is the lowest integer.
struct PackedMatrix: Encodable {
  let values: PackedArray
  let columns: Int
  let scales: [Double]

  /// - Parameter rows: which rows are packed; nil takes all.
  init(_ matrix: Matrix, rows: [Int]? = nil) {
    let rows = rows ?? Array(0..<matrix.rows)
    var peaks = Array(repeating: 0.0, count: matrix.columns)
    for row in rows {
      for column in peaks.indices {
        let value = abs(matrix[row, column])
        if value.isFinite, value > peaks[column] { peaks[column] = value }
      }
    }
    var packed: [Int16] = []
    packed.reserveCapacity(rows.count * matrix.columns)
    for row in rows {
      for column in peaks.indices {
        let value = matrix[row, column]
        packed.append(
          !value.isFinite ? .min : peaks[column] > 0 ? Int16((value / peaks[column] * 32767).rounded()) : 0)
      }
    }
    (values, columns, scales) = (PackedArray(packed), matrix.columns, peaks.map { $0 / 32767 })
  }

  init(column: [Double], rows: [Int]) {
    self.init(Matrix(rows: column.count, columns: 1, elements: column), rows: rows)
  }
}
