/// Activity times gradient: (h − h0) · ∂T/∂h, with h0 = 0 or the layer's activity at x0 (paper eq. 5).
struct ActGrad: ContributionAlgorithm {
  let hiddenBaseline: ContributionMethod.HiddenBaseline

  func addContributions(to block: inout ContributionBlock, on plan: ContributionPlan) throws {
    for target in block.targets.indices {
      try plan.reverseEndpoints(of: block, target: target)
      try plan.addProducts(
        to: &block, target: target, weights: { [count = block.count] _ in Array(repeating: 1, count: count) },
        origin: { hiddenBaseline == .input ? try plan.baselineValue(of: $0) : nil },
        lend: { plan.plan.withValue(of: $0.name, $1) })
    }
  }
}
