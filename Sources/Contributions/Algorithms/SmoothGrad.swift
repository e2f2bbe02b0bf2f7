import Numerics

/// Activity times gradient, averaged over noisy inputs: mean of h · g at x + ε, ε ~ N(0, σ²).
struct SmoothGrad: ContributionAlgorithm {
  let draws: Int
  let deviation: Float
  let noise: SmoothGradNoise

  func addContributions(to block: inout ContributionBlock, on plan: ContributionPlan) throws {
    let weights = [Float](repeating: 1 / Float(draws), count: block.count)
    for draw in 0..<draws {
      let output = try forward(draw: draw, of: block, on: plan)
      for target in block.targets.indices {
        try plan.reverse(output, rows: Array(0..<block.count), target: block.targets[target])
        try plan.addProducts(
          to: &block, target: target, weights: { _ in weights }, origin: { _ in nil },
          lend: { plan.plan.withValue(of: $0.name, $1) })
      }
    }
  }

  private func forward(draw: Int, of block: ContributionBlock, on plan: ContributionPlan) throws -> Tensor {
    let units = plan.baseline.count
    let output = try plan.plan.forward(samples: block.count) { rows in
      for (place, sample) in block.samples.enumerated() {
        let noise = noise(draw: draw, sample: sample, units: units)
        for unit in 0..<units {
          rows[place * units + unit] = block.inputs[place * units + unit] + noise[unit]
        }
      }
    }
    try plan.checkFinite(output, rows: Array(0..<block.count), of: block)
    return output
  }

  private func noise(draw: Int, sample: Int, units: Int) -> [Float] {
    switch noise {
    case .given(let noise):
      return noise[draw][sample]
    case .seeded(let seed):
      var stream = RandomStream(seed: seed).split("smoothgrad").split(sample).split(draw)
      var values = [Float](repeating: 0, count: units)
      stream.fillNormal(&values, standardDeviation: deviation)
      return values
    }
  }
}
