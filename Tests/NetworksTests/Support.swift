import Networks
import Numerics

/// Random standard-normal numbers of a shape.
func randomTensor(_ shape: [Int], _ stream: inout RandomStream, scale: Double = 1) -> Tensor {
  Tensor(shape: shape, elements: (0..<shape.reduce(1, *)).map { _ in Float(scale * stream.normal()) })
}

/// Random numbers at least `gap` away from 0, where a rectifier bends.
func randomTensorOffZero(_ shape: [Int], _ stream: inout RandomStream, gap: Double = 0.2) -> Tensor {
  Tensor(
    shape: shape,
    elements: (0..<shape.reduce(1, *)).map { _ in
      let value = stream.normal()
      return Float(value < 0 ? value - gap : value + gap)
    })
}

/// `a + factor · b`.
func sum(_ a: Tensor, _ factor: Float, _ b: Tensor) -> Tensor {
  Tensor(shape: a.shape, elements: zip(a.elements, b.elements).map { $0 + factor * $1 })
}

/// The inner product, in double precision.
func dot(_ a: Tensor, _ b: Tensor) -> Double {
  zip(a.elements, b.elements).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

/// The largest difference of two tensors over the largest magnitude of the second.
func relativeDifference(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  let largest = b.reduce(0) { max($0, abs($1)) }
  let difference = zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
  // NaN compares false to everything: make it the worst.
  guard !zip(a, b).contains(where: { $0.0.isNaN || $0.1.isNaN }) else { return .infinity }
  return difference / max(largest, 1e-30)
}

func relativeDifference(_ a: Tensor, _ b: Tensor) -> Double {
  a.shape == b.shape
    ? relativeDifference(a.elements.map(Double.init), b.elements.map(Double.init)) : .infinity
}

/// A network of one operator.
func singleNode(_ operation: any Operator, inputShape: [Int]) throws -> Network {
  try Network(
    name: operation.kind, input: "x", inputShape: inputShape, nodes: [Node("y", operation, inputs: ["x"])],
    output: "y")
}

/// The derivative at 0 of `f(t)`, element by element: central differences at two steps, extrapolated to step 0
/// (Richardson), so that a step large against single-precision rounding still has an error of its fourth power.
func derivative(step: Float, _ f: (Float) throws -> Tensor) rethrows -> [Double] {
  func central(_ h: Float) throws -> [Double] {
    let (above, below) = (try f(h), try f(-h))
    return zip(above.elements, below.elements).map { (Double($0) - Double($1)) / (2 * Double(h)) }
  }
  let (fine, coarse) = (try central(step / 2), try central(step))
  return zip(fine, coarse).map { (4 * $0 - $1) / 3 }
}
