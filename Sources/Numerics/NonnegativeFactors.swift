import Foundation
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
    _ matrix: Matrix, components count: Int, iterations: Int = 500, tolerance: Double = 1e-6,
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
    var left = Matrix(rows: matrix.rows, columns: count)
    var right = Matrix(rows: matrix.columns, columns: count)  // features × components while they are fitted
    for index in left.elements.indices { left.elements[index] = level * abs(stream.normal()) }
    for index in right.elements.indices { right.elements[index] = level * abs(stream.normal()) }
    let power = matrix.elements.reduce(0) { $0 + $1 * $1 }
    var (error, checked, passes) = (Double.infinity, Double.infinity, 0)
    while passes < iterations {
      passes += 1
      Self.improve(&left, towards: matrix * right, gram: Matrix.product(right, right, transposeLeft: true))
      let projected = Matrix.product(matrix, left, transposeLeft: true)
      let gram = Matrix.product(left, left, transposeLeft: true)
      Self.improve(&right, towards: projected, gram: gram)
      guard passes % 10 == 0 || passes == iterations else { continue }
      error = Self.error(power, projected, right, gram)
      if checked - error < tolerance * power { break }
      checked = error
    }
    weights = left
    components = right.transposed
    squaredError = power > 0 ? max(error, 0) : 0
    self.iterations = passes
    normalise()
  }

  /// W H.
  public var reconstruction: Matrix { weights * components }

  /// For each row of `factor` and each coordinate in turn, the nonnegative minimum of the squared error: what is
  /// missing of `target` = X Hᵀ over the curvature, the diagonal of `gram` = H Hᵀ.
  private static func improve(_ factor: inout Matrix, towards target: Matrix, gram: Matrix) {
    let (rows, count) = (factor.rows, factor.columns)
    factor.elements.withUnsafeMutableBufferPointer { factor in
      target.elements.withUnsafeBufferPointer { target in
        gram.elements.withUnsafeBufferPointer { gram in
          for row in 0..<rows {
            let start = row * count
            for component in 0..<count where gram[component * count + component] > 0 {
              var missing = target[start + component]
              for other in 0..<count { missing -= gram[component * count + other] * factor[start + other] }
              factor[start + component] = max(
                0, factor[start + component] + missing / gram[component * count + component])
            }
          }
        }
      }
    }
  }

  /// ‖X‖² − 2 ⟨Xᵀ W, H⟩ + ⟨Wᵀ W, Hᵀ H⟩.
  private static func error(_ power: Double, _ projected: Matrix, _ right: Matrix, _ gram: Matrix) -> Double {
    let cross = zip(projected.elements, right.elements).reduce(0) { $0 + $1.0 * $1.1 }
    let own = Matrix.product(right, right, transposeLeft: true)
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
