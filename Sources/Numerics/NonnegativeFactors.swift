import CKernels
import Runtime

/// A nonnegative matrix as the product of two: samples × components times components × features.
///
/// Alternating least squares coordinate by coordinate (HALS, Cichocki and Phan 2009) from a seeded random start.
public struct NonnegativeFactors: Sendable {
  /// How much of each component is in each sample, [sample, component].
  public private(set) var weights: Matrix
  /// Unit-norm components as rows, [component, feature], the one that carries most first.
  public private(set) var components: Matrix
  /// ‖X − W H‖², the squared error over all entries.
  public let squaredError: Double
  /// Passes made.
  public let iterations: Int

  /// Factors `matrix` [sample, feature].
  ///
  /// - Parameters:
  ///   - count: number of components, at least 1.
  ///   - iterations: a limit to the passes.
  ///   - tolerance: stops when ten passes lower the error by less than this fraction of ‖X‖².
  ///   - stream: decides the start.
  /// - Throws: `CodecError` of kind data for a negative number or one that is not finite.
  /// - Complexity: O(iterations · samples · components · (features + components)).
  public init(
    _ matrix: Matrix, components count: Int, iterations: Int = 200, tolerance: Double = 1e-5,
    stream: RandomStream
  ) throws {
    precondition(count >= 1)
    try matrix.requireFinite("nonnegative factors")
    if let bad = matrix.elements.firstIndex(where: { $0 < 0 }) {
      throw CodecError(
        .data,
        "no nonnegative factors of negative numbers: row \(bad / matrix.columns), column \(bad % matrix.columns) "
          + "is \(matrix.elements[bad])")
    }
    var stream = stream
    let level = (max(Statistics.mean(matrix.elements), 0) / Double(count)).squareRoot()
    // Both factors component by component while they are fitted: [component, sample] and [component, feature].
    var left = Matrix(rows: count, columns: matrix.rows)
    var right = Matrix(rows: count, columns: matrix.columns)
    for index in left.elements.indices { left.elements[index] = level * abs(stream.normal()) }
    for index in right.elements.indices { right.elements[index] = level * abs(stream.normal()) }
    let power = matrix.elements.reduce(0) { $0 + $1 * $1 }
    var (error, checked, passes) = (Double.infinity, Double.infinity, 0)
    while passes < iterations {
      passes += 1
      Self.improve(&left, towards: Matrix.product(right, matrix, transposeRight: true), against: right)
      let projected = left * matrix
      let gram = Self.improve(&right, towards: projected, against: left)
      guard passes % 10 == 0 || passes == iterations else { continue }
      error = Self.error(power, projected, right, gram)
      if checked - error < tolerance * power { break }
      checked = error
    }
    weights = left.transposed
    components = right
    squaredError = power > 0 ? max(error, 0) : 0
    self.iterations = passes
    normalise()
  }

  /// W H.
  public var reconstruction: Matrix { weights * components }

  /// Moves each coordinate of `factor` in turn to the nonnegative minimum of the squared error, given the other
  /// factor and its product with the data; returns that other factor's Gram matrix.
  @discardableResult
  private static func improve(_ factor: inout Matrix, towards target: Matrix, against other: Matrix) -> Matrix
  {
    let gram = Matrix.product(other, other, transposeRight: true)
    codec_nonnegative_descent(factor.rows, factor.columns, gram.elements, target.elements, &factor.elements)
    return gram
  }

  /// ‖X‖² − 2 ⟨Wᵀ X, H⟩ + ⟨Wᵀ W, H Hᵀ⟩.
  private static func error(_ power: Double, _ projected: Matrix, _ right: Matrix, _ gram: Matrix) -> Double {
    let cross = zip(projected.elements, right.elements).reduce(0) { $0 + $1.0 * $1.1 }
    let own = Matrix.product(right, right, transposeRight: true)
    return power - 2 * cross + zip(gram.elements, own.elements).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Moves the components' norms into the weights and sorts by what each carries.
  private mutating func normalise() {
    var carried: [(component: Int, power: Double)] = []
    for component in 0..<components.rows {
      let norm = components.row(component).reduce(0) { $0 + $1 * $1 }.squareRoot()
      for feature in 0..<components.columns where norm > 0 { components[component, feature] /= norm }
      var power = 0.0
      for sample in 0..<weights.rows {
        weights[sample, component] *= norm
        power += weights[sample, component] * weights[sample, component]
      }
      carried.append((component, power))
    }
    let order = carried.sorted { ($1.power, $0.component) < ($0.power, $1.component) }.map(\.component)
    weights = weights.columns(order)
    components = components.transposed.columns(order).transposed
  }
}
