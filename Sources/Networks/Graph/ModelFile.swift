import Runtime

/// Model files: safetensors whose metadata or tensors tell the architecture.
public enum ModelFile {
  /// Reads a model.
  /// - Parameters:
  ///   - architectures: the families that may be in the file.
  /// - Throws: `CodecError` of kind `data` naming what is missing or wrong.
  public static func load(_ path: String, architectures: [any Architecture]) throws -> LoadedModel {
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
}
