/// A dense matrix of double-precision numbers, row-major: what statistics are computed in.
public struct Matrix: Sendable, Equatable {
  /// Number of rows: samples, where rows are observations.
  public let rows: Int
  /// Number of columns: variables, where rows are observations.
  public let columns: Int
  /// The numbers, `rows * columns` of them.
  public var elements: [Double]

  /// - Parameters:
  ///   - elements: the numbers row by row; `rows * columns` of them.
  public init(rows: Int, columns: Int, elements: [Double]) {
    precondition(
      rows * columns == elements.count, "\(elements.count) elements do not fill \(rows)×\(columns)")
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  /// A matrix filled with one value.
  public init(rows: Int, columns: Int, repeating value: Double = 0) {
    self.init(rows: rows, columns: columns, elements: Array(repeating: value, count: rows * columns))
  }

  /// A two-axis tensor in double precision.
  public init(_ tensor: Tensor) {
    precondition(tensor.shape.count == 2)
    self.init(rows: tensor.shape[0], columns: tensor.shape[1], elements: tensor.elements.map(Double.init))
  }

  /// The number at (row, column), both from 0.
  @inlinable public subscript(row: Int, column: Int) -> Double {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  /// The elements of one row.
  @inlinable public func row(_ index: Int) -> ArraySlice<Double> {
    elements[index * columns..<(index + 1) * columns]
  }

  /// The elements of one column (copies).
  public func column(_ index: Int) -> [Double] {
    stride(from: index, to: elements.count, by: columns).map { elements[$0] }
  }
}
