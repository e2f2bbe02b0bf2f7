import Networks
import Numerics
import Runtime

/// A network made ready to compute contributions of its taps: one for each thread.
///
/// The network's input may be a hidden layer of a larger one, as long as that layer is affine in the stimulus: a
/// straight path of stimuli is then a straight path of inputs. That is how a movie's first layer is computed once
/// for all points of the path (`SeriesPlan`).
///
///     let plan = try ContributionPlan(network: tail, taps: taps, method: .default, maxSamples: 16)
///     let block = try plan.contributions(to: [target], inputs: firstLayer)
public final class ContributionPlan {
  /// The network it runs.
  public let network: Network
  /// The layers whose contributions it computes.
  public let taps: [Tap]
  /// How the target is divided among units.
  public let method: ContributionMethod
  /// The largest number of samples of one call.
  public let maxSamples: Int
  /// x0, `[input unit]`.
  let baseline: [Float]
  /// The output at x0.
  private(set) var baselineOutput: [Double] = []
  /// Names a sample in errors; the samples' ids unless told otherwise.
  public var sampleName: (Int) -> String = { "sample \($0)" }

  /// The taps and, where none of them is a full cut and the path must be refined, the input.
  let watchedTaps: [Tap]
  let plan: Plan
  private let algorithm: any ContributionAlgorithm
  private var baselineTaps: [String: [Float]] = [:]
  /// Plans from a tap on, for paths that are straight in the tap.
  private var tailPlans: [String: ContributionPlan] = [:]

  /// - Parameters:
  ///   - taps: layers of `network`, its input included if wanted.
  ///   - baseline: x0, one input; zeros where left out (for normalised stimuli their mean).
  ///   - maxSamples: the largest number of samples of one call.
  ///   - rows: path points of one pass; memory grows with it, results do not depend on it beyond rounding.
  ///   - precision: the plan's arithmetic.
  /// - Throws: `CodecError` of kind `usage` where the method cannot divide the target among a tap's units.
  public init(
    network: Network, taps: [Tap], method: ContributionMethod, baseline: Tensor? = nil, maxSamples: Int,
    rows: Int = 64, precision: Precision = .f32
  ) throws {
    precondition(maxSamples > 0 && !taps.isEmpty)
    let units = network.inputShape.reduce(1, *)
    (self.network, self.taps, self.method, self.maxSamples) = (network, taps, method, maxSamples)
    self.baseline = baseline?.elements ?? Array(repeating: 0, count: units)
    precondition(self.baseline.count == units)
    algorithm = try method.algorithm()
    let needsInput = method.refinesPath && !taps.contains(where: \.isFullCut)
    watchedTaps = try needsInput ? taps + [Tap(network.input, of: network)] : taps
    plan = try Plan(
      network: network, batch: max(rows, maxSamples), taps: watchedTaps.map(\.name), precision: precision)
    try algorithm.check(self)
    let output = try plan.forward(
      Tensor(shape: [1] + network.inputShape, elements: self.baseline))
    baselineOutput = output.elements.map(Double.init)
  }

  /// Which library computes which node, for provenance.
  public var backends: [String: String] { plan.backends }

  /// The contributions of every tap's units to each target.
  /// - Parameters:
  ///   - targets: share all forward passes; each needs its own reverse passes.
  ///   - inputs: `[sample, input shape…]`, at most `maxSamples`.
  ///   - samples: ids for messages and seeds; places in `inputs` where left out.
  ///   - labels: index of each sample's labelled output, for targets that need it.
  ///   - includesGradients: whether gradients at the samples are summed as well.
  /// - Throws: `CodecError` of kind `data` naming layer and sample where a number is not finite, `usage` where a
  ///   target needs labels and there are none.
  /// - Complexity: a path of m steps takes m forward and, for each target, m reverse passes a sample; memory does
  ///   not grow with m.
  public func contributions(
    to targets: [any Target], inputs: Tensor, samples: [Int]? = nil, labels: [Int]? = nil,
    includesGradients: Bool = false
  ) throws -> ContributionBlock {
    let count = inputs.rows
    precondition(count > 0 && count <= maxSamples && Array(inputs.shape.dropFirst()) == network.inputShape)
    var block = ContributionBlock(
      samples: samples ?? Array(0..<count), inputs: inputs.elements, labels: labels,
      outputs: baselineOutput.count, taps: watchedTaps, targets: targets,
      includesGradients: includesGradients)
    if !algorithm.passesSamples { try runEndpoints(of: &block) }
    try algorithm.addContributions(to: &block, on: self)
    if !algorithm.leavesPlainMaps {
      for target in block.targets.indices {
        for (index, tap) in watchedTaps.enumerated() {
          block.targets[target].maps[index] = plan.turned(
            block.targets[target].maps[index], of: tap.name, toPlan: false)
        }
      }
    }
    return block
  }

  /// A tap's values at x0, in the order of its shape.
  func baselineValue(of tap: Tap) throws -> [Float] {
    if let value = baselineTaps[tap.name] { return value }
    let other = try Plan(network: network, batch: 1, taps: [tap.name], precision: plan.precision)
    _ = try other.forward(Tensor(shape: [1] + network.inputShape, elements: baseline))
    let value = try other.value(of: tap.name).elements
    baselineTaps[tap.name] = value
    return value
  }

  /// The plan of the network from a tap on, with the path straight in the tap.
  /// - Throws: `CodecError` of kind `usage` where other paths lead around the tap.
  func tailPlan(from tap: Tap, method: ContributionMethod) throws -> ContributionPlan {
    if let plan = tailPlans[tap.name] { return plan }
    let tail = try network.slice(from: tap.name, to: network.output)
    let made = try ContributionPlan(
      network: tail, taps: [tap], method: method,
      baseline: Tensor(shape: [1] + tap.shape, elements: try baselineValue(of: tap)), maxSamples: maxSamples,
      rows: plan.batch, precision: plan.precision)
    tailPlans[tap.name] = made
    return made
  }
}
