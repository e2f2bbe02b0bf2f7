import Numerics

/// Integrated gradients along a straight path of the layer itself, from h(x0) to h(x) (paper eq. 12).
struct HiddenIntegratedGradients: ContributionAlgorithm {
  let rule: QuadratureRule
  let steps: PathSteps
  let leavesPlainMaps = true

  func check(_ plan: ContributionPlan) throws {
    for tap in plan.taps { _ = try plan.network.slice(from: tap.name, to: plan.network.output) }
  }

  func addContributions(to block: inout ContributionBlock, on plan: ContributionPlan) throws {
    for (index, tap) in plan.taps.enumerated() {
      let tail = try plan.tailPlan(from: tap, method: .ig(rule: rule, steps: steps))
      tail.sampleName = plan.sampleName
      let part = try tail.contributions(
        to: block.targets.map(\.target), inputs: try plan.plan.value(of: tap.name), samples: block.samples,
        labels: block.labels)
      for target in block.targets.indices {
        block.targets[target].maps[index] = part.targets[target].maps[0]
      }
      for sample in 0..<block.count {
        block.steps[sample] = max(block.steps[sample], part.steps[sample])
        block.converged[sample] = block.converged[sample] && part.converged[sample]
      }
    }
  }
}
