import Foundation
import Numerics

/// Random arrays for property tests.
extension RandomStream {
  mutating func normals(_ count: Int) -> [Double] { (0..<count).map { _ in normal() } }

  mutating func floats(_ count: Int) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    fillNormal(&values)
    return values
  }

  mutating func matrix(_ rows: Int, _ columns: Int) -> Matrix {
    Matrix(rows: rows, columns: columns, elements: normals(rows * columns))
  }
}

/// The largest difference in magnitude of two arrays; infinite where one of them alone is NaN.
func largestDifference(_ a: some Collection<Double>, _ b: some Collection<Double>) -> Double {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { largest, pair in
    if pair.0.isNaN && pair.1.isNaN { return largest }
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}

func largestDifference(_ a: Matrix, _ b: Matrix) -> Double {
  precondition(a.rows == b.rows && a.columns == b.columns)
  return largestDifference(a.elements, b.elements)
}

/// A well-conditioned random covariance.
func positiveDefinite(_ size: Int, _ stream: inout RandomStream) -> Matrix {
  let half = stream.matrix(2 * size + 3, size)
  return Matrix.product(half, half, transposeLeft: true)
}

/// The natural logarithm (tests need nothing else of Foundation).
func logarithm(_ value: Double) -> Double { log(value) }
