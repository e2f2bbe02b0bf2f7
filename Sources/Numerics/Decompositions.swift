import CBLAS

/// Decompositions by LAPACK in double precision. Signs are fixed, so equal input gives equal output.
public enum LinearAlgebra {
  /// Eigenvalues of a symmetric matrix, largest first, and its orthonormal eigenvectors as columns.
  ///
  /// - Parameters:
  ///   - matrix: a finite symmetric matrix; its lower triangle is read.
  ///   - count: how many of the largest eigenvalues to find; all by default.
  /// - Returns: `count` values and a [size, count] matrix; each vector's largest entry is positive.
  public static func symmetricEigen(_ matrix: Matrix, largest count: Int? = nil) -> (
    values: [Double], vectors: Matrix
  ) {
    let size = matrix.rows
    let wanted = min(count ?? size, size)
    precondition(matrix.columns == size && wanted >= 0)
    precondition(matrix.elements.allSatisfy { $0.isFinite }, "eigenvalues of a matrix that is not finite")
    guard wanted > 0 else { return ([], Matrix(rows: size, columns: 0)) }
    var copy = matrix.elements
    var values = [Double](repeating: 0, count: size)
    var vectors = Matrix(rows: size, columns: wanted)
    var support = [Int32](repeating: 0, count: 2 * size)
    var found: Int32 = 0
    BLAS.start
    let status = LAPACKE_dsyevr(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "V")),
      CChar(wanted == size ? UInt8(ascii: "A") : UInt8(ascii: "I")),
      CChar(UInt8(ascii: "L")), Int32(size), &copy, Int32(size), 0, 0, Int32(size - wanted + 1), Int32(size),
      0,
      &found, &values, &vectors.elements, Int32(wanted), &support)
    precondition(status == 0 && Int(found) == wanted, "dsyevr failed on a \(size)×\(size) matrix: \(status)")
    var ordered = Matrix(rows: size, columns: wanted)
    for column in 0..<wanted {
      let vector = vectors.column(wanted - 1 - column)
      let sign = signOfLargest(vector)
      for row in 0..<size { ordered[row, column] = sign * vector[row] }
    }
    return (values[..<wanted].reversed(), ordered)
  }

  /// The thin singular value decomposition A = U diag(s) Vᵀ.
  ///
  /// - Returns: U [rows, r], s (r values, largest first) and Vᵀ [r, columns], r the smaller of rows and columns;
  ///   the largest entry of each row of Vᵀ is positive.
  public static func singularValues(_ matrix: Matrix) -> (u: Matrix, s: [Double], vt: Matrix) {
    let (rows, columns) = (matrix.rows, matrix.columns)
    let rank = min(rows, columns)
    precondition(matrix.elements.allSatisfy { $0.isFinite }, "singular values of a matrix that is not finite")
    var copy = matrix.elements
    var (u, vt) = (Matrix(rows: rows, columns: rank), Matrix(rows: rank, columns: columns))
    var s = [Double](repeating: 0, count: rank)
    guard rank > 0 else { return (u, s, vt) }
    BLAS.start
    let status = LAPACKE_dgesdd(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "S")), Int32(rows), Int32(columns), &copy, Int32(columns), &s,
      &u.elements, Int32(rank), &vt.elements, Int32(columns))
    precondition(status == 0, "dgesdd failed on a \(rows)×\(columns) matrix: \(status)")
    for index in 0..<rank where signOfLargest(vt.row(index)) < 0 {
      for row in 0..<rows { u[row, index] = -u[row, index] }
      for column in 0..<columns { vt[index, column] = -vt[index, column] }
    }
    return (u, s, vt)
  }

  /// The best approximation of a matrix by one outer product, `strength · left rightᵀ`.
  ///
  /// - Parameters:
  ///   - values: [rows, columns] row-major; best with fewer rows than columns.
  /// - Returns: unit vectors (zero where the matrix is), the first singular value, and its share
  ///   σ₁² / Σσ² (NaN for a zero matrix). The largest entry of `right` is positive.
  public static func rankOne(_ values: ArraySlice<Float>, rows: Int, columns: Int)
    -> (left: [Double], right: [Double], strength: Double, share: Double)
  {
    let matrix = Matrix(rows: rows, columns: columns, elements: values.map(Double.init))
    let gram = Matrix.product(matrix, matrix, transposeRight: true)
    let total = (0..<rows).reduce(0) { $0 + gram[$1, $1] }
    guard total > 0 else {
      return (Array(repeating: 0, count: rows), Array(repeating: 0, count: columns), 0, .nan)
    }
    let (squares, vectors) = symmetricEigen(gram, largest: 1)
    let projected = Matrix.product(vectors, matrix, transposeLeft: true).elements
    let strength = projected.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let sign = signOfLargest(projected)
    return (
      vectors.elements.map { $0 * sign }, projected.map { $0 * sign / strength }, strength, squares[0] / total
    )
  }

  /// −1 where the entry of largest magnitude (the first of equals) is negative, else 1.
  private static func signOfLargest(_ values: some Collection<Double>) -> Double {
    var largest = 0.0
    for value in values where abs(value) > abs(largest) { largest = value }
    return largest < 0 ? -1 : 1
  }
}
