import Contributions
import Networks
import Numerics
import Runtime
import Testing

private let sum = OutputSumTarget(name: "sum", formula: "Σ y", indices: [0, 1, 2])
private let second = OutputSumTarget(name: "cell:1", formula: "y of cell 1", indices: [1])
private let everyRule = QuadratureRule.allCases

/// The largest completeness gap in units of Σ|C|, over samples and full cuts.
private func relativeGap(_ plan: ContributionPlan, _ block: ContributionBlock, target: Int = 0) throws
  -> Double
{
  let sums = try block.sums(ofTarget: target, on: plan)
  let gaps = block.completeness(ofTarget: target, sums: sums, on: plan)
  return zip(sums, gaps).flatMap { sums, gaps -> [Double] in
    (gaps ?? []).enumerated().map { sample, gap in
      abs(gap) / (sums.positive.row(sample).reduce(0, +) - sums.negative.row(sample).reduce(0, +))
    }
  }.max() ?? .nan
}

@Suite struct ContributionPlanTests {
  @Test func everyMethod_isExactOnALinearNetwork() throws {
    let network = try RandomNetworks.linear(seed: 3)
    let taps = ["window", "conv", "norm", "y"]
    let expected = try contributions(
      network, taps: taps, method: .actgrad(hiddenBaseline: .input), targets: [sum]
    ).block.targets[0].maps
    var methods: [ContributionMethod] = [.inputgrad]
    methods += everyRule.map { .ig(rule: $0, steps: .fixed(3)) }
    methods += everyRule.map { .igHidden(rule: $0, steps: .fixed(2)) }
    methods.append(.ig(rule: .trapezoid, steps: .automatic(tolerance: 0.01, limit: 64)))
    for method in methods {
      let (plan, block) = try contributions(network, taps: taps, method: method, targets: [sum])
      #expect(try relativeGap(plan, block) < 1e-5, "\(method)")
      for (map, expected) in zip(block.targets[0].maps, expected) {
        let scale = expected.map(abs).max() ?? 0
        #expect(zip(map, expected).allSatisfy { abs($0 - $1) < 1e-5 * scale }, "\(method)")
      }
    }
  }

  @Test func integratedGradients_completeInTheLimitForEveryRuleAndCut() throws {
    for seed in UInt64(0)..<3 {
      let network = try RandomNetworks.residual(seed: seed)
      let taps = ["window", "conv1", "relu1", "sum", "relu2", "dense", "rate"]
      for rule in everyRule {
        let (plan, few) = try contributions(
          network, taps: taps, method: .ig(rule: rule, steps: .fixed(8)), targets: [sum, second])
        let many = try contributions(
          network, taps: taps, method: .ig(rule: rule, steps: .fixed(2000)), targets: [sum, second]
        ).block
        for target in 0..<2 {
          let gap = try relativeGap(plan, many, target: target)
          #expect(gap < 2e-3, "\(rule), seed \(seed)")
          #expect(try gap < 0.5 * relativeGap(plan, few, target: target), "\(rule), seed \(seed)")
        }
      }
    }
  }

  @Test func smoothNetworks_convergeQuadraticallyWithTheTrapezoid() throws {
    let network = try RandomNetworks.smooth(seed: 5)
    let target = SoftmaxTarget(of: second)
    let gaps = try [4, 8, 16].map { steps in
      let (plan, block) = try contributions(
        network, taps: ["x", "bent", "gate"], method: .ig(rule: .trapezoid, steps: .fixed(steps)),
        targets: [target])
      return try relativeGap(plan, block)
    }
    #expect(gaps[1] < 0.3 * gaps[0] && gaps[2] < 0.3 * gaps[1], "\(gaps)")
    let (plan, block) = try contributions(
      network, taps: ["x", "bent", "gate"], method: .ig(rule: .gaussLegendre, steps: .fixed(8)),
      targets: [target])
    #expect(try relativeGap(plan, block) < 1e-5)
  }

