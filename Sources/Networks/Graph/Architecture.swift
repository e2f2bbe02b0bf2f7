/// A family of networks known by name: how to build one from a file, which tensors are its layers, and what it
/// wants of a stimulus.
public protocol Architecture: Sendable {
  /// The word in a model file's `architecture` metadata, such as "retina-cnn".
  var name: String { get }

  /// Whether a file is of this family: by the metadata's `architecture`, or by its tensors where there is none.
  func recognises(_ weights: ModelWeights) -> Bool

  /// Builds the network from named tensors and metadata.
  /// - Throws: `CodecError` of kind `data`; wrong or missing tensors are named with expected and found shapes.
  func load(_ weights: ModelWeights) throws -> LoadedModel
}

extension Architecture {
  /// By the metadata alone, unless the family says otherwise.
  public func recognises(_ weights: ModelWeights) -> Bool { weights.metadata["architecture"] == name }
}
