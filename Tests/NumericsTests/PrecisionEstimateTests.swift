import Foundation
import Numerics
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct PrecisionEstimateTests {
  /// Values of scikit-learn 1.x for a small matrix given by a formula.
  @Test func ledoitWolf_equalsScikitLearn() {
    var samples = Matrix(rows: 12, columns: 4)
    for i in 0..<12 {
      for j in 0..<4 {
        let wave = sin(1 + Double(i * (j + 1))) * Double(j + 1)
        samples[i, j] = wave + 0.3 * cos(Double(i * i + j))
      }
    }
    let (covariance, shrinkage) = Statistics.ledoitWolf(samples)
    #expect(abs(shrinkage - 0.2471884229436992) < 1e-13)
    let expected = [
      1.3121986479284664, 0.062319911084464774, -0.013694658742862565, -0.004243747306932538,
      0.062319911084464774, 2.549903097322917, -0.06831767640893457, -1.7272883511927588,
      -0.013694658742862565, -0.06831767640893457, 2.560660758622288, 0.6069712346729543,
      -0.004243747306932538, -1.7272883511927588, 0.6069712346729543, 6.86833417216646,
    ]
    #expect(largestDifference(covariance.elements, expected) < 1e-13)
  }

  @Test(arguments: [1, 3, 17]) func wellConditioned_isInvertedAsItIs(size: Int) throws {
    let samples = correlatedSamples(400, size)
    let estimate = try PrecisionEstimate(samples: samples)
    #expect(estimate.shrinkage == 0 && estimate.rank == size)
    #expect(estimate.mean == Statistics.columnMeans(samples))
    #expect(largestDifference(estimate.covariance, Statistics.covariance(samples)) == 0)
    #expect(largestDifference(estimate.covariance * estimate.precision, .identity(size)) < 1e-9)
    let values = LinearAlgebra.symmetricEigen(estimate.covariance).values
    #expect(abs(estimate.conditionNumber / (values[0] / values[size - 1]) - 1) < 1e-9)
    #expect(abs(estimate.logDeterminant - values.reduce(0) { $0 + log($1) }) < 1e-9)
    #expect(try estimate == PrecisionEstimate(samples: samples, shrinkage: .none))
  }

  /// Silent, duplicate and linearly dependent cells, fewer samples than cells: all give a finite inverse.
  @Test(arguments: ["silent", "duplicate", "dependent", "nearly duplicate", "few samples", "two samples"])
  func singularCovariance_givesAUsableEstimate(_ kind: String) throws {
    var samples = correlatedSamples(kind == "few samples" ? 4 : kind == "two samples" ? 2 : 300, 6)
    for row in 0..<samples.rows {
      switch kind {
      case "silent": samples[row, 2] = 0.1
      case "duplicate": samples[row, 2] = samples[row, 4]
      case "dependent": samples[row, 2] = 2 * samples[row, 4] - samples[row, 0]
      case "nearly duplicate": samples[row, 2] = samples[row, 4] * (1 + 1e-6 * Double(row % 3))
      default: break
      }
    }
    let estimate = try PrecisionEstimate(samples: samples)
    #expect(estimate.shrinkage > 0 && estimate.shrinkage <= 1)
    if kind == "nearly duplicate" {
      #expect(estimate.rank == 6 && estimate.conditionNumber > PrecisionEstimate.conditionLimit)
    } else {
      #expect(estimate.rank == (kind == "few samples" ? 3 : kind == "two samples" ? 1 : 5))
      #expect(estimate.conditionNumber == .infinity)
      expectError(kind: .data, containing: "singular (rank \(estimate.rank) of 6)") {
        try PrecisionEstimate(samples: samples, shrinkage: .none)
      }
    }
    #expect(estimate.logDeterminant.isFinite)
    #expect(largestDifference(estimate.covariance * estimate.precision, .identity(6)) < 1e-6)
    let values = LinearAlgebra.symmetricEigen(estimate.covariance).values
    #expect(values[0] / values[5] < PrecisionEstimate.conditionLimit * 1.001)
    let wolf = Statistics.ledoitWolf(samples)
    if kind != "two samples" {
      #expect(estimate.shrinkage == wolf.shrinkage && estimate.covariance == wolf.covariance)
    }
  }

  @Test func shrinkageGiven_isApplied() throws {
    let samples = correlatedSamples(50, 3)
    let covariance = Statistics.covariance(samples)
    let estimate = try PrecisionEstimate(samples: samples, shrinkage: .value(0.25))
    let level = (covariance[0, 0] + covariance[1, 1] + covariance[2, 2]) / 3
    #expect(abs(estimate.covariance[0, 1] - 0.75 * covariance[0, 1]) < 1e-12)
    #expect(abs(estimate.covariance[2, 2] - 0.75 * covariance[2, 2] - 0.25 * level) < 1e-12)
    #expect(estimate.shrinkage == 0.25)
    expectError(kind: .usage, containing: "a shrinkage of 1.5") {
      try PrecisionEstimate(samples: samples, shrinkage: .value(1.5))
    }
  }

  @Test func whatHasNoCovariance_isOneClearError() {
    let constant = Matrix(rows: 9, columns: 2, repeating: 3.3)
    for shrinkage in [Shrinkage.automatic, .none, .ledoitWolf, .value(0.5)] {
      expectError(kind: .data, containing: "every output is constant over the 9 samples") {
        try PrecisionEstimate(samples: constant, shrinkage: shrinkage, at: "a.h5")
      }
    }
    var broken = correlatedSamples(20, 3)
    broken[7, 1] = .nan
    expectError(kind: .data, containing: "output 1 of sample 7 is nan") {
      try PrecisionEstimate(samples: broken)
    }
    expectError(kind: .data, containing: "not 1 of 3") {
      try PrecisionEstimate(samples: Matrix(rows: 1, columns: 3))
    }
  }

  @Test func shrinkage_readsWhatItPrints() {
    for shrinkage in [Shrinkage.automatic, .none, .ledoitWolf, .value(0.125)] {
      #expect(Shrinkage(shrinkage.description) == shrinkage)
    }
    for text in ["", "lw", "-0.1", "1.01", "nan"] { #expect(Shrinkage(text) == nil) }
  }

  private func correlatedSamples(_ count: Int, _ size: Int) -> Matrix {
    var stream = RandomStream(seed: 51).split(size)
    let mixing = stream.matrix(size, size)
    return stream.matrix(count, size) * mixing
  }

  private func expectError(
    kind: CodecError.Kind, containing text: String, _ body: () throws -> PrecisionEstimate,
    at location: SourceLocation = #_sourceLocation
  ) {
    do {
      _ = try body()
      Issue.record("no error", sourceLocation: location)
    } catch {
      let error = error as? CodecError
      #expect(error?.kind == kind, sourceLocation: location)
      #expect(error?.what.contains(text) == true, "\(error?.what ?? "")", sourceLocation: location)
    }
  }
}

extension PrecisionEstimateTests {
  @Test func fixtureRates_haveScikitLearnsLedoitWolf_andTheExpectedPrecision() throws {
    let modes = try H5File(reading: Fixtures.path("modes/expected.h5"))
    let (covariance, shrinkage) = Statistics.ledoitWolf(try modes.dataset("/ledoit_wolf/data").matrix())
    let expected = try modes.dataset("/ledoit_wolf/covariance").matrix()
    let amount = try #require(try modes.attribute("shrinkage", of: "/ledoit_wolf")?.asNumber)
    #expect(abs(shrinkage - amount) < 1e-9)
    #expect(largestDifference(covariance, expected) < 1e-9 * expected.elements.max()!)

    let retina = try H5File(reading: Fixtures.path("retina/expected.h5"))
    let estimate = try PrecisionEstimate(samples: try retina.dataset("/rate").matrix())
    let precision = try retina.dataset("/rate_precision").matrix()
    #expect(estimate.shrinkage == 0)
    #expect(largestDifference(estimate.precision, precision) < 1e-6 * precision.elements.max()!)
  }
}
