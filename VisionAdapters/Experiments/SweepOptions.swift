import Modes
import Runtime

/// Which hyperparameters are tried (paper §10.3, Figs. S3–S6).
public struct SweepOptions: Sendable, Codable, Equatable {
  /// Layers by name; `nil` is the paper's blocks 3, 7, 13 and 15 where the file has them, otherwise all.
  public var layers: [String]?
  /// What is decomposed.
  public var data = DecompositionOptions.Data.contributions
  /// Where the variations start from.
  public var base = TrainingRecipe.vision
  /// Weights of mean|D|.
  public var dictionaryPenalties: [Double] = [0, 1e-4, 1e-2]
  /// Thresholds.
  public var thresholds: [Double] = [0.5, 0.7, 0.9]
  /// Modes for each feature.
  public var modesPerFeature: [Int] = [1, 3, 5]
  /// Widths of the encoder's hidden layers.
  public var hidden: [Int] = [128, 512, 2048, 4096]
  /// How many further seeds.
  public var seeds = 3
  /// Whether every combination is tried, instead of one change at a time.
  public var isGrid = false
  /// A class whose summed atoms are kept side by side (S5); `nil` for none.
  public var example: Int?
  /// Percentages of channels ablated, where pictures and a model are given.
  public var percentages: [Double] = [25, 50]
  /// Pairs of classes of each ablation.
  public var trials = 10
  /// Decides everything random.
  public var seed: UInt64 = 0

  /// The paper's study.
  public init() {}

  /// One way to decompose.
  public struct Configuration: Sendable, Codable, Equatable {
    /// What differs from the baseline, such as `threshold 0.7`.
    public let name: String
    /// How the autoencoder is made and trained.
    public let recipe: TrainingRecipe
    /// Decides its random numbers.
    public let seed: UInt64
  }

  /// The baseline and all variations.
  /// - Throws: `CodecError` of kind `usage` for a recipe that cannot work.
  public func configurations() throws -> [Configuration] {
    var all = [Configuration(name: "baseline", recipe: base, seed: seed)]
    if isGrid {
      all += grid()
    } else {
      func add(_ name: String, seed: UInt64? = nil, _ change: (inout TrainingRecipe) -> Void) {
        var recipe = base
        change(&recipe)
        let isNew = !all.contains { $0.recipe == recipe && $0.seed == seed ?? self.seed }
        if isNew { all.append(Configuration(name: name, recipe: recipe, seed: seed ?? self.seed)) }
      }
      for value in dictionaryPenalties { add("L1 \(value)") { $0.dictionaryPenalty = value } }
      for value in thresholds { add("threshold \(value)") { $0.threshold = value } }
      for value in modesPerFeature { add("modes per feature \(value)") { $0.modesPerFeature = value } }
      for index in 0..<seeds {
        add("seed \(seed + 1 + UInt64(index))", seed: seed + 1 + UInt64(index)) { _ in }
      }
      for value in hidden { add("hidden \(value)") { $0.hidden = value } }
      for value in [true, false] { add(value ? "D ≥ 0" : "D signed") { $0.nonnegative = value } }
    }
    for configuration in all { try configuration.recipe.validate() }
    return all
  }

  private func grid() -> [Configuration] {
    var all: [Configuration] = []
    for penalty in dictionaryPenalties {
      for threshold in thresholds {
        for modes in modesPerFeature {
          for width in hidden {
            for isNonnegative in [true, false] {
              for index in 0..<seeds {
                var recipe = base
                (recipe.dictionaryPenalty, recipe.threshold) = (penalty, threshold)
                (recipe.modesPerFeature, recipe.hidden, recipe.nonnegative) = (modes, width, isNonnegative)
                let seed = seed + 1 + UInt64(index)
                all.append(
                  Configuration(
                    name: "L1 \(penalty), threshold \(threshold), N \(modes), hidden \(width), "
                      + "\(isNonnegative ? "D ≥ 0" : "D signed"), seed \(seed)", recipe: recipe, seed: seed))
              }
            }
          }
        }
      }
    }
    return all
  }
}
