import Networks
import Numerics
import Retina
import Runtime
import Testing

/// What a model file must hold: every error names the tensor or entry with what was expected.
@Suite struct RetinaCNNRefusalTests {
  private func refusal(
    tensors: [String: Tensor] = [:], metadata: [String: String] = [:], without missing: [String] = []
  ) throws -> String? {
    let good = try smallWeights()
    let weights = ModelWeights(
      name: "m.safetensors",
      tensors: good.tensors.merging(tensors) { $1 }.filter { !missing.contains($0.key) },
      metadata: good.metadata.merging(metadata) { $1 }.filter { !missing.contains($0.key) })
    do { _ = try RetinaCNN().load(weights) } catch let error as CodecError {
      #expect(error.kind == .data && error.place?.contains("m.safetensors") == true)
      return error.what
    }
    return nil
  }

  @Test func missingTensor_isNamed() throws {
    #expect(
      try refusal(without: ["dense.weight"])
        == "there is no tensor dense.weight, expected one of shape n×18")
    #expect(
      try refusal(without: ["bn1.bias"])
        == "there is no tensor bn1.bias, expected one of shape 48")
  }

  @Test func wrongShape_isNamedWithExpectedAndFound() throws {
    let three = Tensor(shape: [3], repeating: 1)
    #expect(try refusal(tensors: ["bn3.weight": three]) == "tensor bn3.weight has shape 3, expected 2")
    #expect(try refusal(tensors: ["bn2.bias": three]) == "tensor bn2.bias has shape 3, expected 18")
    #expect(
      try refusal(tensors: ["conv2.weight": Tensor(shape: [3, 2, 2, 2], repeating: 1)])
        == "tensor conv2.weight has shape 3×2×2×2, expected n×3×n×n")
    #expect(
      try refusal(tensors: ["conv1.weight": Tensor(shape: [3, 5, 3, 2], repeating: 1)])
        == "tensor conv1.weight has 5 input channels, expected a multiple of the history 4")
    #expect(
      try refusal(tensors: ["conv1.weight": Tensor(shape: [3, 4, 7, 2], repeating: 1)])
        == "tensor conv1.weight has kernels of 7×2, larger than the layer's input of 6×5")
    #expect(
      try refusal(tensors: ["bn1.weight": three], without: ["norm"])
        == "tensor bn1.bias has shape 48, expected 3")
    #expect(
      try refusal(tensors: ["bn1.weight": Tensor(shape: [7], repeating: 1)], without: ["norm"])
        == "tensor bn1.weight has 7 numbers, expected 3 (per channel) or 48 (per unit)")
  }

  @Test func notFiniteAndNegative_areNamed() throws {
    var weights = try smallWeights().tensors["conv1.bias"]!
    weights.elements[2] = .nan
    #expect(try refusal(tensors: ["conv1.bias": weights]) == "tensor conv1.bias holds nan at index 2")
    var variance = try smallWeights().tensors["bn2.running_var"]!
    variance.elements[1] = -2
    #expect(
      try refusal(tensors: ["bn2.running_var": variance])
        == "tensor bn2.running_var holds -2.0 at index 1, expected a variance")
  }

  @Test(arguments: [
    ("history", "0"), ("history", "four"), ("frame", "6"), ("frame", "6x"), ("norm", "layer"),
    ("output", "relu"),
    ("bn_eps", "small"), ("norm_std", "0"), ("norm_mean", "nan"), ("cells", "[1]"), ("cells", "[4, 4]"),
    ("frame_rate", "-3"), ("rate_scale", "[1, -1]"), ("architecture", "resnet"),
  ]) func wrongMetadata_isNamed(_ key: String, _ value: String) throws {
    #expect(
      try refusal(metadata: [key: value])?.hasPrefix("the metadata entry \(key) is \"\(value)\"") == true)
  }

  @Test(arguments: ["architecture", "history", "frame", "bn_eps", "norm_mean", "norm_std", "output"])
  func missingMetadata_isNamed(_ key: String) throws {
    #expect(try refusal(without: [key]) == "the metadata has no entry \(key)")
  }

  @Test func optionalMetadata_mayBeMissing() throws {
    #expect(try refusal(without: ["cells", "frame_rate", "norm"]) == nil)
  }
}
