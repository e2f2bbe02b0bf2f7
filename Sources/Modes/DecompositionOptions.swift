import Storage

/// What of a contributions file is decomposed, and how.
public struct DecompositionOptions: Sendable, Equatable, Codable {
  /// Which numbers of a layer make up its data matrix.
  public enum Data: String, Sendable, CaseIterable, Codable {
    /// C⁻ and C⁺ of every channel (or C⁺ alone, `positiveOnly`).
    case contributions
    /// Activations summed over space.
    case activations
  }

  /// Layers by name; nil is every layer of the file.
  public var layers: [String]?
  /// What is decomposed.
  public var data = Data.contributions
  /// Leaves out C⁻, as image networks' decompositions do.
  public var positiveOnly = false
  /// How the autoencoders are made and trained; threshold, modes, hidden width, penalties and the rest are its fields.
  public var recipe = TrainingRecipe.standard
  /// Decides everything random.
  public var seed: UInt64 = 0
  /// Whether PCA, NMF and k-means dictionaries are fitted for comparison.
  public var includesBaselines = true

  /// The default recipe on every layer's contributions.
  public init() {}

  /// The defaults for a contributions file: of pictures C⁺ alone is decomposed (paper §4), by the recipe
  /// `vision`.
  /// - Throws: `CodecError` of kind `fileSystem` or `data` where it cannot be read.
  public init(defaultsFor contributions: String) throws {
    let seesPictures = try H5File(reading: contributions).contains("/sample/name")
    positiveOnly = seesPictures
    recipe = seesPictures ? .vision : .standard
  }
}
