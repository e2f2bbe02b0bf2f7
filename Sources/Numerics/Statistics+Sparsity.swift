extension Statistics {
  /// How few of the values matter (Hoyer 2004): (√d − ‖v‖₁/‖v‖₂) / (√d − 1), 0 where all are equal in magnitude, 1
  /// where only one is not zero; NaN where all are zero, and for fewer than two values.
  public static func hoyerSparsity(_ values: some Collection<Double>) -> Double {
    guard values.count > 1 else { return .nan }
    var (sum, squares) = (0.0, 0.0)
    for value in values {
      sum += abs(value)
      squares += value * value
    }
    let root = Double(values.count).squareRoot()
    // Rounding may leave the range by its last digit; NaN stays.
    let sparsity = (root - sum / squares.squareRoot()) / (root - 1)
    return sparsity < 0 ? 0 : sparsity > 1 ? 1 : sparsity
  }
}
