/// A dense array of single-precision numbers, row-major: the last axis varies fastest.
///
/// A value type over one contiguous buffer; assigning shares it, and only writing to a shared one copies.
public struct Tensor: Sendable, Equatable {
  /// Length of each axis.
  public let shape: [Int]
  /// The numbers, `shape`'s product of them.
  public var elements: [Float]

  /// - Parameters:
  ///   - shape: length of each axis; the product must equal the number of elements.
  public init(shape: [Int], elements: [Float]) {
    precondition(shape.reduce(1, *) == elements.count, "\(elements.count) elements do not fill \(shape)")
    self.shape = shape
    self.elements = elements
  }

  /// A tensor filled with one value.
  public init(shape: [Int], repeating value: Float = 0) {
    self.shape = shape
    elements = Array(repeating: value, count: shape.reduce(1, *))
  }

  /// Number of elements.
  @inlinable public var count: Int { elements.count }

  /// Length of the first axis: samples in a batch.
  @inlinable public var rows: Int { shape.first ?? 1 }

  /// Number of elements of one row: everything but the first axis.
  @inlinable public var rowCount: Int { rows == 0 ? shape.dropFirst().reduce(1, *) : count / rows }

  /// The elements of one row (entry of the first axis).
  @inlinable public func row(_ index: Int) -> ArraySlice<Float> {
    elements[index * rowCount..<(index + 1) * rowCount]
  }

  /// The same elements under another shape.
  public func reshaped(_ shape: [Int]) -> Tensor { Tensor(shape: shape, elements: elements) }

  /// Rows `range` as a tensor of their own (copies).
  public func rows(_ range: Range<Int>) -> Tensor {
    Tensor(
      shape: [range.count] + shape.dropFirst(),
      elements: Array(elements[range.lowerBound * rowCount..<range.upperBound * rowCount]))
  }
}
