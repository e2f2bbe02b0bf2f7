import Numerics

/// Input times gradient, gathered at the layer: ∂T/∂h_j · Σ_i ∂h_j/∂x_i (x_i − x0_i) (paper eq. 6–8).
///
/// The sum over the stimulus is one tangent pass along x − x0, exact for any layer.
struct InputGrad: ContributionAlgorithm {
  func addContributions(to block: inout ContributionBlock, on plan: ContributionPlan) throws {
    for target in block.targets.indices {
      try plan.reverseEndpoints(of: block, target: target)
      if target == 0 { try plan.runTangents(of: Array(0..<block.count), of: block) }
      try plan.addProducts(
        to: &block, target: target, weights: { [count = block.count] _ in Array(repeating: 1, count: count) },
        origin: { _ in nil }, lend: { plan.plan.withTangent(of: $0.name, $1) })
    }
  }
}
