import CKernels
import Foundation
import Numerics
import Testing

/// The compiled kernels against the same formulas in double precision.
@Suite struct KernelTests {
  typealias Pointwise = (Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void

  /// Dense near zero, where most values lie, and out to where single precision ends.
  private let points: [Float] =
    (-20_000...20_000).map { Float($0) * 0.005 } + (-400...400).map { Float($0) * 1e-6 }
    + [0, -0.0, 1e-30, -1e-30, 88.72, -87.3]

  @Test func exponential_isAccurate() {
    expectAccurate(codec_exponential, over: points.filter { $0 > -87.3 && $0 < 88.72 }) { exp($0) }
  }

  @Test func sigmoid_isAccurate_alsoFarBelowZero() {
    expectAccurate(codec_sigmoid, over: points.filter { $0 > -87 }) {
      $0 < 0 ? exp($0) / (1 + exp($0)) : 1 / (1 + exp(-$0))
    }
  }

  @Test func softplus_isAccurate_alsoFarBelowZero() {
    expectAccurate(codec_softplus, over: points.filter { $0 > -87 }) { max($0, 0) + log1p(exp(-abs($0))) }
  }

  @Test func extremes_haveTheirLimits_andNaNStays() {
    let extremes: [Float] = [-.infinity, -1000, 1000, .infinity]
    #expect(apply(codec_exponential, extremes) == [0, 0, .infinity, .infinity])
    #expect(apply(codec_sigmoid, extremes) == [0, 0, 1, 1])
    #expect(apply(codec_softplus, extremes) == [0, 0, 1000, .infinity])
    #expect(apply(codec_relu, extremes) == [0, 0, 1000, .infinity])
    for kernel in [codec_exponential, codec_sigmoid, codec_softplus] as [Pointwise] {
      #expect(apply(kernel, [.nan, 0, .nan]).map(\.isNaN) == [true, false, true])
    }
  }

  /// Slopes times a given gradient, added to or put in place of what is there.
  @Test(arguments: [false, true]) func slopes_areTheDerivatives(adds: Bool) {
    var stream = RandomStream(seed: 91)
    let x = stream.floats(1003).map { 4 * $0 }
    let given = stream.floats(1003)
    let before = stream.floats(1003)
    typealias Slope = (
      Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?,
      Int32
    ) -> Void
    let kernels: [(Pointwise, Slope, (Double) -> Double)] = [
      (
        codec_relu, { n, x, _, given, result, adds in codec_relu_slope(1, n, x, given, result, adds) },
        { $0 > 0 ? 1 : 0 }
      ),
      (codec_softplus, codec_softplus_slope, { 1 / (1 + exp(-$0)) }),
      (codec_exponential, codec_exponential_slope, { exp($0) }),
      (codec_sigmoid, codec_sigmoid_slope, { 1 / ((1 + exp(-$0)) * (1 + exp($0))) }),
    ]
    for (value, slope, derivative) in kernels {
      var result = before
      slope(x.count, x, apply(value, x), given, &result, adds ? 1 : 0)
      for (index, value) in result.enumerated() {
        let product = derivative(Double(x[index])) * Double(given[index])
        let expected = product + (adds ? Double(before[index]) : 0)
        #expect(abs(Double(value) - expected) <= 1e-6 * (abs(product) + abs(expected)))
      }
    }
  }

  @Test func rectifierSlope_isUndecidedOnlyWithinRoundingOfZero() {
    // Two rows of different size: what is lost in rounding of the first is well above that of the second.
    let row: [Float] = [0, 1e-7, -1e-7, 1e-12, 1, -1, 1, -1]
    let x = row + row.map { 1e-3 * $0 } + row.map { abs($0) > 0.5 ? 1e-3 * $0 : $0 }
    var slopes = x
    codec_relu_slope(3, row.count, x, x.map { _ in 1 }, &slopes, 0)
    for first in [0, 8] {
      #expect(slopes[first] == 0)
      #expect(slopes[first + 1] > 0.5 && slopes[first + 1] < 1)
      #expect(slopes[first + 2] < 0.5 && slopes[first + 2] > 0)
      #expect(abs(slopes[first + 3] - 0.5) < 1e-3)
      #expect(Array(slopes[first + 4..<first + 8]) == [1, 0, 1, 0])
    }
    #expect(Array(slopes[16..<19]) == [0, 1, 0])
  }

  @Test(arguments: [1, 7, 40]) func affineMaps_shareAFactorOverEachRun(run: Int) {
    var stream = RandomStream(seed: 92).split(run)
    let (samples, units) = (3, 5)
    let x = stream.floats(samples * units * run)
    let (factor, offset) = (stream.floats(units), stream.floats(units))
    var (mapped, scaled) = (x, x)
    codec_affine(samples, units, run, factor, offset, x, &mapped)
    codec_scale_runs(samples, units, run, factor, x, &scaled, 1)
    for index in x.indices {
      let unit = index / run % units
      #expect(abs(mapped[index] - (factor[unit] * x[index] + offset[unit])) < 1e-6)
      #expect(abs(scaled[index] - x[index] * (1 + factor[unit])) < 1e-6)
    }
  }

  @Test func adam_followsItsFormulaInDouble() {
    var stream = RandomStream(seed: 93)
    let start = stream.floats(37)
    var parameters = start
    var adam = Adam(count: 37)
    var (exact, first, second) = (
      start.map(Double.init), [Double](repeating: 0, count: 37), [Double](repeating: 0, count: 37)
    )
    for step in 1...50 {
      let gradient = stream.floats(37)
      adam.step(&parameters, gradient: gradient, learningRate: 0.01)
      for index in 0..<37 {
        let slope = Double(gradient[index])
        first[index] = 0.9 * first[index] + 0.1 * slope
        second[index] = 0.999 * second[index] + 0.001 * slope * slope
        let mean = first[index] / (1 - pow(0.9, Double(step)))
        let spread = (second[index] / (1 - pow(0.999, Double(step)))).squareRoot()
        exact[index] -= 0.01 * mean / (spread + 1e-8)
      }
    }
    #expect(largestDifference(parameters.map(Double.init), exact) < 2e-6)
  }

  private func apply(_ kernel: Pointwise, _ x: [Float]) -> [Float] {
    var y = [Float](repeating: -7, count: x.count)
    kernel(x.count, x, &y)
    return y
  }

  /// Within 2.5 units in the last place (3e-7) of the formula.
  private func expectAccurate(_ kernel: Pointwise, over x: [Float], _ exact: (Double) -> Double) {
    var largest = 0.0
    for (x, y) in zip(x, apply(kernel, x)) {
      let expected = exact(Double(x))
      largest = max(largest, abs(Double(y) - expected) / abs(expected))
    }
    #expect(largest < 3e-7)
  }
}
