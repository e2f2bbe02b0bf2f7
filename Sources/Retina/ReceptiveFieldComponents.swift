import Numerics

/// The best approximation of a receptive field by one spatial map times one time course (rank-1 SVD of the
/// [lag, pixel] matrix without centring).
///
/// Their product is the approximation. The spatial peak is positive where the field's largest entry in
/// magnitude is.
public struct ReceptiveFieldComponents: Sendable, Equatable {
  /// `[y, x]` row by row, in the field's units.
  public let spatial: [Float]
  /// One number for each lag, oldest first, of unit norm.
  public let temporal: [Float]
  /// σ₁² / Σσ²: how separable the field is; NaN for a field of zeros.
  public let singularValueShare: Double

  /// - Parameters:
  ///   - field: `[lag, y, x]` row by row.
  public init(field: ArraySlice<Float>, lags: Int) {
    let pixels = field.count / max(lags, 1)
    let part = LinearAlgebra.rankOne(field, rows: lags, columns: pixels)
    let largest = field.max { abs($0) < abs($1) } ?? 0
    // rankOne makes the spatial part's largest entry positive already.
    let sign: Double = largest < 0 ? -1 : 1
    spatial = part.right.map { Float($0 * part.strength * sign) }
    temporal = part.left.map { Float($0 * sign) }
    singularValueShare = part.share
  }
}
