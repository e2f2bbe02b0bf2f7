import Runtime

/// How a sparse autoencoder is made and trained: everything but the data and the seed.
///
/// Recipes are values to start from; change a field and the rest stays:
///
///     var recipe = TrainingRecipe.standard
///     recipe.threshold = 0.8
public struct TrainingRecipe: Sendable, Equatable, Codable {
  /// What the recipe is called on the command line.
  public var name: String
  /// Modes K = this × features, unless `modes` says otherwise.
  public var modesPerFeature: Int
  /// Number of modes K; nil is `modesPerFeature` × features.
  public var modes: Int?
  /// Width of the hidden layers; nil is the number of features, but not below `fewestHidden`.
  public var hidden: Int?
  /// The narrowest hidden layers where `hidden` is nil: layer norm leaves little of two or four units.
  public var fewestHidden: Int
  /// A mode is on where the sigmoid reaches this; between 0 and 1.
  public var threshold: Double
  /// Whether only the atoms' positive part is used.
  public var nonnegative: Bool
  /// Samples of one step; all of them where there are fewer. An incomplete last batch of an epoch is dropped.
  public var batch: Int
  /// Adam's step length at the start.
  public var learningRate: Double
  /// How long training goes on at most.
  public var length: Length
  /// How the learning rate falls.
  public var schedule: Schedule
  /// λ_D on mean|D|.
  public var dictionaryPenalty: Double
  /// λ_z on mean|z|.
  public var codePenalty: Double
  /// Share of hidden units dropped in each step.
  public var dropout: Double
  /// The encoder's weights at the start.
  public var initialisation: Initialisation
  /// Revival of modes that are never on; nil lets them die.
  public var revival: Revival?
  /// Share of the samples kept from training, in contiguous blocks of time; 0 trains on all.
  public var heldOut: Double
  /// Stop after this many evaluations in which held-out R² did not improve; nil trains to the end.
  public var patience: Int?
  /// Fit the atoms to the finished encoder's codes by least squares, each pulled to its trained value as by this many
  /// samples; nil keeps the trained atoms.
  public var refitRidge: Double?

  /// The longest training.
  public enum Length: Sendable, Equatable, Codable {
    /// Passes over the training samples; one evaluation after each.
    case epochs(count: Int)
    /// Batches, whatever the number of samples, with an evaluation after every `evaluateEvery`.
    case steps(count: Int, evaluateEvery: Int)
  }

  /// How the learning rate falls.
  public enum Schedule: Sendable, Equatable, Codable {
    /// Multiplied by `factor` after every `evaluations` evaluations (epochs).
    case decay(factor: Double, evaluations: Int)
    /// Halved after `evaluations` evaluations (epochs) without improvement.
    case halve(evaluations: Int)
    /// Falls along half a cosine to `final` × the start over the longest training.
    case cosine(final: Double)
  }

  /// The encoder's weights at the start; the atoms are Xavier-uniform always.
  public enum Initialisation: Sendable, Equatable, Codable {
    /// PyTorch's: uniform within ±1/√inputs.
    case uniform
    /// The same, then the last layer scaled so that about this many modes are on in a sample (at most half of them).
    case alive(modes: Double)
  }

  /// When and how dead modes are given a new start.
  public struct Revival: Sendable, Equatable, Codable {
    /// After every so many evaluations.
    public var evaluations: Int
    /// Not beyond this share of the longest training, so that the last revived can settle.
    public var until: Double
    /// Revived modes are on in so few samples that, were all modes so, about this many were on in a sample.
    public var modesOn: Double

    /// Revival after every `evaluations` evaluations within the first `until` (0…1) of training.
    public init(evaluations: Int, until: Double, modesOn: Double) {
      self.evaluations = evaluations
      self.until = until
      self.modesOn = modesOn
    }
  }

  /// The number of modes for data of `features` entries.
  public func modeCount(features: Int) -> Int { modes ?? modesPerFeature * features }

  /// Width of the hidden layers for data of `features` entries.
  public func hiddenWidth(features: Int) -> Int { hidden ?? max(features, fewestHidden) }

  /// The penalties of the loss.
  public var penalties: Penalties { Penalties(dictionary: dictionaryPenalty, codes: codePenalty) }
}

