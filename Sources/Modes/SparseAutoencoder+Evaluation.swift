import Numerics
import Runtime

extension SparseAutoencoder {
  /// Samples taken through the network at once outside training.
  static let evaluationBatch = 256

  /// The sigmoid's outputs u before the threshold, [sample, mode]; between 0 and 1.
  /// - Parameter data: [sample, feature], scaled as in training.
  public func preCodes(_ data: Tensor) -> Tensor { values(of: data, preThreshold: -.infinity) }

  /// The codes z: u where u ≥ threshold, else 0, [sample, mode].
  /// - Parameter data: [sample, feature], scaled as in training.
  public func codes(_ data: Tensor) -> Tensor { values(of: data, preThreshold: nil) }

  /// The reconstruction codes · dictionary, [sample, feature], scaled as in training.
  public func reconstruct(codes: Tensor) -> Tensor {
    precondition(codes.shape.count == 2 && codes.shape[1] == modes)
    let dictionary = dictionary
    var result = Tensor(shape: [codes.shape[0], features])
    for sample in 0..<codes.shape[0] {
      for mode in 0..<modes {
        let code = codes.elements[sample * modes + mode]
        guard code != 0 else { continue }
        for feature in 0..<features {
          result.elements[sample * features + feature] +=
            code * dictionary.elements[mode * features + feature]
        }
      }
    }
    return result
  }

  private func values(of data: Tensor, preThreshold: Float?) -> Tensor {
    precondition(data.shape.count == 2 && data.shape[1] == features)
    var result = Tensor(shape: [data.shape[0], modes])
    eachBatch(of: data.elements, preThreshold: preThreshold) { samples, pass in
      let codes = pass.codes
      for entry in 0..<codes.count {
        let sample = samples.lowerBound + Int(codes.sample[entry])
        result.elements[sample * modes + Int(codes.code[entry])] = codes.value[entry]
      }
    }
    return result
  }

  /// Encodes consecutive batches of `data` [sample][feature] and hands each to `body`.
  func eachBatch(
    of data: [Float], preThreshold: Float? = nil, _ body: (Range<Int>, inout AutoencoderPass) throws -> Void
  ) rethrows {
    let count = data.count / features
    let index = (0..<count).map { UInt32($0) }
    var pass = AutoencoderPass(
      for: self, samples: min(count, Self.evaluationBatch), preThreshold: preThreshold)
    for start in stride(from: 0, to: count, by: Self.evaluationBatch) {
      let samples = start..<min(start + Self.evaluationBatch, count)
      pass.encode(index[samples], of: data, parameters: parameters)
      try body(samples, &pass)
    }
  }

  /// How often each mode is on over scaled data [sample][feature], and the largest sigmoid output, on or not.
  func activity(_ data: [Float]) -> (counts: [Int], largest: Double) {
    var counts = [Int](repeating: 0, count: modes)
    var largest: Float = 0
    eachBatch(of: data) { _, pass in
      for entry in 0..<pass.codes.count {
        counts[Int(pass.codes.code[entry])] += 1
        largest = max(largest, pass.codes.value[entry])
      }
    }
    // Codes that are off are of interest only where none is on.
    if largest == 0 {
      eachBatch(of: data, preThreshold: -.infinity) { _, pass in
        for entry in 0..<pass.codes.count { largest = max(largest, pass.codes.value[entry]) }
      }
    }
    return (counts, Double(largest))
  }

  /// The codes of some modes over scaled data [sample][feature], [sample, mode].
  func codes(_ data: [Float], of wanted: [Int]) -> Tensor {
    var column = [Int?](repeating: nil, count: modes)
    for (index, mode) in wanted.enumerated() { column[mode] = index }
    var result = Tensor(shape: [data.count / features, wanted.count])
    eachBatch(of: data) { samples, pass in
      for entry in 0..<pass.codes.count {
        guard let column = column[Int(pass.codes.code[entry])] else { continue }
        let sample = samples.lowerBound + Int(pass.codes.sample[entry])
        result.elements[sample * wanted.count + column] = pass.codes.value[entry]
      }
    }
    return result
  }

  /// The loss over all samples taken as one batch, without dropout, and its gradient with respect to every weight
  /// tensor: mean squared error over all entries + λ_D · mean|D| + λ_z · mean|z|; gradients pass through a code only
  /// where it is on.
  /// - Parameter data: [sample, feature], scaled as in training.
  public func lossAndGradients(_ data: Tensor, penalties: Penalties) -> (
    loss: Double, gradients: [String: Tensor]
  ) {
    precondition(data.shape.count == 2 && data.shape[1] == features && data.shape[0] > 0)
    let index = (0..<data.shape[0]).map { UInt32($0) }
    var pass = AutoencoderPass(for: self, samples: index.count)
    pass.encode(index[...], of: data.elements, parameters: parameters)
    let squares = pass.residuals(parameters: parameters)
    pass.backward(parameters: parameters, penalties: penalties)
    let codeSum = pass.codes.value.prefix(pass.codes.count).reduce(0.0) { $0 + Double($1) }
    let loss =
      squares / Double(data.count) + penalties.codes * codeSum / Double(index.count * modes)
      + penalties.dictionary * meanAbsoluteDictionary
    let gradients = Part.allCases.map { part in
      (part.rawValue, Tensor(shape: shape(of: part), elements: Array(pass.gradient[range(of: part)])))
    }
    return (loss, Dictionary(uniqueKeysWithValues: gradients))
  }

  /// mean|D| over the dictionary's entries.
  var meanAbsoluteDictionary: Double {
    var sum = 0.0
    for value in parameters[range(of: .atoms)] { sum += Double(nonnegative ? max(0, value) : abs(value)) }
    return sum / Double(modes * features)
  }
}
