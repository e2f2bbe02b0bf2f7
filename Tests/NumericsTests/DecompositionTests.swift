import Numerics
import Testing

@Suite struct DecompositionTests {
  @Test(arguments: [1, 2, 5, 40]) func cholesky_inverts_solves_andGivesTheDeterminant(size: Int) throws {
    var stream = RandomStream(seed: 41).split(size)
    let a = positiveDefinite(size, &stream)
    let factor = try #require(Cholesky(a))
    #expect(largestDifference(Matrix.product(factor.factor, factor.factor, transposeRight: true), a) < 1e-10)
    #expect(largestDifference(a * factor.inverse, .identity(size)) < 1e-9)
    #expect(factor.inverse == factor.inverse.transposed)
    let right = stream.matrix(size, 3)
    #expect(largestDifference(a * factor.solve(right), right) < 1e-9)
    #expect(largestDifference(factor.solve(right.column(1)), factor.solve(right).column(1)) < 1e-12)
    let logs = LinearAlgebra.symmetricEigen(a).values.map { logarithm($0) }
    #expect(abs(factor.logDeterminant - logs.reduce(0, +)) < 1e-9)
  }

  @Test func cholesky_refusesWhatIsNotPositiveDefinite() {
    #expect(Cholesky(.diagonal([1, 0])) == nil)
    #expect(Cholesky(.diagonal([1, -1])) == nil)
    #expect(Cholesky(.diagonal([1, .nan])) == nil)
    #expect(Cholesky(.diagonal([.infinity])) == nil)
  }

  @Test(arguments: [1, 2, 7, 30]) func eigenvectors_diagonalise_inDescendingOrder(size: Int) {
    var stream = RandomStream(seed: 42).split(size)
    let half = stream.matrix(size, size)
    let a = Matrix(
      rows: size, columns: size, elements: zip(half.elements, half.transposed.elements).map { $0 + $1 })
    let (values, vectors) = LinearAlgebra.symmetricEigen(a)
    #expect(values == values.sorted(by: >))
    #expect(largestDifference(a * vectors, vectors * .diagonal(values)) < 1e-11)
    #expect(largestDifference(Matrix.product(vectors, vectors, transposeLeft: true), .identity(size)) < 1e-12)
    for column in 0..<size { expectLargestPositive(vectors.column(column)) }
    let some = LinearAlgebra.symmetricEigen(a, largest: (size + 1) / 2)
    #expect(some.vectors.columns == (size + 1) / 2)
    #expect(largestDifference(some.values, values.prefix((size + 1) / 2)) < 1e-11)
    #expect(largestDifference(some.vectors.column(0), vectors.column(0)) < 1e-9)
  }

  @Test(arguments: [(1, 1), (6, 3), (3, 6), (20, 50), (0, 4)])
  func singularValues_rebuildTheMatrix(rows: Int, columns: Int) {
    var stream = RandomStream(seed: 43).split(rows).split(columns)
    let a = stream.matrix(rows, columns)
    let (u, s, vt) = LinearAlgebra.singularValues(a)
    #expect(largestDifference(u * .diagonal(s) * vt, a) < 1e-12)
    #expect(s == s.sorted(by: >) && s.allSatisfy { $0 >= 0 })
    #expect(largestDifference(Matrix.product(u, u, transposeLeft: true), .identity(s.count)) < 1e-12)
    #expect(largestDifference(Matrix.product(vt, vt, transposeRight: true), .identity(s.count)) < 1e-12)
    for row in 0..<vt.rows { expectLargestPositive(Array(vt.row(row))) }
  }

  @Test(arguments: [(1, 5), (8, 60), (9, 4)]) func rankOne_isTheFirstSingularTriple(rows: Int, columns: Int) {
    var stream = RandomStream(seed: 44).split(rows)
    let values = stream.floats(rows * columns)
    let found = LinearAlgebra.rankOne(values[...], rows: rows, columns: columns)
    let (u, s, vt) = LinearAlgebra.singularValues(
      Matrix(rows: rows, columns: columns, elements: values.map(Double.init)))
    #expect(abs(found.strength - s[0]) < 1e-10)
    #expect(abs(found.share - s[0] * s[0] / s.reduce(0) { $0 + $1 * $1 }) < 1e-10)
    #expect(largestDifference(found.left, u.column(0)) < 1e-9)
    #expect(largestDifference(found.right, vt.row(0)) < 1e-9)
  }

  @Test func rankOne_ofZero_isZeroWithoutAShare() {
    let found = LinearAlgebra.rankOne([0, 0, 0, 0, 0, 0], rows: 2, columns: 3)
    #expect(found.left == [0, 0] && found.right == [0, 0, 0] && found.strength == 0 && found.share.isNaN)
  }

  private func expectLargestPositive(_ vector: [Double]) {
    #expect(vector.max()! >= -vector.min()!)
  }
}
