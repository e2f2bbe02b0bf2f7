import Foundation
import Numerics
import Runtime

/// One layer's data taken apart into sparse modes: data ≈ loadings · dictionary (paper §4).
///
///     let decomposition = try Decomposition.fit(contributions, recipe: .standard, seed: 0)
///     decomposition.dictionary       // [mode, feature], in the data's units: what each mode contributes where
///     decomposition.loadings         // [sample, mode], 0 where a mode is off, else threshold…1
///     decomposition.modeIDs          // which of the autoencoder's K modes each one is
public struct Decomposition: Sendable {
  /// The trained autoencoder, all K modes of it; re-applicable through `loadings(of:)`.
  public let model: SparseAutoencoder
  /// The data were divided by this, their standard deviation over all entries, and not centred.
  public let scale: Double
  /// The modes that are on at least once, by their number among all K.
  public let modeIDs: [Int]
  /// What each living mode stands for, [mode, feature], in units of the data.
  public let dictionary: Tensor
  /// How far each living mode is on, [sample, mode]: 0, or from the threshold to 1.
  public let loadings: Tensor
  /// Fit over all samples.
  public let quality: ReconstructionQuality
  /// R² of the held-out samples with one grand mean; NaN where nothing was held out.
  public let heldOutR2: Double
  /// Modes on in a sample, on average (mean L0).
  public let meanActive: Double
  /// The largest sigmoid output over all samples and modes: below the threshold, no mode is alive.
  public let largestCode: Double
  /// How the autoencoder was trained.
  public let recipe: TrainingRecipe
  /// What the run's random numbers started from.
  public let seed: UInt64
  /// Every evaluation during training.
  public let history: [TrainingEvaluation]
  /// Batches trained on.
  public let steps: Int
  /// Dead modes given a new start on the way.
  public let revived: Int

  /// Number of modes that are on at least once.
  public var alive: Int { modeIDs.count }
  /// Number of modes that are never on.
  public var dead: Int { model.modes - modeIDs.count }

  /// The fewest samples a decomposition is fitted to.
  public static let fewestSamples = 20

  /// Trains an autoencoder on the data and applies it to them.
  /// - Parameters:
  ///   - data: [sample, feature], samples in order of time, any unit.
  ///   - seed: with the layer's name decides every random number; the same seed gives the same result bit for bit.
  ///   - name: the layer, for messages and for the random numbers.
  ///   - progress: called after every evaluation.
  /// - Throws: `CodecError` of kind `data` for fewer than `fewestSamples` samples, for numbers that are not finite
  ///   and for constant data; of kind `usage` for an impossible recipe; of kind `interrupted`.
  public static func fit(
    _ data: Tensor, recipe: TrainingRecipe = .standard, seed: UInt64 = 0, name: String = "data",
    progress: ProgressHandler? = nil
  ) throws -> Decomposition {
    let scale = try checkedScale(of: data, name: name)
    try recipe.validate()
    var trainer = AutoencoderTrainer(
      recipe: recipe, data: scaled(data, by: scale), features: data.shape[1],
      random: RandomStream(seed: seed).split("modes").split(name), task: "modes of \(name)",
      progress: progress)
    return Decomposition(try trainer.run(), data: data, scale: scale, recipe: recipe, seed: seed)
  }

  /// The loadings of new data, [sample, living mode], by the same encoder.
  /// - Parameter data: [sample, feature], in the units of the data that were fitted.
  public func loadings(of data: Tensor) -> Tensor {
    precondition(data.shape.count == 2 && data.shape[1] == model.features)
    return model.codes(Self.scaled(data, by: scale), of: modeIDs)
  }

  /// What the modes say the data are: loadings · dictionary, [sample, feature], in units of the data.
  public func reconstruction(from loadings: Tensor) -> Tensor { Self.product(loadings, dictionary) }
}

extension Decomposition {
  private init(
    _ trained: TrainedAutoencoder, data: Tensor, scale: Double, recipe: TrainingRecipe, seed: UInt64
  ) {
    let scaled = Self.scaled(data, by: scale)
    let activity = trained.model.activity(scaled)
    let modeIDs = activity.counts.indices.filter { activity.counts[$0] > 0 }
    let loadings = trained.model.codes(scaled, of: modeIDs)
    let dictionary = Self.dictionary(of: trained.model, modes: modeIDs, scale: scale)
    let reconstruction = Self.product(loadings, dictionary)
    self.init(
      model: trained.model, scale: scale, modeIDs: modeIDs, dictionary: dictionary, loadings: loadings,
      quality: ReconstructionQuality(
        data: data.elements, reconstruction: reconstruction.elements, features: data.shape[1]),
      heldOutR2: Self.r2(of: trained.heldOut, data: data, reconstruction: reconstruction),
      meanActive: Double(activity.counts.reduce(0, +)) / Double(data.shape[0]), largestCode: activity.largest,
      recipe: recipe, seed: seed, history: trained.history, steps: trained.steps, revived: trained.revived)
  }

  /// The standard deviation over all entries, once the data are known to be usable.
  static func checkedScale(of data: Tensor, name: String) throws -> Double {
    precondition(data.shape.count == 2)
    let features = data.shape[1]
    guard data.shape[0] >= fewestSamples else {
      throw CodecError(
        .data, "\(data.shape[0]) samples are too few to find modes in", at: name,
        remedy: "give at least \(fewestSamples), better some hundreds")
    }
    guard features > 0 else { throw CodecError(.data, "no features to decompose", at: name) }
    if let bad = data.elements.firstIndex(where: { !$0.isFinite }) {
      throw CodecError(
        .data, "the data hold \(data.elements[bad]) at sample \(bad / features), feature \(bad % features)",
        at: name,
        remedy: "compute the contributions again from finite stimuli and weights")
    }
    let count = Double(data.count)
    let mean = data.elements.reduce(0.0) { $0 + Double($1) } / count
    let variance = data.elements.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
    guard variance > 1e-12 * mean * mean, variance.squareRoot() > 1e-30 else {
      throw CodecError(
        .data, "every entry of the data is \(mean == 0 ? "zero" : "the same, \(Float(mean))")", at: name,
        remedy: "nothing can be decomposed: choose another layer or target")
    }
    return variance.squareRoot()
  }

  static func scaled(_ data: Tensor, by scale: Double) -> [Float] {
    data.elements.map { Float(Double($0) / scale) }
  }

  /// Some modes' atoms in the data's units.
  static func dictionary(of model: SparseAutoencoder, modes: [Int], scale: Double) -> Tensor {
    let all = model.dictionary
    let elements = modes.flatMap { all.row($0).map { Float(Double($0) * scale) } }
    return Tensor(shape: [modes.count, model.features], elements: elements)
  }

  /// loadings [sample, mode] · dictionary [mode, feature].
  static func product(_ loadings: Tensor, _ dictionary: Tensor) -> Tensor {
    let (samples, modes, features) = (loadings.shape[0], dictionary.shape[0], dictionary.shape[1])
    precondition(loadings.shape[1] == modes)
    var result = Tensor(shape: [samples, features])
    BLAS.gemm(
      samples, features, modes, a: loadings.elements, b: dictionary.elements, c: &result.elements)
    return result
  }

  /// R² of some samples about their own grand mean.
  private static func r2(of samples: [Int], data: Tensor, reconstruction: Tensor) -> Double {
    guard !samples.isEmpty else { return .nan }
    return ReconstructionQuality(
      data: samples.flatMap { data.row($0) }, reconstruction: samples.flatMap { reconstruction.row($0) },
      features: data.shape[1]
    ).r2
  }
}
