import Networks
import Numerics
import Runtime
import Storage
import TestSupport
import Testing
import VisionAdapters

/// Classifiers read from safetensors: namings, and files that do not fit.
@Suite struct ImageModelTests {
  private func weights(_ name: String) throws -> ModelWeights {
    try ModelWeights(reading: Fixtures.path("\(name)/model.safetensors"))
  }

  /// Weights with some tensors or metadata replaced, or removed where the new value is `nil`.
  private func changed(_ weights: ModelWeights, _ tensors: [String: Tensor?], _ metadata: [String: String?])
    -> ModelWeights
  {
    var (all, entries) = (weights.tensors, weights.metadata)
    for (name, tensor) in tensors { all[name] = tensor }
    for (name, entry) in metadata { entries[name] = entry }
    return ModelWeights(name: "changed.safetensors", tensors: all, metadata: entries)
  }

  private func refusal(
    of name: String, _ tensors: [String: Tensor?] = [:], _ metadata: [String: String?] = [:],
    at location: SourceLocation = #_sourceLocation
  ) throws -> String {
    let changed = changed(try weights(name), tensors, metadata)
    let architecture: any Architecture = name == "vit" ? ViT() : ResNet()
    let error = #expect(throws: CodecError.self, sourceLocation: location) { try architecture.load(changed) }
    #expect(error?.kind == .data && error?.place == "changed.safetensors", sourceLocation: location)
    return error?.description ?? ""
  }

