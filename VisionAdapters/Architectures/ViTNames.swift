import Networks

/// How a library names a vision transformer's tensors, and what it does with pictures.
struct ViTNames {
  let library: String
  let classToken: String
  let positions: String
  let patches: String
  let norm: String
  let head: String
  let defaults: ImageDefaults
  /// The names within a block, given its number.
  let block: @Sendable (Int) -> Block

  struct Block {
    let norm1: String
    /// Queries, keys and values: one layer, or three.
    let attention: [Layer]
    let projection: String
    let norm2: String
    let fc1: String
    let fc2: String

    struct Layer {
      let weight: String
      let bias: String

      init(_ name: String) { (weight, bias) = ("\(name).weight", "\(name).bias") }
      init(weight: String, bias: String) { (self.weight, self.bias) = (weight, bias) }
    }
  }
}

extension ViTNames {
  static let all = [timm, torchvision, huggingFace]

  static let timm = ViTNames(
    library: "timm", classToken: "cls_token", positions: "pos_embed", patches: "patch_embed.proj",
    norm: "norm", head: "head",
    defaults: ImageDefaults(resize: .shorterSide(248), interpolation: .bicubic, mean: 0.5, epsilon: 1e-6)
  ) { index in
    let name = "blocks.\(index)"
    return Block(
      norm1: "\(name).norm1", attention: [Block.Layer("\(name).attn.qkv")], projection: "\(name).attn.proj",
      norm2: "\(name).norm2", fc1: "\(name).mlp.fc1", fc2: "\(name).mlp.fc2")
  }

  static let torchvision = ViTNames(
    library: "torchvision", classToken: "class_token", positions: "encoder.pos_embedding",
    patches: "conv_proj", norm: "encoder.ln", head: "heads.head",
    defaults: ImageDefaults(resize: .shorterSide(256), interpolation: .bilinear, mean: nil, epsilon: 1e-6)
  ) { index in
    let name = "encoder.layers.encoder_layer_\(index)"
    let attention = "\(name).self_attention"
    return Block(
      norm1: "\(name).ln_1",
      attention: [Block.Layer(weight: "\(attention).in_proj_weight", bias: "\(attention).in_proj_bias")],
      projection: "\(attention).out_proj", norm2: "\(name).ln_2", fc1: "\(name).mlp.0", fc2: "\(name).mlp.3")
  }

  static let huggingFace = ViTNames(
    library: "Hugging Face", classToken: "vit.embeddings.cls_token",
    positions: "vit.embeddings.position_embeddings", patches: "vit.embeddings.patch_embeddings.projection",
    norm: "vit.layernorm", head: "classifier",
    defaults: ImageDefaults(resize: .squash, interpolation: .bilinear, mean: 0.5, epsilon: 1e-12)
  ) { index in
    let name = "vit.encoder.layer.\(index)"
    return Block(
      norm1: "\(name).layernorm_before",
      attention: ["query", "key", "value"].map { Block.Layer("\(name).attention.attention.\($0)") },
      projection: "\(name).attention.output.dense", norm2: "\(name).layernorm_after",
      fc1: "\(name).intermediate.dense", fc2: "\(name).output.dense")
  }
}
