import Runtime

/// Model files: safetensors whose metadata or tensors tell the architecture, and ONNX, which holds its graph.
public enum ModelFile {
  /// Reads a model.
  /// - Parameters:
  ///   - architectures: the families that may be in the file.
  /// - Throws: `CodecError` of kind `data` naming what is missing or wrong.
  public static func load(_ path: String, architectures: [any Architecture]) throws -> LoadedModel {
    if isONNX(path) { return try ONNXModelFile.load(path) }
    let weights = try ModelWeights(reading: path)
    guard let architecture = architectures.first(where: { $0.recognises(weights) }) else {
      let known = architectures.map(\.name).joined(separator: ", ")
      let found = weights.metadata["architecture"].map { "unknown architecture \($0)" }
      throw CodecError(
        .data, found ?? "the metadata name no architecture, and the tensors are of none that is known",
        at: path,
        remedy: "known ones: \(known)")
    }
    return try architecture.load(weights)
  }

  /// Whether a file's name says that it is ONNX.
  public static func isONNX(_ path: String) -> Bool { path.lowercased().hasSuffix(".onnx") }
}
