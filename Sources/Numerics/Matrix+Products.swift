import CBLAS

extension Matrix {
  /// The matrix with rows and columns exchanged.
  public var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for row in 0..<rows {
      for column in 0..<columns { result.elements[column * rows + row] = elements[row * columns + column] }
    }
    return result
  }

  /// The identity of a given size.
  public static func identity(_ size: Int) -> Matrix {
    diagonal(Array(repeating: 1, count: size))
  }

  /// A square matrix with the given diagonal, zero elsewhere.
  public static func diagonal(_ values: [Double]) -> Matrix {
    var result = Matrix(rows: values.count, columns: values.count)
    for (index, value) in values.enumerated() { result[index, index] = value }
    return result
  }

  /// The matrix product.
  public static func * (left: Matrix, right: Matrix) -> Matrix { product(left, right) }

  /// op(`left`) op(`right`), each transposed on request without a copy.
  public static func product(
    _ left: Matrix, _ right: Matrix, transposeLeft: Bool = false, transposeRight: Bool = false
  ) -> Matrix {
    let (m, k) = transposeLeft ? (left.columns, left.rows) : (left.rows, left.columns)
    let (inner, n) = transposeRight ? (right.columns, right.rows) : (right.rows, right.columns)
    precondition(k == inner, "\(m)×\(k) times \(inner)×\(n)")
    var result = Matrix(rows: m, columns: n)
    guard m > 0, n > 0, k > 0 else { return result }
    BLAS.start
    cblas_dgemm(
      CblasRowMajor, transposeLeft ? CblasTrans : CblasNoTrans, transposeRight ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(k), 1, left.elements, Int32(left.columns),
      right.elements, Int32(right.columns), 0, &result.elements, Int32(n))
    return result
  }

  /// The product with a column vector.
  public static func * (left: Matrix, right: [Double]) -> [Double] {
    precondition(left.columns == right.count)
    return (left * Matrix(rows: right.count, columns: 1, elements: right)).elements
  }
}