  @Test func resNetsThatDoNotFit_nameTheTensor() throws {
    func refused(_ name: String, _ shape: [Int]?) throws -> String {
      try refusal(of: "resnet", [name: shape.map { Tensor(shape: $0, repeating: 0.1) }])
    }
    #expect(
      try refused("layer2.0.conv2.weight", nil).contains("no tensor layer2.0.conv2.weight, expected one of"))
    #expect(
      try refused("layer1.0.conv1.weight", [8, 7, 1, 1]).contains(
        "layer1.0.conv1.weight has shape [8, 7, 1, 1], expected one that takes 8 channels"))
    #expect(
      try refused("layer1.0.bn2.bias", [7]).contains("layer1.0.bn2.bias has shape 7, expected 8"))
    #expect(try refused("conv1.weight", [8, 3, 7]).contains("conv1.weight has shape 8×3×7"))
    #expect(try refused("fc.weight", [20, 255]).contains("fc.weight has shape 20×255, expected n×256"))
    #expect(try refused("fc.bias", [19]).contains("fc.bias"))
    #expect(
      try refused("layer3.0.downsample.0.weight", nil).contains("no tensor layer3.0.downsample.0.weight"))
    #expect(
      try refused("layer3.0.attention.weight", [4, 4]).contains(
        "tensors that no layer of a ResNet has: layer3.0.attention.weight"))
    #expect(
      try refused("layer1.0.downsample.0.weight", [16, 8, 1, 1]).contains("layer1.0.downsample"))
  }

  @Test func transformersThatDoNotFit_nameTheTensor() throws {
    func refused(_ name: String, _ shape: [Int]?) throws -> String {
      try refusal(of: "vit", [name: shape.map { Tensor(shape: $0, repeating: 0.1) }])
    }
    #expect(try refused("patch_embed.proj.weight", nil).contains("there is no patch embedding"))
    #expect(
      try refused("pos_embed", [1, 16, 48]).contains("pos_embed has 16 positions: no square of patches"))
    #expect(try refused("blocks.4.attn.qkv.weight", [143, 48]).contains("blocks.4.attn.qkv.weight"))
    #expect(try refused("blocks.11.mlp.fc2.weight", nil).contains("no tensor blocks.11.mlp.fc2.weight"))
    #expect(try refused("norm_pre.weight", [48]).contains("vision transformer of timm has: norm_pre.weight"))
    // Without one block's first norm the file ends there, and the rest is left over.
    #expect(try refused("blocks.5.norm1.weight", nil).contains("that no layer of a vision transformer"))
  }

  @Test func metadataThatDoesNotFit_isNamed() throws {
    for (key, value, part) in [
      ("image", "x", "image is \"x\", expected a whole number"), ("norm_eps", "-1", "norm_eps is \"-1\""),
      ("mean", "[0.5, 0.5]", "mean is \"[0.5, 0.5]\", expected 3 numbers"),
      ("std", "[1, 1, 0]", "std is \"[1, 1, 0]\", expected numbers above 0"),
      ("resize", "32", "resize is \"32\""), ("interpolation", "nearest", "bilinear or bicubic"),
      ("classes", "[\"cat\"]", "classes has 1 names, and the network 20 outputs"),
    ] {
      #expect(try refusal(of: "resnet", [:], [key: value]).contains(part))
    }
    #expect(try refusal(of: "vit", [:], ["image": "224"]).contains("image is \"224\", expected 64"))
    #expect(try refusal(of: "vit", [:], ["heads": "7"]).contains("48 does not divide into 7 heads"))
  }

  /// A network of four channels is one, but no picture has four.
  @Test func otherNumbersOfChannels_takeNoPictures() throws {
    let changed = changed(
      try weights("resnet"), ["conv1.weight": Tensor(shape: [8, 4, 7, 7], repeating: 0.1)],
      ["mean": nil, "std": nil])
    let model = try ResNet().load(changed)
    #expect(model.network.inputShape == [4, 64, 64])
    let error = #expect(throws: CodecError.self) {
      try PicturePreparation(try #require(model.preprocessing.image), of: model.network)
    }
    #expect(error?.description.contains("the network takes 4 channels") == true)
  }

  /// One transformer in the namings of three libraries.
  @Test(arguments: ["torchvision", "huggingface"]) func everyNaming_isTheSameNetwork(_ library: String) throws
  {
    let timm = try weights("vit")
    var tensors: [String: Tensor] = [:]
    for (name, tensor) in timm.tensors {
      for (other, part) in try Self.renamed(name, tensor, library) { tensors[other] = part }
    }
    let reference = try ReferenceNetwork("vit")
    let model = try ViT().load(ModelWeights(name: library, tensors: tensors, metadata: timm.metadata))
    #expect(model.taps == reference.model.taps)
    let logits = try Plan(network: model.network, batch: 6, taps: []).forward(reference.input)
    #expect(try reference.difference(logits.elements.map(Double.init), "logits") < 1e-4)
  }

  /// timm's tensor by another library's names, as their documentation lists them.
  private static func renamed(_ name: String, _ tensor: Tensor, _ library: String) throws -> [(
    String, Tensor
  )] {
    let isTorchvision = library == "torchvision"
    let tops = [
      "cls_token": ("class_token", "vit.embeddings.cls_token"),
      "pos_embed": ("encoder.pos_embedding", "vit.embeddings.position_embeddings"),
      "patch_embed.proj": ("conv_proj", "vit.embeddings.patch_embeddings.projection"),
      "norm": ("encoder.ln", "vit.layernorm"), "head": ("heads.head", "classifier"),
    ]
    let parts = [
      "norm1": ("ln_1", "layernorm_before"), "norm2": ("ln_2", "layernorm_after"),
      "attn.proj": ("self_attention.out_proj", "attention.output.dense"),
      "mlp.fc1": ("mlp.0", "intermediate.dense"), "mlp.fc2": ("mlp.3", "output.dense"),
    ]
    func chosen(_ names: (String, String)) -> String { isTorchvision ? names.0 : names.1 }
    if let whole = tops[name] { return [(chosen(whole), tensor)] }
    let words = name.split(separator: ".").map(String.init)
    let (stem, kind) = (words.dropLast().joined(separator: "."), words.last!)
    if let top = tops[stem] { return [("\(chosen(top)).\(kind)", tensor)] }
    let block = isTorchvision ? "encoder.layers.encoder_layer_\(words[1])" : "vit.encoder.layer.\(words[1])"
    let part = words[2..<words.count - 1].joined(separator: ".")
    if let names = parts[part] { return [("\(block).\(chosen(names)).\(kind)", tensor)] }
    try #require(part == "attn.qkv")
    guard !isTorchvision else { return [("\(block).self_attention.in_proj_\(kind)", tensor)] }
    let rows = tensor.rows / 3
    return ["query", "key", "value"].enumerated().map { place, third in
      ("\(block).attention.attention.\(third).\(kind)", tensor.rows(place * rows..<(place + 1) * rows))
    }
  }
}
