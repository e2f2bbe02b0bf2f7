import Numerics

/// All that decides a run's values, with defaults filled in: what result files record and a resumed run must share.
public struct ResolvedContributionOptions: Encodable, Sendable, Equatable {
  let layers: [String]
  let target: String
  let softmax: Bool
  let freezeTop: Bool
  let method: String
  let rule: String?
  let steps: String?
  let tolerance: Double?
  let stepLimit: Int?
  let hiddenBaseline: String?
  let noiseDraws: Int?
  let noiseDeviation: Float?
  let shrinkage: String?
  let statistics: String?
  let frames: [String]?
  let mapFrames: [Int]
  let gradients: Bool
  let perCellFrames: Int?
  let precision: String
}

extension ContributionRun {
  /// The options as result files record them.
  public var resolvedOptions: ResolvedContributionOptions {
    let method = MethodNumbers(options.method)
    let usesStatistics = target.needsStatistics
    return ResolvedContributionOptions(
      layers: taps.map(\.name), target: target.description, softmax: appliesSoftmax,
      freezeTop: options.freezesTop, method: options.method.name, rule: method.rule?.rawValue,
      steps: method.steps?.description, tolerance: method.tolerance, stepLimit: method.limit,
      hiddenBaseline: method.hiddenBaseline?.rawValue, noiseDraws: method.draws,
      noiseDeviation: method.deviation,
      shrinkage: usesStatistics ? options.shrinkage.description : nil,
      statistics: usesStatistics ? input.statisticsSeries.source.name : nil,
      frames: options.frames?.map { "\($0.lowerBound)-\($0.upperBound - 1)" }, mapFrames: options.mapFrames,
      gradients: options.includesGradients, perCellFrames: options.perCellFrames,
      precision: options.precision.rawValue)
  }
}

/// A method's numbers, those it has.
private struct MethodNumbers {
  var rule: QuadratureRule?
  var steps: PathSteps?
  var tolerance: Double?
  var limit: Int?
  var hiddenBaseline: ContributionMethod.HiddenBaseline?
  var draws: Int?
  var deviation: Float?

  init(_ method: ContributionMethod) {
    switch method {
    case .ig(let rule, let steps), .igHidden(let rule, let steps):
      (self.rule, self.steps) = (rule, steps)
      if case .automatic(let tolerance, let limit) = steps {
        (self.tolerance, self.limit) = (tolerance, limit)
      }
    case .actgrad(let baseline): hiddenBaseline = baseline
    case .smoothgrad(let draws, let deviation, _): (self.draws, self.deviation) = (draws, deviation)
    case .actnormgrad, .inputgrad: break
    }
  }
}
