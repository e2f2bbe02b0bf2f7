import ArgumentParser
import Contributions
import Foundation
import Networks
import Numerics
import Runtime

/// Which contributions: layers, target, algorithm and its numbers.
struct MethodOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("Layers (default: the model's own).", valueName: "a,b"))
  var layers: CommaList<String>?

  @Option(name: .long, help: "The target: \(TargetChoice.spellings.joined(separator: ", ")).")
  var target: String?

  @Flag(name: .long, help: "Apply the target to softmax of the output.")
  var softmax = false

  @Flag(name: .long, help: "Choose the outputs of top:K once for each sample, not along the path.")
  var freezeTop = false

  @Option(name: .long, help: "The algorithm: \(ContributionMethod.names.joined(separator: ", ")).")
  var method = "ig"

  @Option(
    name: .long,
    help: "Steps of the path (default: 20, for pictures 10), or auto to refine each sample's path.")
  var steps: String?

  @Option(
    name: .long, help: "With --steps auto: the completeness gap allowed, as a share of the target's change.")
  var tolerance = 0.01

  @Option(name: .long, help: "With --steps auto: the most steps of one sample's path.")
  var stepLimit = 10_000

  @Option(
    name: .long,
    help: "Quadrature: \(QuadratureRule.allCases.map(\.rawValue).joined(separator: ", ")).")
  var rule = "trapezoid"

  @Option(name: .long, help: "Where actgrad measures activity from: zero or input.")
  var hiddenBaseline = "zero"

  @Option(name: .long, help: "Noisy inputs of smoothgrad.")
  var draws = 5

  @Option(name: .long, help: "Standard deviation of smoothgrad's noise, in those of the stimulus.")
  var noise: Float = 0.2

  @Option(name: .long, help: "Shrinkage of the covariance: auto, none, ledoit-wolf or a number from 0 to 1.")
  var shrinkage = "auto"

  @Option(
    name: .long, help: ArgumentHelp("Only these frames of the split: 100-199,300.", valueName: "ranges"))
  var frames: CommaList<FrameRange>?

  @Option(name: .long, help: ArgumentHelp("Frames whose unreduced maps are kept.", valueName: "a,b"))
  var maps: CommaList<Int>?

  @Flag(name: .long, help: "Keep the sums of the gradients as well.")
  var gradients = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Also average each cell's own contributions over this many frames, for clustering.", valueName: "frames"
    ))
  var perCell: Int?

  @Option(
    name: .long,
    help: "Arithmetic: f32, or bf16 where the processor has it (checked against f32 on the first samples).")
  var precision = "f32"

  /// The library's options.
  /// - Parameter defaultSteps: steps of the path where the command line does not say.
  /// - Throws: `CodecError` of kind `usage` naming what cannot be.
  func options(steps defaultSteps: Int = 20, seed: UInt64, threads: Int) throws -> ContributionOptions {
    var options = ContributionOptions()
    options.layers = layers?.values ?? []
    options.target = try target.map { try TargetChoice(parsing: $0) }
    options.appliesSoftmax = softmax
    options.freezesTop = freezeTop
    options.method = try contributionMethod(steps: defaultSteps, seed: seed)
    guard let shrinkage = Shrinkage(shrinkage) else {
      throw CodecError.unknown(
        "shrinkage", self.shrinkage, valid: ["auto", "none", "ledoit-wolf", "a number from 0 to 1"])
    }
    options.shrinkage = shrinkage
    options.frames = frames?.values.map(\.range)
    options.mapFrames = maps?.values ?? []
    options.includesGradients = gradients
    options.perCellFrames = perCell
    options.threads = threads
    guard let precision = Precision(rawValue: precision) else {
      throw CodecError.unknown("precision", precision, valid: Precision.allCases.map(\.rawValue))
    }
    options.precision = precision
    return options
  }

  private func contributionMethod(steps: Int, seed: UInt64) throws -> ContributionMethod {
    switch method {
    case "actgrad":
      guard let baseline = ContributionMethod.HiddenBaseline(rawValue: hiddenBaseline) else {
        throw CodecError.unknown(
          "hidden baseline", hiddenBaseline,
          valid: ContributionMethod.HiddenBaseline.allCases.map(\.rawValue))
      }
      return .actgrad(hiddenBaseline: baseline)
    case "actnormgrad": return .actnormgrad
    case "inputgrad": return .inputgrad
    case "ig": return .ig(rule: try QuadratureRule(parsing: rule), steps: try pathSteps(steps))
    case "ig-hidden":
      return .igHidden(rule: try QuadratureRule(parsing: rule), steps: try pathSteps(steps))
    case "smoothgrad": return .smoothgrad(draws: draws, deviation: noise, noise: .seeded(seed))
    default: throw CodecError.unknown("method", method, valid: ContributionMethod.names)
    }
  }

  private func pathSteps(_ defaultSteps: Int) throws -> PathSteps {
    let steps = steps ?? "\(defaultSteps)"
    if steps == "auto" { return .automatic(tolerance: tolerance, limit: stepLimit) }
    guard let count = Int(steps), count > 0 else {
      throw CodecError(.usage, "\(steps) steps", remedy: "give a whole number above 0, or auto")
    }
    return .fixed(count)
  }
}

/// Frames as the command line gives them: `7` or `100-199`, both ends included.
struct FrameRange: LosslessStringConvertible, Sendable {
  let range: Range<Int>

  init?(_ text: String) {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first >= 0,
      last >= first
    else { return nil }
    range = first..<last + 1
  }

  var description: String { "\(range.lowerBound)-\(range.upperBound - 1)" }
}
