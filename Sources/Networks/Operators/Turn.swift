import CKernels

/// How a tensor with three axes is kept in a plan's memory.
enum Place: Hashable {
  /// `[channel, y, x]`, as shapes say.
  case plain
  /// `[y, x, channel]`.
  case channelsLast
}

/// Turns images from one layout to the other.
final class CompiledTurn: CompiledOperator {
  private let rows: Int
  private let columns: Int

  /// - Parameters:
  ///   - shape: `[channel, y, x]`.
  ///   - place: the layout to turn to.
  init(_ shape: [Int], to place: Place) {
    let (channels, pixels) = (shape[0], shape[1] * shape[2])
    (rows, columns) = place == .channelsLast ? (channels, pixels) : (pixels, channels)
  }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    codec_turn(samples, rows, columns, inputs[0], output, 0)
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    guard let sink = inputGradients[0] else { return }
    codec_turn(samples, columns, rows, outputGradient, sink.buffer, sink.adds ? 1 : 0)
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    codec_turn(samples, rows, columns, inputTangents[0], outputTangent, 0)
  }
}
