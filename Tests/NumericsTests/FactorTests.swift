import Numerics
import Runtime
import Storage
import TestSupport
import Testing

/// Principal components and nonnegative factors.
@Suite struct FactorTests {
  @Test(arguments: ["conv1", "conv2"]) func fixture_hasTheExpectedExplainedVariance(layer: String) throws {
    let file = try H5File(reading: Fixtures.path("modes/expected.h5"))
    let pca = try PrincipalComponents(try file.dataset("/data/\(layer)").matrix())
    let expected = try file.dataset("/pca/\(layer)/explained_variance_ratio").numbers(Double.self)
    #expect(largestDifference(pca.explainedVarianceRatio, expected) < 1e-6)
  }

  @Test(arguments: [(50, 6), (5, 9), (2, 1)])
  func components_areOrthonormal_andCarryTheVariance(rows: Int, columns: Int) throws {
    var stream = RandomStream(seed: 71).split(rows)
    let samples = stream.matrix(rows, columns) * stream.matrix(columns, columns)
    let pca = try PrincipalComponents(samples)
    let count = min(rows, columns)
    #expect(pca.components.rows == count)
    #expect(
      largestDifference(
        Matrix.product(pca.components, pca.components, transposeRight: true), .identity(count)) < 1e-10)
    let covariance = Statistics.covariance(pca.scores(samples, components: count))
    #expect(largestDifference(covariance, .diagonal(pca.explainedVariance)) < 1e-9)
    #expect(abs(pca.explainedVarianceRatio.reduce(0, +) - 1) < 1e-12)
    #expect(largestDifference(pca.reconstruction(samples, components: count), samples) < 1e-9)
    for kept in 0...count {
      let error = zip(pca.reconstruction(samples, components: kept).elements, samples.elements)
        .reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let lost = pca.explainedVariance.dropFirst(kept).reduce(0, +) * Double(rows - 1)
      #expect(abs(error - lost) < 1e-8)
    }
  }

  @Test func countAndParticipation_followTheSpectrum() throws {
    var samples = Matrix(rows: 8, columns: 3)
    for row in 0..<8 {
      samples[row, 0] = row & 1 == 0 ? 3 : -3
      samples[row, 1] = row & 2 == 0 ? 1 : -1
    }
    let pca = try PrincipalComponents(samples)
    #expect(abs(pca.explainedVarianceRatio[0] - 0.9) < 1e-12)
    #expect(pca.count(explaining: 0.89) == 1 && pca.count(explaining: 0.91) == 2)
    #expect(abs(pca.participationRatio - 100.0 / 82) < 1e-12)
    let constant = try PrincipalComponents(Matrix(rows: 3, columns: 2, repeating: 4))
    #expect(constant.explainedVariance == [0, 0] && constant.explainedVarianceRatio.allSatisfy { $0.isNaN })
    #expect(constant.count(explaining: 0.95) == 0)
  }

  @Test func unusableSamples_areErrors() {
    #expect(throws: CodecError.self) { try PrincipalComponents(Matrix(rows: 1, columns: 2)) }
    let broken = Matrix(rows: 2, columns: 2, elements: [0, 1, 2, .infinity])
    #expect(throws: CodecError.self) { try PrincipalComponents(broken) }
    let stream = RandomStream(seed: 0)
    #expect(throws: CodecError.self) { try NonnegativeFactors(broken, components: 1, stream: stream) }
    let negative = Matrix(rows: 2, columns: 2, elements: [0, 1, -2, 3])
    #expect(
      throws: CodecError(.data, "no nonnegative factors of negative numbers: row 1, column 0 is -2.0")
    ) { try NonnegativeFactors(negative, components: 1, stream: stream) }
  }

  /// A product of sparse nonnegative matrices is found again.
  @Test(arguments: [1, 2, 4]) func plantedFactors_areRecovered(count: Int) throws {
    var stream = RandomStream(seed: 72).split(count)
    var (left, right) = (stream.matrix(80, count), stream.matrix(count, 12))
    for index in left.elements.indices { left.elements[index] = max(0, left.elements[index]) }
    for index in right.elements.indices { right.elements[index] = max(0, right.elements[index]) }
    let matrix = left * right
    let found = try NonnegativeFactors(
      matrix, components: count, iterations: 4000, tolerance: 1e-14, stream: stream)
    let power = matrix.elements.reduce(0) { $0 + $1 * $1 }
    #expect(found.squaredError < 1e-6 * power)
    for row in 0..<count {
      let direction = unit(right.row(row))
      let best = (0..<count).map { other in
        zip(found.components.row(other), direction).reduce(0) { $0 + $1.0 * $1.1 }
      }
      #expect(best.max()! > 0.99)
    }
  }

  @Test func factors_areNonnegative_orderedAndReproducible_andErrorFallsWithTheirNumber() throws {
    let file = try H5File(reading: Fixtures.path("modes/expected.h5"))
    var matrix = try file.dataset("/data/conv1").matrix()
    for index in matrix.elements.indices { matrix.elements[index] = abs(matrix.elements[index]) }
    let stream = RandomStream(seed: 73)
    var errors: [Double] = []
    for count in [1, 2, 4, 8, 16] {
      let found = try NonnegativeFactors(matrix, components: count, stream: stream)
      #expect(
        found.weights.elements.allSatisfy { $0 >= 0 } && found.components.elements.allSatisfy { $0 >= 0 })
      let error = zip(found.reconstruction.elements, matrix.elements)
        .reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      #expect(abs(error - found.squaredError) < 1e-8 * matrix.elements.reduce(0) { $0 + $1 * $1 })
      let best = LinearAlgebra.singularValues(matrix).s.dropFirst(count).reduce(0) { $0 + $1 * $1 }
      #expect(error >= best * (1 - 1e-9))
      // Perron and Frobenius: the best single direction is nonnegative.
      if count == 1 { #expect(error < best * 1.0001) }
      let carried = (0..<count).map { found.weights.column($0).reduce(0) { $0 + $1 * $1 } }
      #expect(carried == carried.sorted(by: >))
      let again = try NonnegativeFactors(matrix, components: count, stream: stream)
      #expect(again.weights == found.weights && again.components == found.components)
      errors.append(error)
    }
    #expect(errors == errors.sorted(by: >))
  }

  @Test func zeros_haveZeroFactors() throws {
    let found = try NonnegativeFactors(
      Matrix(rows: 3, columns: 4), components: 2, stream: RandomStream(seed: 1))
    #expect(found.squaredError == 0 && found.reconstruction.elements.allSatisfy { $0 == 0 })
  }

  private func unit(_ vector: ArraySlice<Double>) -> [Double] {
    let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return vector.map { $0 / norm }
  }
}
