import Foundation
import Numerics
import Runtime
import Storage

/// Model files: safetensors whose metadata names the architecture.
public enum ModelFile {
  /// Reads a model.
  /// - Parameters:
  ///   - architectures: the families that may be in the file.
  /// - Throws: `CodecError` of kind `data` naming what is missing or wrong.
  public static func load(_ path: String, architectures: [any Architecture]) throws -> LoadedModel {
    let file = try Safetensors(reading: path)
    var tensors: [String: Tensor] = [:]
    for name in file.names { tensors[name] = try file.tensor(name) }
    let weights = ModelWeights(
      name: URL(filePath: path).lastPathComponent, tensors: tensors, metadata: file.metadata)
    let name = try weights.text("architecture")
    guard let architecture = architectures.first(where: { $0.name == name }) else {
      let known = architectures.map(\.name).joined(separator: ", ")
      throw CodecError(.data, "unknown architecture \(name)", at: path, remedy: "known ones: \(known)")
    }
    return try architecture.load(weights)
  }
}
