import CBLAS
import Foundation

/// The Cholesky factor L of a symmetric positive definite matrix A = L Lᵀ, and what follows from it.
///
///     guard let factor = Cholesky(covariance) else { /* singular or not finite */ }
///     let distance = factor.solve(deviation)
public struct Cholesky: Sendable {
  /// L, zero above the diagonal.
  public let factor: Matrix

  /// Factors a matrix, reading its lower triangle; nil where it is not positive definite or not finite.
  public init?(_ matrix: Matrix) {
    precondition(
      matrix.rows == matrix.columns, "a \(matrix.rows)×\(matrix.columns) matrix has no Cholesky factor")
    guard matrix.elements.allSatisfy({ $0.isFinite }) else { return nil }
    var lower = matrix
    let size = Int32(matrix.rows)
    guard size > 0 else {
      factor = lower
      return
    }
    BLAS.start
    guard LAPACKE_dpotrf(LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "L")), size, &lower.elements, size) == 0 else {
      return nil
    }
    for row in 0..<lower.rows {
      for column in (row + 1)..<max(lower.columns, row + 1) { lower[row, column] = 0 }
    }
    factor = lower
  }

  /// log det A.
  public var logDeterminant: Double {
    2 * (0..<factor.rows).reduce(0) { $0 + log(factor[$1, $1]) }
  }

  /// A⁻¹, exactly symmetric.
  public var inverse: Matrix {
    var result = factor
    let size = Int32(result.rows)
    guard size > 0 else { return result }
    BLAS.start
    let status = LAPACKE_dpotri(LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "L")), size, &result.elements, size)
    precondition(status == 0, "dpotri refused a Cholesky factor: \(status)")
    for row in 0..<result.rows {
      for column in 0..<row { result[column, row] = result[row, column] }
    }
    return result
  }

  /// A⁻¹ B for the columns of B.
  public func solve(_ right: Matrix) -> Matrix {
    precondition(right.rows == factor.rows)
    var result = right
    let (size, count) = (Int32(right.rows), Int32(right.columns))
    guard size > 0, count > 0 else { return result }
    BLAS.start
    let status = LAPACKE_dpotrs(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "L")), size, count, factor.elements, size, &result.elements, count)
    precondition(status == 0, "dpotrs refused a Cholesky factor: \(status)")
    return result
  }

  /// A⁻¹ b.
  public func solve(_ right: [Double]) -> [Double] {
    solve(Matrix(rows: right.count, columns: 1, elements: right)).elements
  }
}
