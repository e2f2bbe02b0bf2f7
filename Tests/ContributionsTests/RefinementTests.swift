import Contributions
import Networks
import Numerics
import Runtime
import Testing

private let targets: [any Target] = [
  OutputSumTarget(name: "sum", formula: "Σ y", indices: [0, 1, 2, 3]), ContrastiveTarget(), EntropyTarget(),
]
private let taps = ["conv1", "relu1", "sum", "relu2"]

/// |gap| over the goal's scale and over Σ|C|, for each target, full cut and sample.
private func gaps(_ plan: ContributionPlan, _ block: ContributionBlock) throws -> [(
  gap: Double, scale: Double
)] {
  try block.targets.indices.flatMap { target in
    let sums = try block.sums(ofTarget: target, on: plan)
    let completeness = block.completeness(ofTarget: target, sums: sums, on: plan)
    return zip(sums, completeness).flatMap { sums, gaps in
      (gaps ?? []).enumerated().map { sample, gap in
        let size = sums.positive.row(sample).reduce(0, +) - sums.negative.row(sample).reduce(0, +)
        let change = block.targets[target].values[sample] - block.targets[target].baselineValues[sample]
        return (abs(gap), max(abs(change), 1e-3 * size))
      }
    }
  }
}

@Suite struct RefinementTests {
  @Test func refinedPaths_closeTheGapOfEverySampleTargetAndCut() throws {
    for seed in UInt64(20)..<24 {
      for rule in QuadratureRule.allCases where rule.usesDifferences {
        let (plan, block) = try contributions(
          try RandomNetworks.residual(seed: seed), taps: taps,
          method: .ig(rule: rule, steps: .automatic(tolerance: 0.01, limit: 4000)), targets: targets,
          samples: 6,
          rows: 40)
        #expect(block.converged.allSatisfy { $0 }, "\(rule), seed \(seed), \(block.steps)")
        for (gap, scale) in try gaps(plan, block) { #expect(gap < 0.0101 * scale, "\(rule), seed \(seed)") }
      }
    }
  }

  @Test func samplesThatDoNotConverge_areReported() throws {
    let (plan, block) = try contributions(
      try RandomNetworks.residual(seed: 30), taps: taps,
      method: .ig(rule: .right, steps: .automatic(tolerance: 1e-4, limit: 40)), targets: targets, samples: 4)
    #expect(block.steps.allSatisfy { $0 <= 40 })
    let open = try gaps(plan, block).contains { $0.gap > 1e-4 * $0.scale }
    #expect(open && block.converged.contains(false))
  }

  @Test func refinedMaps_approachThoseOfManyEvenSteps() throws {
    let network = try RandomNetworks.residual(seed: 31)
    let refined = try contributions(
      network, taps: taps, method: .ig(rule: .trapezoid, steps: .automatic(tolerance: 2e-4, limit: 8000)),
      targets: [targets[0]]
    ).block
    let even = try contributions(
      network, taps: taps, method: .ig(rule: .trapezoid, steps: .fixed(4000)), targets: [targets[0]]
    ).block
    for (map, expected) in zip(refined.targets[0].maps, even.targets[0].maps) {
      let scale = expected.map(abs).max() ?? 0
      #expect(zip(map, expected).allSatisfy { abs($0 - $1) < 0.02 * scale })
    }
  }

  @Test func layersBesideAllCuts_areRefinedByTheInputsGap() throws {
    let (plan, block) = try contributions(
      try RandomNetworks.residual(seed: 32), taps: ["conv2"],
      method: .ig(rule: .trapezoid, steps: .automatic(tolerance: 0.005, limit: 4000)), targets: [targets[0]])
    #expect(block.converged.allSatisfy { $0 })
    #expect(block.steps.contains { $0 > 16 })
    #expect(plan.taps.map(\.name) == ["conv2"])
    #expect(try block.sums(on: plan).count == 1)
  }

  @Test func aSampleAtTheBaseline_convergesAtOnce() throws {
    let network = try RandomNetworks.residual(seed: 33)
    let plan = try ContributionPlan(
      network: network, taps: [try Tap("conv1", of: network)],
      method: .ig(rule: .trapezoid, steps: .automatic(tolerance: 0.01, limit: 100)), maxSamples: 1)
    let block = try plan.contributions(
      to: [targets[0]], inputs: Tensor(shape: [1] + network.inputShape, repeating: 0))
    #expect(block.converged == [true] && block.steps == [16])
    #expect(block.targets[0].maps[0].allSatisfy { $0 == 0 })
  }
}
