import Numerics

/// Activity times the gradient's direction: h · g / ‖g‖₂, norm over the whole layer of one sample.
struct ActNormGrad: ContributionAlgorithm {
  /// Below this the gradient counts as 0.
  static let floor = 1e-8

  func addContributions(to block: inout ContributionBlock, on plan: ContributionPlan) throws {
    for target in block.targets.indices {
      try plan.reverseEndpoints(of: block, target: target)
      let count = block.count
      try plan.addProducts(
        to: &block, target: target,
        weights: { tap in
          plan.plan.withGradient(of: tap.name) { gradient in
            (0..<count).map {
              let norm = PathSums.squareSum(gradient, $0 * tap.units..<($0 + 1) * tap.units).squareRoot()
              return Float(1 / max(norm, ActNormGrad.floor))
            }
          }
        },
        origin: { _ in nil }, lend: { plan.plan.withValue(of: $0.name, $1) })
    }
  }
}
