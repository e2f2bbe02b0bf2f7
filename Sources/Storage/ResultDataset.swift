/// What a dataset of a result is, before its numbers.
struct ResultDataset: Codable, Equatable, Sendable {
  let path: String
  /// The type in the finished file; nil for texts.
  let type: NumberType?
  /// Length of each axis; the first is 0 where rows are appended.
  let shape: [Int]
  let isGrowable: Bool
  /// One name for each axis.
  let axes: [String]
  /// Units of the values; "1" for numbers without one.
  let units: String
  let attributes: [String: AttributeValue]
}
