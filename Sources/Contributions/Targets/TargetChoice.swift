import Numerics
import Runtime

/// A target as the command line and result files spell it, before it meets a model.
///
///     let choice = try TargetChoice(parsing: "cell:2")
///     let target = try choice.target(unitIDs: ["0", "1", "2"])
public enum TargetChoice: Sendable, Equatable, CustomStringConvertible {
  /// ``SurprisalTarget``
  case surprisal
  /// ``MahalanobisTarget``
  case mahalanobis
  /// The output of the cell with this id.
  case cell(String)
  /// The output with this id.
  case unit(String)
  /// The sum of all outputs.
  case sum
  /// ``TopTarget``
  case top(Int)
  /// The output at this place, counted from 0.
  case classIndex(Int)
  /// ``LabelTarget``
  case label
  /// ``EntropyTarget``
  case entropy
  /// ``ContrastiveTarget``
  case contrastive

  /// What `init(parsing:)` accepts, for help and errors.
  public static let spellings = [
    "surprisal", "mahalanobis", "cell:ID", "unit:ID", "sum", "top:K", "class:K", "label", "entropy",
    "contrastive",
  ]

  /// Reads the command line's spelling.
  /// - Throws: `CodecError` of kind `usage` that lists the valid spellings.
  public init(parsing text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let number = parts.count == 2 ? Int(parts[1]) : nil
    switch (parts[0], parts.count == 2 ? parts[1] : nil) {
    case ("surprisal", nil): self = .surprisal
    case ("mahalanobis", nil): self = .mahalanobis
    case ("cell", let id?) where !id.isEmpty: self = .cell(id)
    case ("unit", let id?) where !id.isEmpty: self = .unit(id)
    case ("sum", nil): self = .sum
    case ("top", nil): self = .top(1)
    case ("top", _) where (number ?? 0) > 0: self = .top(number ?? 1)
    case ("class", _) where (number ?? -1) >= 0: self = .classIndex(number ?? 0)
    case ("label", nil): self = .label
    case ("entropy", nil): self = .entropy
    case ("contrastive", nil): self = .contrastive
    default: throw CodecError.unknown("target", text, valid: TargetChoice.spellings)
    }
  }

  /// The command line's spelling.
  public var description: String {
    switch self {
    case .surprisal: "surprisal"
    case .mahalanobis: "mahalanobis"
    case .cell(let id): "cell:\(id)"
    case .unit(let id): "unit:\(id)"
    case .sum: "sum"
    case .top(let count): "top:\(count)"
    case .classIndex(let index): "class:\(index)"
    case .label: "label"
    case .entropy: "entropy"
    case .contrastive: "contrastive"
    }
  }

  /// Whether the target needs the mean and covariance of the outputs.
  public var needsStatistics: Bool { self == .surprisal || self == .mahalanobis }

  /// Whether the target may be applied to softmax(y).
  private var allowsSoftmax: Bool {
    switch self {
    case .cell, .unit, .top, .classIndex, .label, .contrastive: true
    case .surprisal, .mahalanobis, .sum, .entropy: false
    }
  }

  /// The target for one model.
  /// - Parameters:
  ///   - unitIDs: id of each output.
  ///   - statistics: of the outputs; needed where ``needsStatistics``.
  ///   - appliesSoftmax: whether y is replaced by softmax(y).
  ///   - freezesTop: whether the outputs of `top:K` are chosen once for each sample.
  /// - Throws: `CodecError` of kind `usage` for an unknown id and for combinations that mean nothing.
  public func target(
    unitIDs: [String], statistics: PrecisionEstimate? = nil, appliesSoftmax: Bool = false,
    freezesTop: Bool = false
  ) throws -> any Target {
    let base = try plainTarget(unitIDs: unitIDs, statistics: statistics, freezesTop: freezesTop)
    guard appliesSoftmax else { return base }
    guard allowsSoftmax else {
      throw CodecError(
        .usage, "the target \(self) cannot be applied to a softmax",
        remedy: "leave --softmax out, or choose cell:ID, unit:ID, top:K, class:K, label or contrastive")
    }
    return SoftmaxTarget(of: base)
  }

  private func plainTarget(
    unitIDs: [String], statistics: PrecisionEstimate?, freezesTop: Bool
  ) throws -> any Target {
    switch self {
    case .surprisal:
      let statistics = required(statistics)
      return SurprisalTarget(
        mean: statistics.mean, precision: statistics.precision, logDeterminant: statistics.logDeterminant)
    case .mahalanobis:
      let statistics = required(statistics)
      return MahalanobisTarget(mean: statistics.mean, precision: statistics.precision)
    case .cell(let id): return try unitTarget("cell", id: id, unitIDs: unitIDs)
    case .unit(let id): return try unitTarget("unit", id: id, unitIDs: unitIDs)
    case .sum:
      return OutputSumTarget(name: description, formula: "Σ y", indices: Array(unitIDs.indices))
    case .top(let count):
      try requireOutputs(count, of: unitIDs)
      return TopTarget(count: count, isFrozen: freezesTop)
    case .classIndex(let index):
      try requireOutputs(index + 1, of: unitIDs)
      return OutputSumTarget(name: description, formula: "y[\(index)]", indices: [index])
    case .label: return LabelTarget()
    case .entropy: return EntropyTarget()
    case .contrastive:
      try requireOutputs(2, of: unitIDs)
      return ContrastiveTarget()
    }
  }

  private func unitTarget(_ noun: String, id: String, unitIDs: [String]) throws -> any Target {
    guard let index = unitIDs.firstIndex(of: id) else { throw CodecError.unknown(noun, id, valid: unitIDs) }
    return OutputSumTarget(name: description, formula: "y of \(noun) \(id)", indices: [index])
  }

  private func requireOutputs(_ count: Int, of unitIDs: [String]) throws {
    guard count <= unitIDs.count else {
      throw CodecError(
        .usage, "the target \(self) needs \(count) outputs and the model has \(unitIDs.count)",
        remedy: "choose another target")
    }
  }

  private func required(_ statistics: PrecisionEstimate?) -> PrecisionEstimate {
    guard let statistics else { preconditionFailure("\(self) was asked for without output statistics") }
    return statistics
  }
}
