import Foundation
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct H5RowReaderTests {
  @Test(arguments: [NumberType.uint8, .int8, .int16, .float32], [1, 7, 64])
  func rows_areThoseOfTheDataset(type: NumberType, chunkRows: Int) throws {
    let path = try Fixtures.temporaryFolder().appending(path: "movie.h5").path
    let (rows, rowCount) = (1000, 3000)
    let values = (0..<rows * rowCount).map { Float($0 % 101) - (type == .uint8 ? 0 : 50) }
    let file = try H5File(creating: path)
    let dataset = try file.createDataset("x", type, shape: [rows, 60, 50], chunkRows: chunkRows)
    try dataset.write(values, in: [0..<rows, 0..<60, 0..<50])
    let reader = H5RowReader(dataset)
    let windows = stride(from: 0, to: 960, by: 33).map { $0..<min($0 + 72, rows) }
    let elsewhere = (0..<20).map { _ in
      let first = Int.random(in: 0..<rows)
      return first..<Int.random(in: first...rows)
    }
    for range in windows + elsewhere + windows + [0..<0, 0..<rows, 1..<rows] {
      let expected = Array(values[range.lowerBound * rowCount..<range.upperBound * rowCount])
      #expect(try reader.numbers(rows: range) == expected, "\(range)")
    }
  }
}