extension TrainingRecipe {
  /// Works on any recording: modes are alive from the start whatever the sizes, training is counted in steps, dead
  /// modes are revived, and it stops when held-out R² stops improving.
  public static let standard = TrainingRecipe(
    name: "default", modesPerFeature: 10, modes: nil, hidden: nil, fewestHidden: 16, threshold: 0.9,
    nonnegative: false, batch: 128,
    learningRate: 2e-3, length: .steps(count: 3000, evaluateEvery: 50), schedule: .cosine(final: 0.01),
    dictionaryPenalty: 1e-4, codePenalty: 0, dropout: 0.05, initialisation: .alive(modes: 16),
    revival: Revival(evaluations: 5, until: 0.6, modesOn: 5), heldOut: 0.1, patience: 20, refitRidge: 5)

  /// The same for pictures: the paper's number of modes and dictionaries without negative entries.
  public static let vision: TrainingRecipe = {
    var recipe = standard
    recipe.name = "vision"
    recipe.modesPerFeature = 3
    recipe.nonnegative = true
    return recipe
  }()

  /// The paper's for the retina (§4, §10.3): made for an hour of recording; on a few thousand frames no mode
  /// comes alive.
  public static let paper = TrainingRecipe(
    name: "paper", modesPerFeature: 10, modes: nil, hidden: nil, fewestHidden: 1, threshold: 0.9,
    nonnegative: false, batch: 128,
    learningRate: 1e-5, length: .epochs(count: 800), schedule: .decay(factor: 0.98, evaluations: 25),
    dictionaryPenalty: 1e-4, codePenalty: 0, dropout: 0.05, initialisation: .uniform, revival: nil,
    heldOut: 0.1,
    patience: nil, refitRidge: nil)

  /// The paper's for image networks (§4, §10.3).
  public static let paperVision = TrainingRecipe(
    name: "paper-vision", modesPerFeature: 3, modes: nil, hidden: nil, fewestHidden: 1, threshold: 0.9,
    nonnegative: true, batch: 128,
    learningRate: 5e-5, length: .epochs(count: 300), schedule: .halve(evaluations: 10),
    dictionaryPenalty: 5e-5,
    codePenalty: 0, dropout: 0.05, initialisation: .uniform, revival: nil, heldOut: 0.1, patience: nil,
    refitRidge: nil)

  /// The published code's for image networks, which differs from the paper: signed atoms, threshold 0.8, hidden
  /// layers of 2048.
  public static let referenceVision: TrainingRecipe = {
    var recipe = paperVision
    recipe.name = "reference-vision"
    recipe.threshold = 0.8
    recipe.nonnegative = false
    recipe.hidden = 2048
    return recipe
  }()

  /// Every named recipe.
  public static let all: [TrainingRecipe] = [standard, vision, paper, paperVision, referenceVision]

  /// The recipe of a name: `default`, `vision`, `paper`, `paper-vision` or `reference-vision`.
  /// - Throws: `CodecError` of kind `usage` listing the names.
  public static func named(_ name: String) throws -> TrainingRecipe {
    guard let recipe = all.first(where: { $0.name == name }) else {
      throw CodecError.unknown("recipe", name, valid: all.map(\.name))
    }
    return recipe
  }
}

extension TrainingRecipe {
  /// - Throws: `CodecError` of kind `usage` naming the first setting that cannot work.
  public func validate() throws {
    func require(_ condition: Bool, _ what: String, _ remedy: String) throws {
      if !condition { throw CodecError(.usage, what, at: "recipe \(name)", remedy: remedy) }
    }
    guard threshold > 0 && threshold < 1 else { throw SparseAutoencoder.badThreshold(threshold) }
    try require(modes ?? modesPerFeature > 0, "no modes", "ask for at least one mode")
    try require(hidden ?? 1 > 0, "hidden layers without units", "ask for at least one hidden unit")
    try require(batch > 0, "a batch of \(batch) samples", "choose at least one, such as 128")
    try require(
      learningRate > 0 && learningRate.isFinite, "a learning rate of \(learningRate)",
      "choose one such as 1e-3")
    try require(
      dictionaryPenalty >= 0 && codePenalty >= 0, "a negative penalty", "choose penalties of 0 or more")
    try require(dropout >= 0 && dropout < 1, "a dropout of \(dropout)", "choose a share from 0 to below 1")
    try require(
      heldOut >= 0 && heldOut <= 0.5, "\(heldOut) of the samples held out", "choose a share from 0 to 0.5")
    switch length {
    case .epochs(let count): try require(count > 0, "\(count) epochs", "train for at least one")
    case .steps(let count, let every):
      try require(count > 0 && every > 0, "\(count) steps", "train for at least one")
    }
  }
}
