import Runtime

/// Mean, covariance and inverse covariance of a set of responses, with what one must know to trust them.
public struct PrecisionEstimate: Sendable, Equatable {
  /// Automatic shrinkage sets in beyond this condition number.
  ///
  /// Model outputs are single precision: at 10⁸ the weakest direction's standard deviation is 10⁻⁴ of the
  /// strongest's, and rounding (6·10⁻⁸) still leaves it about three digits. Silent and duplicate cells lie
  /// far beyond.
  public static let conditionLimit = 1e8

  /// The mean of each variable.
  public let mean: [Double]
  /// The covariance that was inverted, shrunk where `shrinkage` is above 0 (divisor n − 1; Ledoit–Wolf n).
  public let covariance: Matrix
  /// The inverse of `covariance`.
  public let precision: Matrix
  /// log det `covariance`.
  public let logDeterminant: Double
  /// Rank of the covariance before shrinkage.
  public let rank: Int
  /// Largest over smallest eigenvalue of the covariance before shrinkage; infinite below full rank.
  public let conditionNumber: Double
  /// The amount of shrinkage applied, 0 for none.
  public let shrinkage: Double

  /// Estimates the statistics of `samples` [sample, variable].
  ///
  /// - Parameters:
  ///   - samples: at least two rows of finite numbers.
  ///   - place: file and dataset for errors.
  /// - Throws: `CodecError` of kind data for numbers that are not finite, fewer than two samples, outputs that
  ///   are all constant, or a covariance that stays singular under the shrinkage asked for.
  public init(samples: Matrix, shrinkage: Shrinkage = .automatic, at place: String? = nil) throws {
    try Self.check(samples, at: place)
    let sample = Statistics.covariance(samples)
    let spectrum = Spectrum(sample)
    guard spectrum.largest > 0 else {
      throw CodecError(
        .data, "every output is constant over the \(samples.rows) samples: their covariance is zero",
        at: place,
        remedy: "choose a stimulus that drives the cells, or a target that needs no covariance (sum, cell:ID)"
      )
    }
    let (estimate, amount) = try Self.shrunk(sample, samples, spectrum, shrinkage, at: place)
    guard let factor = Cholesky(estimate) else {
      throw CodecError(
        .data,
        "the covariance of the outputs is singular (rank \(spectrum.rank) of \(samples.columns), shrinkage \(amount))",
        at: place, remedy: "silent or duplicate cells make it so; use --shrinkage auto or a larger value")
    }
    mean = Statistics.columnMeans(samples)
    covariance = estimate
    precision = factor.inverse
    logDeterminant = factor.logDeterminant
    rank = spectrum.rank
    conditionNumber = spectrum.conditionNumber
    self.shrinkage = amount
    guard precision.elements.allSatisfy({ $0.isFinite }) else {
      throw CodecError(
        .data,
        "the outputs vary too little to invert their covariance (largest variance \(spectrum.largest))",
        at: place)
    }
  }

  private static func check(_ samples: Matrix, at place: String?) throws {
    guard samples.rows >= 2, samples.columns >= 1 else {
      throw CodecError(
        .data,
        "a covariance needs two samples of at least one output, not \(samples.rows) of \(samples.columns)",
        at: place)
    }
    if let bad = samples.elements.firstNonFiniteIndex {
      throw CodecError(
        .data,
        "output \(bad % samples.columns) of sample \(bad / samples.columns) is \(samples.elements[bad]), not a finite number",
        at: place)
    }
  }

  /// The covariance to invert and the shrinkage in it.
  private static func shrunk(
    _ sample: Matrix, _ samples: Matrix, _ spectrum: Spectrum, _ shrinkage: Shrinkage, at place: String?
  ) throws -> (Matrix, Double) {
    switch shrinkage {
    case .none:
      try spectrum.requireFullRank(at: place)
      return (sample, 0)
    case .automatic where spectrum.conditionNumber <= conditionLimit:
      return (sample, 0)
    case .automatic:
      let (estimate, amount) = Statistics.ledoitWolf(samples)
      let least = spectrum.shrinkage(forCondition: conditionLimit)
      if amount >= least { return (estimate, amount) }
      return (Statistics.shrink(Statistics.covariance(samples, divisor: .n), by: least), least)
    case .ledoitWolf:
      return Statistics.ledoitWolf(samples)
    case .value(let amount):
      guard (0...1).contains(amount) else {
        throw CodecError(.usage, "a shrinkage of \(amount)", remedy: "give a number from 0 to 1")
      }
      if amount == 0 { try spectrum.requireFullRank(at: place) }
      return (Statistics.shrink(sample, by: amount), amount)
    }
  }
}

/// What the eigenvalues of a covariance say about inverting it.
private struct Spectrum {
  let largest: Double
  let smallest: Double
  let meanVariance: Double
  let size: Int
  let rank: Int

  init(_ covariance: Matrix) {
    let values = LinearAlgebra.symmetricEigen(covariance).values
    size = values.count
    largest = values[0]
    smallest = values[values.count - 1]
    meanVariance = Statistics.meanVariance(covariance)
    let noise = values[0] * Double(values.count) * Double.ulpOfOne
    rank = values.count { $0 > noise }
  }

  var conditionNumber: Double { rank == size ? largest / smallest : .infinity }

  /// The least shrinkage that brings the condition number down to a limit.
  func shrinkage(forCondition limit: Double) -> Double {
    let (low, level) = (max(smallest, 0), meanVariance)
    let lacking = largest - limit * low
    return lacking <= 0 ? 0 : lacking / (lacking + (limit - 1) * level)
  }

  func requireFullRank(at place: String?) throws {
    guard rank < size else { return }
    throw CodecError(
      .data, "the covariance of the outputs is singular (rank \(rank) of \(size))", at: place,
      remedy: "silent or duplicate cells make it so; use --shrinkage auto or ledoit-wolf")
  }
}
