import Foundation
import Numerics
import Runtime

/// How the integral along the path (paper eq. 20) is approximated.
public enum QuadratureRule: String, CaseIterable, Sendable {
  /// Σ ½ (g_k + g_{k−1}) (h_k − h_{k−1}): the default.
  case trapezoid
  /// Σ g_k (h_k − h_{k−1}): the paper's equation 21 as printed.
  case right
  /// Σ g_{k−1} (h_k − h_{k−1}).
  case left
  /// Σ g_{k−½} (h_k − h_{k−1}).
  case midpoint
  /// Σ w_q g(α_q) ḣ(α_q), with ḣ = dh/dα by forward mode.
  case gaussLegendre = "gauss-legendre"

  /// Reads the command line's spelling.
  /// - Throws: `CodecError` of kind `usage` that lists the valid rules.
  public init(parsing text: String) throws {
    guard let rule = QuadratureRule(rawValue: text) else {
      throw CodecError.unknown("rule", text, valid: QuadratureRule.allCases.map(\.rawValue))
    }
    self = rule
  }

  /// Whether contributions are gradients times *differences* of the hidden layer, so that any interval can be
  /// bisected; the other rules multiply by derivatives.
  public var usesDifferences: Bool { self != .gaussLegendre }
}

/// The points of a path where the network is evaluated and how gradients and values there make a sum.
package struct PathQuadrature: Sendable, Equatable {
  /// α of each point, increasing; 0 is the baseline and 1 the sample.
  package var nodes: [Double]
  /// The sum, one term an interval, by places in `nodes`. Terms that replace an interval come with one that takes
  /// the replaced sum off again.
  package var terms: [PathTerm]
}

extension QuadratureRule {
  /// The sum over intervals between `breakpoints`.
  /// - Parameters:
  ///   - breakpoints: ends of the intervals, increasing, at least two.
  package func quadrature(over breakpoints: [Double]) -> PathQuadrature {
    precondition(usesDifferences && breakpoints.count > 1)
    let nodes = self == .midpoint ? withMidpoints(breakpoints) : breakpoints
    let stride = self == .midpoint ? 2 : 1
    let terms = (0..<breakpoints.count - 1).map { term(from: $0 * stride, to: ($0 + 1) * stride, weight: 1) }
    return PathQuadrature(nodes: nodes, terms: terms)
  }

  /// What bisecting every interval between `breakpoints` changes: the sum over the halves (two terms an interval,
  /// first) less the sum over the intervals (one term each, last).
  package func refinement(of breakpoints: [Double]) -> PathQuadrature {
    let halves = withMidpoints(breakpoints)
    var refined = quadrature(over: halves)
    let stride = (refined.nodes.count - 1) / (breakpoints.count - 1)
    refined.terms += (0..<breakpoints.count - 1).map {
      term(from: $0 * stride, to: ($0 + 1) * stride, weight: -1)
    }
    return refined
  }

  /// The term of the interval between two nodes; the midpoint rule's has a node in its middle.
  private func term(from low: Int, to high: Int, weight: Float) -> PathTerm {
    let gradients: (Int, Int) =
      switch self {
      case .trapezoid: (low, high)
      case .right: (high, high)
      case .left: (low, low)
      case .midpoint, .gaussLegendre: ((low + high) / 2, (low + high) / 2)
      }
    return PathTerm(
      gradientRows: gradients, valueRows: (low, high), weight: weight)
  }
}

/// The points and the points half way between them.
private func withMidpoints(_ points: [Double]) -> [Double] {
  var all = [points[0]]
  for (low, high) in zip(points, points.dropFirst()) { all += [(low + high) / 2, high] }
  return all
}

/// `count + 1` evenly spaced points from 0 to 1.
package func evenBreakpoints(_ count: Int) -> [Double] {
  (0...count).map { Double($0) / Double(count) }
}

/// Nodes and weights of the `count`-point Gauss–Legendre rule on [0, 1]: exact for polynomials of degree
/// 2·count − 1. The roots are found by Newton's method on the Legendre polynomial.
package func gaussLegendre(_ count: Int) -> (nodes: [Double], weights: [Double]) {
  var nodes = [Double](repeating: 0, count: count)
  var weights = nodes
  for index in 0..<count {
    var root = cos(Double.pi * (Double(index) + 0.75) / (Double(count) + 0.5))
    var slope = 1.0
    for _ in 0..<100 {
      let (value, derivative) = legendre(count, at: root)
      slope = derivative
      let step = value / derivative
      root -= step
      if abs(step) < 1e-15 { break }
    }
    slope = legendre(count, at: root).derivative
    nodes[count - 1 - index] = (1 + root) / 2
    weights[count - 1 - index] = 1 / ((1 - root * root) * slope * slope)
  }
  return (nodes, weights)
}

/// The Legendre polynomial of one degree and its derivative, by the three-term recurrence.
private func legendre(_ degree: Int, at x: Double) -> (value: Double, derivative: Double) {
  var (previous, current) = (1.0, x)
  for n in stride(from: 2, through: degree, by: 1) {
    (previous, current) = (current, (Double(2 * n - 1) * x * current - Double(n - 1) * previous) / Double(n))
  }
  return (current, Double(degree) * (x * current - previous) / (x * x - 1))
}
