import Contributions
import Networks
import Numerics
import Runtime
import Storage
import Testing

private let tolerance = 1e-4

/// Contributions of the picked rows by every method, against the reference values.
@Suite struct RetinaMapTests {
  private let fixture: RetinaFixture
  private let picked: [Int]
  private let targets: [(group: String, target: any Target)]

  init() throws {
    fixture = try RetinaFixture.retina()
    picked = try fixture.expected.dataset("picked_rows").numbers(Int.self)
    let statistics = try fixture.statistics()
    let ids = fixture.model.unitIDs.map(String.init)
    targets = try [
      ("surprisal", "surprisal"), ("mahalanobis", "mahalanobis"), ("cell2", "cell:2"), ("sum", "sum"),
    ].map { ($0, try TargetChoice(parsing: $1).target(unitIDs: ids, statistics: statistics)) }
  }

  private func plan(_ network: Network, _ method: ContributionMethod, baseline: Tensor?) throws
    -> ContributionPlan
  {
    try ContributionPlan(
      network: network, taps: fixture.model.taps.map { try Tap($0, of: network) }, method: method,
      baseline: baseline, maxSamples: picked.count, rows: 48)
  }

  private func compare(_ block: ContributionBlock, taps: [Tap], with name: String) throws {
    for (target, part) in zip(targets, block.targets) {
      let group = "maps/\(target.group)"
      #expect(
        worstDifference(part.values, try fixture.expected.dataset("\(group)/target").numbers(Double.self))
          < tolerance)
      #expect(
        worstDifference(
          part.baselineValues, try fixture.expected.dataset("\(group)/target_at_zero").numbers(Double.self))
          < tolerance)
      for (tap, map) in zip(taps, part.maps) {
        let expected = try fixture.expected.dataset("\(group)/\(name)/\(tap.name)").numbers(Double.self)
        let difference = worstDifference(map.map(Double.init), expected)
        #expect(difference < tolerance, "\(target.group) \(name) \(tap.name)")
      }
    }
  }

  @Test(arguments: [
    ("ig20_trapezoid", ContributionMethod.ig(rule: .trapezoid, steps: .fixed(20))),
    ("ig20_riemann", .ig(rule: .right, steps: .fixed(20))), ("act_grad", .actgrad(hiddenBaseline: .zero)),
    ("act_normgrad", .actnormgrad), ("input_grad", .inputgrad),
  ])
  func everyMap_equalsTheReference(_ name: String, _ method: ContributionMethod) throws {
    let (tail, inputs) = try fixture.firstLayer(of: picked)
    let plan = try plan(tail, method, baseline: try fixture.baseline())
    let block = try plan.contributions(to: targets.map(\.target), inputs: inputs)
    try compare(block, taps: plan.taps, with: name)
  }

  @Test func smoothGradMaps_equalTheReferenceForItsNoise() throws {
    let noise = try fixture.expected.dataset("smooth_grad_noise")
    let values = try noise.tensor()
    let size = fixture.model.network.inputShape.reduce(1, *)
    let given = (0..<values.rows).map { draw in
      picked.indices.map { place in
        let first = (draw * picked.count + place) * size
        return Array(values.elements[first..<first + size])
      }
    }
    let method = ContributionMethod.smoothgrad(draws: values.rows, deviation: 0.2, noise: .given(given))
    let plan = try plan(fixture.model.network, method, baseline: nil)
    let block = try plan.contributions(
      to: targets.map(\.target), inputs: try fixture.windows(of: picked), samples: Array(picked.indices))
    try compare(block, taps: plan.taps, with: "smooth_grad")
  }

  @Test func pathsFromTheStimulus_equalPathsFromTheFirstLayer() throws {
    let plan = try plan(fixture.model.network, .default, baseline: nil)
    let block = try plan.contributions(
      to: targets.map(\.target), inputs: try fixture.windows(of: picked))
    try compare(block, taps: plan.taps, with: "ig20_trapezoid")
  }

  @Test func automaticSteps_closeTheGapOfEveryTargetOnThePickedRows() throws {
    let (tail, inputs) = try fixture.firstLayer(of: picked)
    let method = ContributionMethod.ig(rule: .trapezoid, steps: .automatic(tolerance: 0.01, limit: 2560))
    let plan = try plan(tail, method, baseline: try fixture.baseline())
    for (group, target) in targets {
      let block = try plan.contributions(to: [target], inputs: inputs)
      #expect(block.converged.allSatisfy { $0 }, "\(group)")
      let completeness = block.completeness(sums: try block.sums(on: plan), on: plan)
      for (tap, gaps) in zip(plan.taps, completeness) {
        for (sample, gap) in (gaps ?? []).enumerated() {
          let change = abs(block.targets[0].values[sample] - block.targets[0].baselineValues[sample])
          #expect(abs(gap) < 0.01 * change, "\(group) \(tap.name) row \(picked[sample])")
        }
      }
    }
  }
}
