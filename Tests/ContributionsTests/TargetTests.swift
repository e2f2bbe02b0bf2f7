import Contributions
import Foundation
import Numerics
import Runtime
import Testing

/// Random numbers for properties; a fixed seed, so that a failure repeats.
func randomOutputs(_ count: Int, seed: UInt64) -> [Double] {
  var random = RandomStream(seed: seed)
  return (0..<count).map { _ in 3 * random.normal() }
}

/// A symmetric positive definite matrix.
private func randomPrecision(_ count: Int, seed: UInt64) -> Matrix {
  let factor = Matrix(rows: count, columns: count, elements: randomOutputs(count * count, seed: seed))
  var product = Matrix(rows: count, columns: count)
  for row in 0..<count {
    for column in 0..<count {
      product[row, column] =
        (0..<count).reduce(row == column ? 0.1 : 0) { $0 + factor[row, $1] * factor[column, $1] }
    }
  }
  return product
}

/// One of every target, over `count` outputs.
private func everyTarget(_ count: Int) -> [any Target] {
  let mean = randomOutputs(count, seed: 7)
  let precision = randomPrecision(count, seed: 8)
  let plain: [any Target] = [
    SurprisalTarget(mean: mean, precision: precision, logDeterminant: 0.3),
    MahalanobisTarget(mean: mean, precision: precision),
    OutputSumTarget(name: "cell:1", formula: "y of cell 1", indices: [1]),
    OutputSumTarget(name: "sum", formula: "Σ y", indices: Array(0..<count)),
    TopTarget(count: 1, isFrozen: false), TopTarget(count: 3, isFrozen: false), EntropyTarget(),
    ContrastiveTarget(),
  ]
  return plain + [2, 4, 5, 7].map { SoftmaxTarget(of: plain[$0]) }
}

@Suite struct TargetTests {
  @Test func everyTarget_gradientEqualsFiniteDifferences() {
    for seed in UInt64(0)..<10 {
      let output = randomOutputs(6, seed: 100 + seed)
      for target in everyTarget(6) {
        let gradient = target.gradient(output)
        for index in output.indices {
          let step = 1e-5
          var (above, below) = (output, output)
          above[index] += step
          below[index] -= step
          let slope = (target.value(above) - target.value(below)) / (2 * step)
          #expect(
            abs(slope - gradient[index]) < 1e-6 * max(1, abs(slope)),
            "\(target.name), output \(index), seed \(seed)")
        }
      }
    }
  }

  @Test func mahalanobis_isFlatAtTheMean() {
    let mean = randomOutputs(4, seed: 1)
    let target = MahalanobisTarget(mean: mean, precision: randomPrecision(4, seed: 2))
    #expect(target.value(mean) == 0)
    #expect(target.gradient(mean) == [0, 0, 0, 0])
  }

  @Test func surprisal_isHalfTheSquaredMahalanobisDistance() {
    let (mean, precision) = (randomOutputs(5, seed: 3), randomPrecision(5, seed: 4))
    let output = randomOutputs(5, seed: 5)
    let surprisal = SurprisalTarget(mean: mean, precision: precision, logDeterminant: 0).value(output)
    let distance = MahalanobisTarget(mean: mean, precision: precision).value(output)
    #expect(abs(surprisal - distance * distance / 2) < 1e-9 * surprisal)
  }

  @Test func surprisal_withItsConstantIsTheNegativeLogDensity() {
    // One output of variance 4: −log N(5; 3, 4).
    let target = SurprisalTarget(
      mean: [3], precision: Matrix(rows: 1, columns: 1, elements: [0.25]), logDeterminant: log(4))
    let density = exp(-0.5 * (5 - 3) * (5 - 3) / 4.0) / (2 * Double.pi * 4).squareRoot()
    #expect(abs(target.value([5]) + target.constant + log(density)) < 1e-12)
    #expect(target.unit(ofOutputs: "Hz") == "nats")
  }

  @Test func top_takesTiedOutputsInTheirOrder() {
    let target = TopTarget(count: 2, isFrozen: false)
    #expect(target.value([1, 4, 4, 4]) == 8)
    #expect(target.gradient([1, 4, 4, 4]) == [0, 1, 1, 0])
  }

  @Test func contrastive_ofTiedOutputsIsZeroWithOneSubgradient() {
    #expect(ContrastiveTarget().value([2, 5, 5]) == 0)
    #expect(ContrastiveTarget().gradient([2, 5, 5]) == [0, 1, -1])
  }

  @Test func frozenTop_keepsTheSamplesChoiceAlongThePath() throws {
    let atSample = [5.0, 1, 3]
    let onThePath = [0.0, 2, 1]
    let frozen = TopTarget(count: 1, isFrozen: true).settled(at: atSample, label: nil)
    #expect(frozen.value(onThePath) == 0)
    let free = TopTarget(count: 1, isFrozen: false).settled(at: atSample, label: nil)
    #expect(free.value(onThePath) == 2)
  }

  @Test func label_readsTheSamplesOwnOutput() throws {
    let target = try SoftmaxTarget(of: LabelTarget()).settled(at: [0, 1, 2], label: 1)
    #expect(abs(target.value([0, 0, 0]) - 1 / 3.0) < 1e-12)
    #expect(throws: CodecError.self) { try LabelTarget().settled(at: [0, 1], label: nil) }
    #expect(throws: CodecError.self) { try LabelTarget().settled(at: [0, 1], label: 2) }
  }

  @Test func entropy_survivesExtremeOutputs() {
    let target = EntropyTarget()
    #expect(abs(target.value([0, 0, 0, 0]) - log(4)) < 1e-12)
    #expect(target.value([1e4, 0, 0]) == 0)
    #expect(target.gradient([1e4, 0, 0]).allSatisfy { $0.isFinite })
  }
}
