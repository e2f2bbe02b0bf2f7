import Modes
import Numerics
import Runtime
import Testing

@Suite struct SparseAutoencoderTests {
  @Test(arguments: ["signed", "nonnegative"])
  func forward_equalsReference(_ name: String) throws {
    let (file, model) = (try FixtureData.file(), try FixtureData.autoencoder(name))
    func expected(_ array: String) throws -> [Float] {
      try file.dataset("forward/\(name)/\(array)").numbers()
    }
    let data = try file.dataset("forward/\(name)/x").tensor()
    #expect(relativeError(model.preCodes(data).elements, try expected("pre_codes")) < 1e-5)
    let codes = model.codes(data)
    #expect(relativeError(codes.elements, try expected("codes")) < 1e-5)
    #expect(relativeError(model.reconstruct(codes: codes).elements, try expected("reconstruction")) < 1e-5)
  }

  @Test(arguments: ["signed", "nonnegative"])
  func lossAndGradients_equalReference(_ name: String) throws {
    let (file, model) = (try FixtureData.file(), try FixtureData.autoencoder(name))
    let data = try file.dataset("forward/\(name)/x").tensor()
    let (loss, gradients) = model.lossAndGradients(data, penalties: try FixtureData.penalties(name))
    let expectedLoss = try #require(try file.attribute("loss", of: "forward/\(name)")?.asNumber)
    #expect(abs(loss - expectedLoss) < 1e-5 * expectedLoss)
    #expect(gradients.count == SparseAutoencoder.Part.allCases.count)
    for (part, gradient) in gradients {
      let expected: [Float] = try file.dataset("forward/\(name)/gradients/\(part)").numbers()
      #expect(relativeError(gradient.elements, expected) < 1e-5, "\(part)")
    }
  }

  @Test(arguments: [(3, 5, 7, 4), (16, 16, 160, 33), (20, 130, 300, 40)], [false, true])
  func gradients_predictSmallLossChanges(_ sizes: (Int, Int, Int, Int), nonnegative: Bool) throws {
    // Sizes that are no multiple of the lanes, and some large enough to go through BLAS.
    let (features, hidden, modes, samples) = sizes
    // The loss jumps where a code crosses the threshold; with thousands of codes only one far below all is never crossed.
    let threshold = modes < 100 ? 0.7 : 1e-6
    var random = RandomStream(seed: 5).split(features)
    var weights: [String: Tensor] = [:]
    func normal(_ shape: [Int], _ deviation: Float, around mean: Float = 0) -> Tensor {
      var tensor = Tensor(shape: shape)
      random.fillNormal(&tensor.elements, standardDeviation: deviation)
      for index in tensor.elements.indices { tensor.elements[index] += mean }
      return tensor
    }
    let root = Float(hidden).squareRoot()
    for (part, shape, deviation, mean) in [
      ("layer1.weight", [hidden, features], 1, 0), ("layer1.bias", [hidden], 0.5, 0),
      ("norm1.weight", [hidden], 0.2, 1),
      ("norm1.bias", [hidden], 0.2, 0), ("layer2.weight", [hidden, hidden], 1 / root, 0),
      ("layer2.bias", [hidden], 0.5, 0),
      ("norm2.weight", [hidden], 0.2, 1), ("norm2.bias", [hidden], 0.2, 0),
      ("layer3.weight", [modes, hidden], 3 / root, 0),
      ("atoms", [modes, features], 1, 0),
    ] as [(String, [Int], Float, Float)] {
      weights[part] = normal(shape, deviation, around: mean)
    }
    let data = normal([samples, features], 1)
    let penalties = Penalties(dictionary: 0.3, codes: 0.7)
    let model = try SparseAutoencoder(weights: weights, threshold: threshold, nonnegative: nonnegative)
    let (_, gradients) = model.lossAndGradients(data, penalties: penalties)
    let on = model.codes(data).elements.map { $0 != 0 }
    for part in weights.keys.sorted() {
      let direction = try #require(gradients[part])
      let power = direction.elements.reduce(0.0) { $0 + Double($1 * $1) }
      #expect(power > 0, "\(part)")
      // Long steps meet curvature and codes that cross the threshold, short ones rounding: the best of several counts.
      var discrepancy = Double.infinity
      var step = 0.02 * Double(direction.count).squareRoot() / power.squareRoot()
      for _ in 0..<12 {
        let losses = try [step, -step].map { step -> Double? in
          var moved = weights
          for index in direction.elements.indices {
            moved[part]?.elements[index] += Float(step) * direction.elements[index]
          }
          let other = try SparseAutoencoder(weights: moved, threshold: threshold, nonnegative: nonnegative)
          guard other.codes(data).elements.map({ $0 != 0 }) == on else { return nil }
          return other.lossAndGradients(data, penalties: penalties).loss
        }
        if let after = losses[0], let before = losses[1] {
          discrepancy = min(discrepancy, abs((after - before) / (2 * step) / power - 1))
        }
        step /= 2
      }
      #expect(discrepancy < 0.01, "\(part)")
    }
  }

  @Test func weights_ofWrongShape_areNamed() throws {
    var weights = try FixtureData.autoencoder("signed").weights
    weights["norm2.bias"] = Tensor(shape: [3])
    #expect(
      codecError { _ = try SparseAutoencoder(weights: weights, threshold: 0.5, nonnegative: false) }?
        .description
        == "autoencoder weights have shape [3], not [24] (norm2.bias)")
    weights["norm2.bias"] = nil
    #expect(
      codecError { _ = try SparseAutoencoder(weights: weights, threshold: 0.5, nonnegative: false) }?
        .description
        == "missing autoencoder weights (norm2.bias)")
  }
}
