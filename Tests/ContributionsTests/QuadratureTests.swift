import Contributions
import Foundation
import Numerics
import Runtime
import Testing

/// ∫ g(h(α)) dh along a path of one unit, by a rule's own terms.
private func sum(_ quadrature: PathQuadrature, value: (Double) -> Double, gradient: (Double) -> Double)
  -> Double
{
  let values = quadrature.nodes.map { Float(value($0)) }
  let gradients = quadrature.nodes.map { Float(gradient($0)) }
  return PathSums.totals(of: quadrature.terms, units: 1, values: values.span, gradients: gradients.span)
    .reduce(0, +)
}

private let differenceRules = QuadratureRule.allCases.filter(\.usesDifferences)

@Suite struct QuadratureTests {
  @Test func everyRule_isExactForConstantGradients() {
    for rule in differenceRules {
      let breakpoints = [0, 0.1, 0.5, 1]
      let total = sum(rule.quadrature(over: breakpoints), value: { $0 * $0 }, gradient: { _ in 3 })
      #expect(abs(total - 3) < 1e-6, "\(rule)")
    }
  }

  @Test func trapezoidAndMidpoint_areExactForLinearGradients() {
    // h = α, g = 1 + 2α: the integral is 2.
    for rule in [QuadratureRule.trapezoid, .midpoint] {
      let total = sum(rule.quadrature(over: [0, 0.3, 1]), value: { $0 }, gradient: { 1 + 2 * $0 })
      #expect(abs(total - 2) < 1e-6, "\(rule)")
    }
  }

  @Test func leftAndRight_encloseTheIntegralOfAGrowingGradient() {
    let breakpoints = evenBreakpoints(10)
    let left = sum(QuadratureRule.left.quadrature(over: breakpoints), value: { $0 }, gradient: { exp($0) })
    let right = sum(QuadratureRule.right.quadrature(over: breakpoints), value: { $0 }, gradient: { exp($0) })
    #expect(left < exp(1) - 1 && exp(1) - 1 < right)
    #expect(abs(right - left - (exp(1) - 1) / 10) < 1e-5)
  }

  @Test func refinement_turnsTheCoarseSumIntoTheFineOne() {
    let (value, gradient) = ({ (a: Double) in sin(3 * a) }, { (a: Double) in exp(a) - a })
    for rule in differenceRules {
      let coarse = sum(rule.quadrature(over: [0.2, 0.5, 0.6]), value: value, gradient: gradient)
      let change = sum(rule.refinement(of: [0.2, 0.5, 0.6]), value: value, gradient: gradient)
      let fine = sum(rule.quadrature(over: [0.2, 0.35, 0.5, 0.55, 0.6]), value: value, gradient: gradient)
      #expect(abs(coarse + change - fine) < 1e-6, "\(rule)")
      #expect(abs(change) > 1e-3, "\(rule)")
    }
  }

  @Test func gaussLegendre_integratesPolynomialsOfDegreeTwiceItsPoints() {
    for count in 1...40 {
      let rule = gaussLegendre(count)
      #expect(rule.nodes == rule.nodes.sorted() && rule.nodes.allSatisfy { $0 > 0 && $0 < 1 })
      for degree in [0, 1, count, 2 * count - 1] {
        let total = zip(rule.nodes, rule.weights).reduce(0) { $0 + $1.1 * pow($1.0, Double(degree)) }
        #expect(abs(total - 1 / Double(degree + 1)) < 1e-13, "\(count) points, degree \(degree)")
      }
    }
  }

  @Test func spelling_readsBackAndRejectsTheUnknown() throws {
    for rule in QuadratureRule.allCases { #expect(try QuadratureRule(parsing: rule.rawValue) == rule) }
    #expect {
      try QuadratureRule(parsing: "simpson")
    } throws: { ($0 as? CodecError)?.description.contains("gauss-legendre") == true }
  }
}