  @Test func hiddenPaths_completeInTheLimit() throws {
    let network = try RandomNetworks.residual(seed: 4)
    let (plan, block) = try contributions(
      network, taps: ["conv1", "relu1", "sum", "relu2"],
      method: .igHidden(rule: .midpoint, steps: .fixed(1000)),
      targets: [sum])
    #expect(try relativeGap(plan, block) < 2e-3)
  }

  @Test func hiddenPaths_needAFullCut() throws {
    let network = try RandomNetworks.residual(seed: 4)
    #expect {
      try contributions(
        network, taps: ["conv2"], method: .igHidden(rule: .trapezoid, steps: .fixed(4)), targets: [sum])
    } throws: { ($0 as? CodecError)?.kind == .usage }
  }

  @Test func layersThatAreNoFullCut_haveNoCompleteness() throws {
    let network = try RandomNetworks.residual(seed: 4)
    let (plan, block) = try contributions(
      network, taps: ["conv2", "sum"], method: .default, targets: [sum])
    let gaps = block.completeness(sums: try block.sums(on: plan), on: plan)
    #expect(gaps[0] == nil && gaps[1]?.count == 3)
  }

  @Test func contributions_doNotDependOnHowPathsAreBatched() throws {
    let network = try RandomNetworks.residual(seed: 6)
    let taps = ["conv1", "relu2"]
    let targetSets: [[any Target]] = [[sum], [TopTarget(count: 1, isFrozen: true), sum]]
    for method in everyRule.map({ ContributionMethod.ig(rule: $0, steps: .fixed(23)) }) {
      for targets in targetSets {
        let whole = try contributions(network, taps: taps, method: method, targets: targets, rows: 200).block
        for rows in [3, 4, 7, 24, 64] {
          let found = try contributions(network, taps: taps, method: method, targets: targets, rows: rows)
            .block
          for (target, expected) in zip(found.targets, whole.targets) {
            #expect(areClose(target.values, expected.values))
            #expect(areClose(target.baselineValues, expected.baselineValues))
            let areSame = zip(target.maps, expected.maps).map {
              areClose($0.map(Double.init), $1.map(Double.init))
            }
            #expect(areSame == [true, true], "\(method), \(rows) rows")
          }
          let activations = zip(found.activations, whole.activations).map {
            areClose($0.positive.elements + $0.negative.elements, $1.positive.elements + $1.negative.elements)
          }
          #expect(activations == [true, true])
        }
      }
    }
  }

  @Test func refinedPaths_hardlyDependOnHowTheyAreBatched() throws {
    let network = try RandomNetworks.residual(seed: 6)
    for rule in everyRule where rule.usesDifferences {
      let method = ContributionMethod.ig(rule: rule, steps: .automatic(tolerance: 1e-3, limit: 400))
      for target: any Target in [sum, TopTarget(count: 1, isFrozen: true)] {
        func run(rows: Int) throws -> ContributionBlock {
          try contributions(network, taps: ["conv1"], method: method, targets: [target], rows: rows).block
        }
        // Rounding decides which of two intervals that miss alike is halved, no more.
        let whole = try run(rows: 400)
        for rows in [3, 7, 64] {
          let found = try run(rows: rows)
          #expect(found.converged == whole.converged)
          #expect(
            areClose(
              found.targets[0].maps[0].map(Double.init), whole.targets[0].maps[0].map(Double.init),
              within: 0.01), "\(rule), \(rows) rows")
        }
      }
    }
  }

  /// Whether numbers differ by less than a share of the largest.
  private func areClose(_ found: [Double], _ expected: [Double], within share: Double = 1e-5) -> Bool {
    let scale = expected.map(abs).max() ?? 0
    return found.count == expected.count
      && zip(found, expected).allSatisfy { abs($0 - $1) <= share * scale }
  }

  @Test func severalTargets_equalOneAfterTheOther() throws {
    let network = try RandomNetworks.residual(seed: 7)
    let taps = ["conv1", "sum"]
    for method: ContributionMethod in [
      .default, .inputgrad, .actgrad(hiddenBaseline: .zero), .actnormgrad,
      .smoothgrad(draws: 2, deviation: 0.1, noise: .seeded(3)), .ig(rule: .gaussLegendre, steps: .fixed(4)),
      .igHidden(rule: .trapezoid, steps: .fixed(5)),
    ] {
      let both = try contributions(network, taps: taps, method: method, targets: [sum, second]).block
      let alone = try contributions(network, taps: taps, method: method, targets: [second]).block
      #expect(both.targets[1].maps == alone.targets[0].maps, "\(method)")
      #expect(both.targets[1].values == alone.targets[0].values)
    }
  }

  @Test func actNormGrad_hasGradientsOfUnitNorm() throws {
    let network = try RandomNetworks.residual(seed: 8)
    let block = try contributions(network, taps: ["relu2"], method: .actnormgrad, targets: [second]).block
    let plain = try contributions(
      network, taps: ["relu2"], method: .actgrad(hiddenBaseline: .zero), targets: [second]
    ).block
    let plan = try Plan(network: network, batch: 3, taps: ["relu2"])
    var source = WeightSource(seed: 1)
    _ = try plan.forward(source.tensor([3] + network.inputShape))
    try plan.reverse(Tensor(shape: [3, 4], elements: [0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]))
    let gradient = try plan.gradient(of: "relu2")
    for sample in 0..<3 {
      let norm = gradient.row(sample).reduce(0) { $0 + $1 * $1 }.squareRoot()
      for unit in sample * 60..<(sample + 1) * 60 {
        #expect(abs(block.targets[0].maps[0][unit] - plain.targets[0].maps[0][unit] / norm) < 1e-5)
      }
    }
  }

  @Test func smoothGrad_withoutNoiseIsActGrad() throws {
    let network = try RandomNetworks.residual(seed: 9)
    let taps = ["window", "conv1", "conv2"]
    let smooth = try contributions(
      network, taps: taps, method: .smoothgrad(draws: 3, deviation: 0, noise: .seeded(1)), targets: [sum])
    let plain = try contributions(
      network, taps: taps, method: .actgrad(hiddenBaseline: .zero), targets: [sum])
    for (map, expected) in zip(smooth.block.targets[0].maps, plain.block.targets[0].maps) {
      #expect(zip(map, expected).allSatisfy { abs($0 - $1) < 1e-4 * max(1, abs($1)) })
    }
  }

  @Test func smoothGrad_repeatsWithItsSeedAndSampleIds() throws {
    let network = try RandomNetworks.residual(seed: 9)
    var source = WeightSource(seed: 2)
    let inputs = source.tensor([4] + network.inputShape)
    func run(_ range: Range<Int>, seed: UInt64) throws -> [Float] {
      let plan = try ContributionPlan(
        network: network, taps: [try Tap("relu1", of: network)],
        method: .smoothgrad(draws: 2, deviation: 0.3, noise: .seeded(seed)), maxSamples: 4)
      return try plan.contributions(to: [sum], inputs: inputs.rows(range), samples: Array(range)).targets[0]
        .maps[0]
    }
    let whole = try run(0..<4, seed: 5)
    let parts = try run(0..<1, seed: 5) + run(1..<4, seed: 5)
    #expect(zip(whole, parts).allSatisfy { abs($0 - $1) < 1e-5 * max(1, abs($0)) })
    #expect(try run(0..<4, seed: 6) != whole)
  }

  @Test func frozenTop_differsFromTheFreeOneOnlyWhereTheTopChanges() throws {
    let network = try RandomNetworks.residual(seed: 11)
    let frozen = try contributions(
      network, taps: ["conv1"], method: .default, targets: [TopTarget(count: 1, isFrozen: true)], samples: 8)
    let free = try contributions(
      network, taps: ["conv1"], method: .default, targets: [TopTarget(count: 1, isFrozen: false)], samples: 8)
    let gap = try relativeGap(frozen.plan, frozen.block)
    #expect(gap < 0.1)
    let baseline = free.block.targets[0].baselineValues
    // Paths are batched otherwise where they share their start, so sums differ by rounding.
    for (value, expected) in zip(frozen.block.targets[0].values, free.block.targets[0].values) {
      #expect(abs(value - expected) < 1e-6 * abs(expected))
    }
    #expect(zip(frozen.block.targets[0].baselineValues, baseline).allSatisfy { $0 <= $1 })
  }

  @Test func gradients_areThoseAtTheSample() throws {
    let network = try RandomNetworks.residual(seed: 12)
    var source = WeightSource(seed: 13)
    let inputs = source.tensor([2] + network.inputShape)
    let contributions = try ContributionPlan(
      network: network, taps: [try Tap("conv2", of: network)], method: .default, maxSamples: 2
    ).contributions(to: [second], inputs: inputs, includesGradients: true)
    let plan = try Plan(network: network, batch: 2, taps: ["conv2"])
    _ = try plan.forward(inputs)
    try plan.reverse(Tensor(shape: [2, 4], elements: [0, 1, 0, 0, 0, 1, 0, 0]))
    let gradient = try plan.gradient(of: "conv2")
    for sample in 0..<2 {
      for channel in 0..<3 {
        let values = gradient.row(sample).dropFirst(20 * channel).prefix(20)
        let (low, high) = values.reduce((0.0, 0.0)) { ($0.0 + Double(min($1, 0)), $0.1 + Double(max($1, 0))) }
        #expect(abs(contributions.targets[0].gradients[0].negative[sample, channel] - low) < 1e-5)
        #expect(abs(contributions.targets[0].gradients[0].positive[sample, channel] - high) < 1e-5)
      }
    }
  }

  @Test func activations_areSumsOverSpaceBySign() throws {
    let network = try RandomNetworks.residual(seed: 14)
    let (plan, block) = try contributions(
      network, taps: ["conv1", "relu1"], method: .default, targets: [sum])
    #expect(plan.taps.map(\.hasSigns) == [true, false])
    #expect(block.activations[1].negative.elements.allSatisfy { $0 == 0 })
    #expect(block.activations[0].negative.elements.contains { $0 < 0 })
  }

  @Test func numbersThatAreNotFinite_nameTheSample() throws {
    let network = try RandomNetworks.residual(seed: 15)
    var source = WeightSource(seed: 16)
    var inputs = source.tensor([3] + network.inputShape)
    inputs.elements[inputs.rowCount + 3] = .infinity
    let plan = try ContributionPlan(
      network: network, taps: [try Tap("conv1", of: network)], method: .default, maxSamples: 3)
    #expect {
      try plan.contributions(to: [sum], inputs: inputs, samples: [40, 41, 42])
    } throws: { error in
      let text = (error as? CodecError)?.description ?? ""
      return text.contains("not a finite number") && text.contains("sample 41")
    }
  }

  @Test func impossibleNumbers_areUsageErrors() throws {
    let network = try RandomNetworks.linear(seed: 1)
    let methods: [ContributionMethod] = [
      .ig(rule: .trapezoid, steps: .fixed(0)),
      .ig(rule: .trapezoid, steps: .automatic(tolerance: 0, limit: 100)),
      .ig(rule: .gaussLegendre, steps: .automatic(tolerance: 0.1, limit: 100)),
      .smoothgrad(draws: 0, deviation: 1, noise: .seeded(0)),
    ]
    for method in methods {
      #expect {
        try contributions(network, taps: ["conv"], method: method, targets: [sum])
      } throws: { ($0 as? CodecError)?.kind == .usage }
    }
  }
}
