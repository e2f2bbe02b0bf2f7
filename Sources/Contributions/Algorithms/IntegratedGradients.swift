import Numerics

/// Integrated gradients through the layer: ∫ ∂T/∂h · dh along the straight path of inputs from x0 to x (paper
/// eq. 20–21; Sundararajan et al. 2017), also called layer conductance.
struct IntegratedGradients: ContributionAlgorithm {
  let rule: QuadratureRule
  let steps: PathSteps

  func addContributions(to block: inout ContributionBlock, on plan: ContributionPlan) throws {
    switch steps {
    case .fixed(let count):
      block.steps = Array(repeating: count, count: block.count)
      if rule.usesDifferences {
        let breakpoints = evenBreakpoints(count)
        let pieces = (0..<block.count).flatMap { sample in
          PathPiece.pieces(ofSample: sample, breakpoints, rule: rule, refines: false, rows: plan.plan.batch)
        }
        try plan.addPathSums(of: pieces, to: &block)
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

/// A piece of one sample's path that fits a batch.
struct PathPiece {
  /// Place of the sample in its block.
  let sample: Int
  let quadrature: PathQuadrature

  /// Cuts a path into pieces.
  /// - Parameters:
  ///   - breakpoints: ends of neighbouring intervals.
  ///   - refines: whether the sum replaces each interval by its halves.
  ///   - rows: the largest number of points of a piece.
  static func pieces(
    ofSample sample: Int, _ breakpoints: [Double], rule: QuadratureRule, refines: Bool, rows: Int
  ) -> [PathPiece] {
    let nodesPerInterval = (rule == .midpoint ? 2 : 1) * (refines ? 2 : 1)
    let intervals = max(1, (rows - 1) / nodesPerInterval)
    return stride(from: 0, to: breakpoints.count - 1, by: intervals).map { first in
      let points = Array(breakpoints[first...min(first + intervals, breakpoints.count - 1)])
      return PathPiece(
        sample: sample, quadrature: refines ? rule.refinement(of: points) : rule.quadrature(over: points))
    }
  }
}
