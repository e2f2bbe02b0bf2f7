import Runtime

/// One way to divide a target among hidden units.
///
/// To add one, write a type in a file of its own and give it a case in ``ContributionMethod``.
package protocol ContributionAlgorithm: Sendable {
  /// - Throws: `CodecError` of kind `usage` where the plan's network and taps do not suit the algorithm.
  func check(_ plan: ContributionPlan) throws

  /// Adds every tap's contributions to the block's maps, which are 0, in the order of the plan's memory.
  ///
  /// Unless the algorithm passes the samples itself, the plan has just run them forward: its taps hold their values.
  func addContributions(to block: inout ContributionBlock, on plan: ContributionPlan) throws

  /// Whether it leaves maps in the order of the taps' shapes instead.
  var leavesPlainMaps: Bool { get }

  /// Whether it runs the samples themselves forward, as the ends of paths, so that nobody else needs to.
  var passesSamples: Bool { get }
}

extension ContributionAlgorithm {
  package func check(_ plan: ContributionPlan) throws {}
  package var leavesPlainMaps: Bool { false }
  package var passesSamples: Bool { false }
}

/// How many steps a path takes.
public enum PathSteps: Sendable, Equatable, CustomStringConvertible {
  /// The same even steps for every sample.
  case fixed(Int)
  /// As many as each sample needs to bring its completeness gap below `tolerance`, at most `limit`.
  case automatic(tolerance: Double, limit: Int)

  /// The command line's spelling.
  public var description: String {
    switch self {
    case .fixed(let count): "\(count)"
    case .automatic: "auto"
    }
  }
}

/// Where smoothgrad's noise comes from.
public enum SmoothGradNoise: Sendable {
  /// Drawn from a stream of the seed, the sample's id and the draw: the same for any batching.
  case seeded(UInt64)
  /// Given, by draw and sample id: `[draw][sample id]` holds one input's noise.
  case given([[[Float]]])
}

/// How a target is divided among hidden units (paper §2, §10.7).
public enum ContributionMethod: Sendable {
  /// (h − h0) · ∂T/∂h, h0 = 0 or h at the input's baseline.
  case actgrad(hiddenBaseline: HiddenBaseline)
  /// h · g / ‖g‖, norm over the whole layer of one sample.
  case actnormgrad
  /// ∂T/∂h · Σ ∂h/∂x (x − x0), by one tangent pass.
  case inputgrad
  /// Integrated gradients through the layer, along a straight path of inputs: layer conductance.
  case ig(rule: QuadratureRule, steps: PathSteps)
  /// Integrated gradients along a straight path of the layer itself.
  case igHidden(rule: QuadratureRule, steps: PathSteps)
  /// Mean of h · g over noisy inputs.
  case smoothgrad(draws: Int, deviation: Float, noise: SmoothGradNoise)

  /// Where `actgrad` measures a layer's activity from.
  public enum HiddenBaseline: String, Sendable, CaseIterable {
    /// From 0.
    case zero
    /// From the layer's activity at x0.
    case input
  }

  /// Integrated gradients, trapezoid, 20 steps.
  public static let `default` = ContributionMethod.ig(rule: .trapezoid, steps: .fixed(20))

  /// The command line's spellings.
  public static let names = ["actgrad", "actnormgrad", "inputgrad", "ig", "ig-hidden", "smoothgrad"]

  /// The command line's spelling of the algorithm.
  public var name: String {
    switch self {
    case .actgrad: "actgrad"
    case .actnormgrad: "actnormgrad"
    case .inputgrad: "inputgrad"
    case .ig: "ig"
    case .igHidden: "ig-hidden"
    case .smoothgrad: "smoothgrad"
    }
  }

  /// Whether each sample's path is refined until its completeness gap closes.
  public var refinesPath: Bool {
    switch self {
    case .ig(_, .automatic), .igHidden(_, .automatic): true
    default: false
    }
  }

  /// The method with paths of at most so many steps.
  func shortened(to steps: Int) -> ContributionMethod {
    func shorter(_ given: PathSteps) -> PathSteps {
      if case .fixed(let count) = given { .fixed(min(count, steps)) } else { .fixed(steps) }
    }
    switch self {
    case .ig(let rule, let steps): return .ig(rule: rule, steps: shorter(steps))
    case .igHidden(let rule, let steps): return .igHidden(rule: rule, steps: shorter(steps))
    default: return self
    }
  }

  /// Whether inputs are changed otherwise than along a straight path, so that passes must start at the stimulus.
  var needsStimulus: Bool {
    if case .smoothgrad = self { true } else { false }
  }

  /// The algorithm with its numbers checked.
  /// - Throws: `CodecError` of kind `usage` for impossible numbers.
  func algorithm() throws -> any ContributionAlgorithm {
    switch self {
    case .actgrad(let hiddenBaseline): return ActGrad(hiddenBaseline: hiddenBaseline)
    case .actnormgrad: return ActNormGrad()
    case .inputgrad: return InputGrad()
    case .ig(let rule, let steps):
      try steps.check(rule)
      return IntegratedGradients(rule: rule, steps: steps)
    case .igHidden(let rule, let steps):
      try steps.check(rule)
      return HiddenIntegratedGradients(rule: rule, steps: steps)
    case .smoothgrad(let draws, let deviation, let noise):
      guard draws > 0, deviation >= 0, deviation.isFinite else {
        throw CodecError(
          .usage, "smoothgrad with \(draws) draws of deviation \(deviation)",
          remedy: "give at least one draw and a deviation of 0 or more")
      }
      return SmoothGrad(draws: draws, deviation: deviation, noise: noise)
    }
  }
}

extension PathSteps {
  fileprivate func check(_ rule: QuadratureRule) throws {
    switch self {
    case .fixed(let count):
      guard count > 0 else {
        throw CodecError(.usage, "a path of \(count) steps", remedy: "give at least one step")
      }
    case .automatic(let tolerance, let limit):
      guard tolerance > 0, tolerance.isFinite, limit >= IntegratedGradients.firstSteps else {
        throw CodecError(
          .usage, "automatic steps with tolerance \(tolerance) and at most \(limit) steps",
          remedy: "give a tolerance above 0 and at least \(IntegratedGradients.firstSteps) steps")
      }
      guard rule.usesDifferences else {
        throw CodecError(
          .usage, "the rule \(rule.rawValue) cannot be refined step by step",
          remedy: "choose another rule, or a number of steps")
      }
    }
  }
}
