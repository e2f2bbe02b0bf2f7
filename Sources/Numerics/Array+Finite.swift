extension Array where Element == Float {
  /// Index of the first NaN or infinity; nil where all numbers are finite.
  public var firstNonFiniteIndex: Int? {
    var largest: UInt32 = 0
    for value in self { largest = Swift.max(largest, value.bitPattern & 0x7FFF_FFFF) }
    return largest < 0x7F80_0000 ? nil : firstIndex { !$0.isFinite }
  }
}

extension Array where Element == Double {
  /// Index of the first NaN or infinity; nil where all numbers are finite.
  public var firstNonFiniteIndex: Int? { firstIndex { !$0.isFinite } }
}
