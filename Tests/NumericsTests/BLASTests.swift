import Numerics
import Testing

@Suite struct BLASTests {
  @Test(arguments: [false, true], [false, true])
  func gemm_isTheSumOfProducts(transposeA: Bool, transposeB: Bool) {
    var stream = RandomStream(seed: 21)
    for _ in 0..<20 {
      let (m, n, k) = (
        1 + stream.integer(below: 30), 1 + stream.integer(below: 30), 1 + stream.integer(below: 30)
      )
      let (a, b) = (stream.floats(m * k), stream.floats(k * n + 3))
      var c = stream.floats(m * n + 2)
      let before = c
      BLAS.gemm(
        m, n, k, alpha: 0.5, a: a, transposeA: transposeA, b: b.dropFirst(3), transposeB: transposeB,
        beta: 2, c: &c, offset: 1)
      var plain = before.map(Double.init)
      for i in 0..<m {
        for j in 0..<n {
          let sum = (0..<k).reduce(0.0) { sum, p in
            sum + Double(a[transposeA ? p * m + i : i * k + p])
              * Double(b[3 + (transposeB ? j * k + p : p * n + j)])
          }
          plain[1 + i * n + j] = 0.5 * sum + 2 * plain[1 + i * n + j]
        }
      }
      #expect(largestDifference(c.map(Double.init), plain) < 1e-4)
      #expect(c.first == before.first && c.last == before.last)
    }
  }

  @Test func gemm_withZeroBeta_forgetsNaN_andWithNoTerms_isZero() {
    var c: [Float] = [.nan, 1]
    BLAS.gemm(1, 2, 1, a: [2], b: [3, 4], c: &c)
    #expect(c == [6, 8])
    BLAS.gemm(1, 2, 0, a: [Float](), b: [Float](), c: &c)
    #expect(c == [0, 0])
  }

  @Test func matrixProducts_agreeWithTransposes() {
    var stream = RandomStream(seed: 22)
    let (a, b) = (stream.matrix(7, 5), stream.matrix(5, 9))
    let product = a * b
    for (i, j) in [(0, 0), (6, 8), (3, 4)] {
      let sum = zip(a.row(i), b.column(j)).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(product[i, j] - sum) < 1e-13)
    }
    #expect(largestDifference(Matrix.product(a.transposed, b, transposeLeft: true), product) < 1e-13)
    #expect(largestDifference(Matrix.product(a, b.transposed, transposeRight: true), product) < 1e-13)
    #expect(largestDifference((b.transposed * a.transposed).transposed, product) < 1e-13)
    #expect(largestDifference(a * Matrix.identity(5), a) == 0)
    #expect(largestDifference(a * b.column(2), product.column(2)) < 1e-13)
  }
}
