import Networks
import Numerics
import Testing

/// Checks both derivatives of a network at `input`: tangents and gradients against finite differences, and
/// against each other.
func checkDerivatives(
  _ network: Network, at input: Tensor, _ stream: inout RandomStream, step: Float = 0.05,
  tolerance: Double = 5e-4, location: SourceLocation = #_sourceLocation
) throws {
  let plan = try Plan(network: network, batch: input.rows, taps: [network.input, network.output])
  let output = try plan.forward(input)
  let direction = randomTensor(input.shape, &stream)
  let weights = randomTensor(output.shape, &stream)
  let tangent = try plan.tangent(direction)
  try plan.reverse(weights)
  let gradient = try plan.gradient(of: network.input)
  #expect(try plan.gradient(of: network.output) == weights, sourceLocation: location)

  let measured = try derivative(step: step) { try plan.forward(sum(input, $0, direction)) }
  let tangentError = relativeDifference(tangent.elements.map(Double.init), measured)
  #expect(tangentError < tolerance, "\(network.name): tangent", sourceLocation: location)

  let slopes = try gradientByDifferences(plan, at: input, weights: weights, step: step)
  let gradientError = relativeDifference(gradient.elements.map(Double.init), slopes)
  #expect(gradientError < tolerance, "\(network.name): gradient", sourceLocation: location)

  let scale = max(dot(weights, weights).squareRoot() * dot(tangent, tangent).squareRoot(), 1e-30)
  let mismatch = abs(dot(weights, tangent) - dot(gradient, direction)) / scale
  #expect(mismatch < 1e-5, "\(network.name): ⟨u, Jv⟩ = ⟨Jᵀu, v⟩", sourceLocation: location)
}

/// ∂⟨weights, f(x)⟩/∂x, one coordinate of all samples at a time.
private func gradientByDifferences(
  _ plan: Plan, at input: Tensor, weights: Tensor, step: Float
) throws -> [Double] {
  var result = [Double](repeating: 0, count: input.count)
  for coordinate in 0..<input.rowCount {
    let slopes = try derivative(step: step) { offset in
      var moved = input
      for row in 0..<input.rows { moved.elements[row * input.rowCount + coordinate] += offset }
      return try plan.forward(moved)
    }
    let width = weights.rowCount
    for row in 0..<input.rows {
      result[row * input.rowCount + coordinate] = (0..<width).reduce(0) {
        $0 + slopes[row * width + $1] * Double(weights.elements[row * width + $1])
      }
    }
  }
  return result
}
