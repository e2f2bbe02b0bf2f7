/// A compiled nonlinearity acting on each number alone: both derivatives multiply by its slope.
final class CompiledPointwise: CompiledOperator {
  /// `(count, x, y)`: y = f(x).
  typealias Value = (Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  /// `(count, x, y, given, result, adds)`: result (+)= f'(x) · given.
  typealias Slope = (
    Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int32
  ) -> Void

  private let count: Int
  private let value: Value
  private let slope: Slope

  init(shape: [Int], value: @escaping Value, slope: @escaping Slope) {
    count = elementCount(shape)
    self.value = value
    self.slope = slope
  }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    value(samples * count, inputs[0], output)
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    guard let sink = inputGradients[0] else { return }
    slope(samples * count, inputs[0], output, outputGradient, sink.buffer, sink.adds ? 1 : 0)
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    slope(samples * count, inputs[0], output, inputTangents[0], outputTangent, 0)
  }
}
