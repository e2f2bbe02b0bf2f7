import CKernels

/// The dense layer during training. Rows of outputs are filled up to a multiple of eight.
final class TrainedDense: @unchecked Sendable {
  let outputs: Int
  /// Numbers of a row of outputs.
  let width: Int
  /// Numbers of a row of inputs: an image as `ImageLayout` lays it.
  let features: Int
  private let samples: Int
  /// Where each of PyTorch's features lies in a row.
  private let places: [Int]
  /// `[output][feature]`.
  private let weight: SharedFloats
  private let slopes: SharedFloats

  init(_ stack: ConvolutionalStack, samples: Int) {
    let layout = ImageLayout(stack.shape(before: stack.layers.count))
    (outputs, features, self.samples) = (stack.outputs, layout.count, samples)
    width = (outputs + 7) / 8 * 8
    places = layout.places
    weight = SharedFloats(outputs * features)
    slopes = SharedFloats(outputs * features)
  }

  func take(_ numbers: ArraySlice<Float>) {
    numbers.withUnsafeBufferPointer { numbers in
      for output in 0..<outputs {
        let row = weight.start + output * features
        for (index, place) in places.enumerated() { row[place] = numbers[output * places.count + index] }
      }
    }
  }

  /// A tile's outputs.
  func forward(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>) {
    codec_row_products(tileSamples, outputs, features, weight.start, x, width, y)
  }

  /// Slopes of a tile's inputs.
  func reverse(_ outputSlopes: UnsafePointer<Float>, to inputSlopes: UnsafeMutablePointer<Float>) {
    codec_row_sums(
      tileSamples, outputs, features, outputSlopes, width, 1, weight.start, features, inputSlopes, features)
  }

  /// Slopes of the weights of features are summed over the batch by parts.
  private static let part = 256
  var parts: Int { (features + Self.part - 1) / Self.part }

  func correlate(part: Int, _ x: UnsafePointer<Float>, _ outputSlopes: UnsafePointer<Float>) {
    let first = part * Self.part
    codec_row_sums(
      outputs, samples, min(Self.part, features - first), outputSlopes, 1, width, x + first, features,
      slopes.start + first, features)
  }

  /// The slopes in PyTorch's order, with those of a penalty `decay` × weight.
  func give(decay: Float, weight numbers: ArraySlice<Float>, to target: inout ArraySlice<Float>) {
    numbers.withUnsafeBufferPointer { numbers in
      target.withUnsafeMutableBufferPointer { target in
        for output in 0..<outputs {
          let (row, first) = (slopes.start + output * features, output * places.count)
          for (index, place) in places.enumerated() {
            target[first + index] = row[place] + decay * numbers[first + index]
          }
        }
      }
    }
  }

  /// Rows of outputs without what fills them up.
  func compact(_ rows: UnsafePointer<Float>, samples: Int) -> [Float] {
    (0..<samples * outputs).map { rows[$0 / outputs * width + $0 % outputs] }
  }

  func spread(_ numbers: [Float], to rows: UnsafeMutablePointer<Float>) {
    for (index, number) in numbers.enumerated() { rows[index / outputs * width + index % outputs] = number }
  }
}
