import Numerics

/// Integrated gradients through the layer: ∫ ∂T/∂h · dh along the straight path of inputs from x0 to x (paper
/// eq. 20–21; Sundararajan et al. 2017), also called layer conductance.
struct IntegratedGradients: ContributionAlgorithm {
  let rule: QuadratureRule
  let steps: PathSteps

  var passesSamples: Bool { rule.usesDifferences }

  func addContributions(to block: inout ContributionBlock, on plan: ContributionPlan) throws {
    switch steps {
    case .fixed(let count):
      block.steps = Array(repeating: count, count: block.count)
      if rule.usesDifferences {
        let quadrature = rule.quadrature(over: evenBreakpoints(count))
        var passes = PathPasses(on: plan, of: block)
        try passes.addSums(
          of: (0..<block.count).map { PathPiece(sample: $0, quadrature: quadrature) }, to: &block)
      } else {
        try addDerivativeSums(points: count, to: &block, on: plan)
      }
    case .automatic(let tolerance, let limit):
      try addRefinedSums(tolerance: tolerance, limit: limit, to: &block, on: plan)
    }
  }

  /// Σ w g(α) ḣ(α): the Gauss–Legendre rule.
  private func addDerivativeSums(points: Int, to block: inout ContributionBlock, on plan: ContributionPlan)
    throws
  {
    let quadrature = gaussLegendre(points)
    for sample in 0..<block.count {
      for first in stride(from: 0, to: points, by: plan.plan.batch) {
        let chosen = first..<min(first + plan.plan.batch, points)
        let rows = [Int?](repeating: sample, count: chosen.count)
        let run = RowRun(sample: sample, along: Array(quadrature.nodes[chosen]))
        let output = try plan.forward([run], of: block)
        try plan.runTangents(of: chosen.map { _ in sample }, of: block)
        for target in block.targets.indices {
          try plan.reverse(output, rows: rows, target: block.targets[target])
          plan.addTangentProducts(
            weights: quadrature.weights[chosen].map { Float($0) }, sample: sample, target: target, to: &block)
        }
      }
    }
  }
}
