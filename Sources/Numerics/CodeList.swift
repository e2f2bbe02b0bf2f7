import CKernels

/// The active codes of a batch: pairs (code, sample) whose pre-code reaches the threshold, with their values.
///
/// With a hard threshold only these take part in reconstruction and gradients, so the list is exact, not an
/// approximation; typically a few per cent of the codes are on.
package struct CodeList: Sendable {
  /// How many are listed.
  package private(set) var count = 0
  /// Number of each code, and the sample it is on in.
  package private(set) var code: [UInt32]
  package private(set) var sample: [UInt32]
  /// Before and after the sigmoid.
  package private(set) var pre: [Float]
  package private(set) var value: [Float]
  private var scratch: [Float] = []

  /// Rows of the encoder whose product goes through BLAS at once.
  private static let blockRows = 256

  /// - Parameters:
  ///   - codes, samples: the largest code count and batch, which bound the list.
  package init(codes: Int, samples: Int) {
    // One place more: the kernel writes before it knows whether the pair counts.
    let capacity = codes * samples + 1
    code = Array(repeating: 0, count: capacity)
    sample = Array(repeating: 0, count: capacity)
    pre = Array(repeating: 0, count: capacity)
    value = Array(repeating: 0, count: capacity)
  }

  /// Lists the codes whose pre-code w·h reaches `threshold`, and takes the sigmoid of each.
  /// - Parameters:
  ///   - hidden: columns [width][stride].
  ///   - encoder: where [code][width] lies in `parameters`.
  package mutating func find(
    hidden: [Float], width: Int, samples: Int, parameters: [Float], encoder: Range<Int>, threshold: Float
  ) {
    let stride = SampleColumns.stride(samples)
    let codes = encoder.count / width
    precondition(code.count > codes * samples && hidden.count >= width * stride)
    precondition(encoder.upperBound <= parameters.count)
    parameters.withUnsafeBufferPointer { all in
      let w = all.baseAddress! + encoder.lowerBound
      if width * min(codes, Self.blockRows) < SampleColumns.libraryProduct {
        count = codec_active_codes(
          codes, width, samples, stride, w, hidden, threshold, 0, &code, &sample, &pre)
      } else {
        findInBlocks(w, hidden, codes: codes, width: width, samples: samples, threshold: threshold)
      }
    }
    codec_sigmoid(count, pre, &value)
  }

  private mutating func findInBlocks(
    _ w: UnsafePointer<Float>, _ hidden: [Float], codes: Int, width: Int, samples: Int, threshold: Float
  ) {
    let stride = SampleColumns.stride(samples)
    if scratch.count < Self.blockRows * stride {
      scratch = Array(repeating: 0, count: Self.blockRows * stride)
    }
    count = 0
    for first in Swift.stride(from: 0, to: codes, by: Self.blockRows) {
      let rows = min(Self.blockRows, codes - first)
      SampleColumns.product(w + first * width, transposed: false, rows, width, stride, hidden, &scratch)
      count = codec_listed_codes(
        rows, first, samples, stride, scratch, threshold, count, &code, &sample, &pre)
    }
  }

  /// Fills `reconstruction` [sample][width] with the sums of value × atom.
  package func decode(
    samples: Int, width: Int, parameters: [Float], atoms: Range<Int>, rectify: Bool,
    into reconstruction: inout [Float]
  ) {
    precondition(reconstruction.count >= samples * width && atoms.upperBound <= parameters.count)
    parameters.withUnsafeBufferPointer { all in
      reconstruction.withUnsafeMutableBufferPointer { rows in
        rows[0..<samples * width].update(repeating: 0)
        codec_decode_codes(
          count, code, sample, value, width, all.baseAddress! + atoms.lowerBound, rectify ? 1 : 0,
          rows.baseAddress)
      }
    }
  }

  /// Where the pieces of an autoencoder lie in its parameters and gradients.
  package struct Places: Sendable {
    package let atoms: Range<Int>
    package let encoder: Range<Int>

    package init(atoms: Range<Int>, encoder: Range<Int>) {
      self.atoms = atoms
      self.encoder = encoder
    }
  }

  /// Gradients at the listed codes: of atoms and encoder into `gradient`, and of the hidden layer.
  ///
  /// - Parameters:
  ///   - error: reconstruction minus data [sample][width]; `scale` times it is the loss's gradient.
  ///   - penalty: the loss's direct gradient with respect to each active code.
  ///   - hidden, dhidden: [sample][hiddenWidth].
  package func gradients(
    samples: Int, width: Int, hiddenWidth: Int, parameters: [Float], places: Places, rectify: Bool,
    error: [Float],
    scale: Float, penalty: Float, hidden: [Float], gradient: inout [Float], dhidden: inout [Float]
  ) {
    precondition(error.count >= samples * width && hidden.count >= samples * hiddenWidth)
    precondition(dhidden.count >= samples * hiddenWidth)
    precondition(
      max(places.atoms.upperBound, places.encoder.upperBound) <= min(parameters.count, gradient.count))
    parameters.withUnsafeBufferPointer { all in
      gradient.withUnsafeMutableBufferPointer { gradient in
        gradient[places.atoms].update(repeating: 0)
        gradient[places.encoder].update(repeating: 0)
        dhidden.withUnsafeMutableBufferPointer { dhidden in
          dhidden[0..<samples * hiddenWidth].update(repeating: 0)
          codec_code_gradients(
            count, code, sample, value, width, all.baseAddress! + places.atoms.lowerBound, rectify ? 1 : 0,
            error,
            scale, penalty, hiddenWidth, hidden, all.baseAddress! + places.encoder.lowerBound,
            gradient.baseAddress! + places.atoms.lowerBound,
            gradient.baseAddress! + places.encoder.lowerBound,
            dhidden.baseAddress)
        }
      }
    }
  }
}

/// Turns `reconstruction` into reconstruction − data over the first `count` numbers.
/// - Returns: the sum of squared differences.
package func residual(_ count: Int, data: [Float], reconstruction: inout [Float]) -> Double {
  precondition(data.count >= count && reconstruction.count >= count)
  return codec_residual(count, data, &reconstruction)
}

/// Adds `weight` · sign(atom) to the gradient of each atom's entry; with `rectify`, entries that are not positive get
/// no gradient at all.
package func addDictionaryPenalty(
  parameters: [Float], atoms: Range<Int>, rectify: Bool, weight: Float, gradient: inout [Float]
) {
  precondition(atoms.upperBound <= min(parameters.count, gradient.count))
  parameters.withUnsafeBufferPointer { all in
    gradient.withUnsafeMutableBufferPointer { gradient in
      codec_dictionary_penalty(
        atoms.count, all.baseAddress! + atoms.lowerBound, rectify ? 1 : 0, weight,
        gradient.baseAddress! + atoms.lowerBound)
    }
  }
}
