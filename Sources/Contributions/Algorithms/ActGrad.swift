/// Activity times gradient: (h − h0) · ∂T/∂h, with h0 = 0 or the layer's activity at x0 (paper eq. 5).
struct ActGrad: ContributionAlgorithm {
  let hiddenBaseline: ContributionMethod.HiddenBaseline

  func addContributions(to block: inout ContributionBlock, on plan: ContributionPlan) throws {
    for target in block.targets.indices {
      try plan.reverseEndpoints(of: block, target: target)
      try plan.addProducts(
        to: &block, target: target, weights: { [count = block.count] _ in Array(repeating: 1, count: count) },
        origin: { tap in
          guard hiddenBaseline == .input else { return nil }
          return plan.plan.turned(try plan.baselineValue(of: tap), of: tap.name, toPlan: true)
        },
        lend: { plan.plan.withValue(of: $0.name, $1) })
    }
  }
}
