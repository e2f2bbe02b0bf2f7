import Numerics
import Runtime
import Storage

/// A finished `modes.h5`.
///
///     let file = try ModesFile(reading: "modes.h5")
///     let conv1 = try file.layer("conv1").decomposition
///     conv1.loadings(of: otherContributions)          // the encoder is in the file
public final class ModesFile: Sendable {
  /// The open file.
  public let file: H5File
  /// Where it comes from.
  public let provenance: Provenance
  /// What was asked for when it was made.
  public let options: DecompositionOptions
  /// Names of the layers.
  public let layers: [String]

  /// - Throws: `CodecError` of kind `fileSystem` where there is no such file, `data` where it is none of ours or newer.
  public init(reading path: String) throws {
    file = try H5File(reading: path)
    provenance = try Provenance(
      of: file, schema: DecompositionRun.schema, version: DecompositionRun.schemaVersion)
    options = try provenance.decodedOptions(DecompositionOptions.self, at: file.name)
    layers = try file.children(of: "/layers")
  }

  /// One layer's modes, as they were when they were written.
  /// - Throws: `CodecError` of kind `usage` for an unknown layer, `data` naming a dataset that is missing or does not
  ///   fit.
  public func layer(_ name: String) throws -> LayerDecomposition {
    guard layers.contains(name) else { throw CodecError.unknown("layer", name, valid: layers, at: file.name) }
    let group = "/layers/\(name)"
    let columns: [Int] = try file.dataset("\(group)/feature", rank: 2).numbers()
    let features = stride(from: 0, to: columns.count - 1, by: 2).map {
      Feature(channel: columns[$0], sign: columns[$0 + 1])
    }
    return LayerDecomposition(
      layer: name, features: features, data: options.data,
      units: try file.attribute("units", of: "\(group)/dictionary")?.asText ?? "1",
      decomposition: try decomposition(group), baselines: try baselines("\(group)/baselines"))
  }

  private func decomposition(_ group: String) throws -> Decomposition {
    let model = try model(group)
    let modeIDs: [Int] = try file.dataset("\(group)/mode_id", rank: 1).numbers()
    let (dictionary, loadings) = (
      try file.dataset("\(group)/dictionary", rank: 2), try file.dataset("\(group)/loadings", rank: 2)
    )
    guard dictionary.shape == [modeIDs.count, model.features] else {
      throw CodecError(
        .data, "shape \(dictionary.shape) for \(modeIDs.count) modes of \(model.features) features",
        at: dictionary.place)
    }
    guard loadings.shape[1] == modeIDs.count, modeIDs.allSatisfy({ (0..<model.modes).contains($0) }) else {
      throw CodecError(.data, "shape \(loadings.shape) for \(modeIDs.count) modes", at: loadings.place)
    }
    return Decomposition(
      model: model, scale: try file.dataset("\(group)/scale").number(), modeIDs: modeIDs,
      dictionary: try dictionary.tensor(), loadings: try loadings.tensor(), quality: try quality(group),
      heldOutR2: try number("r2_held_out", group), meanActive: try number("mean_l0", group),
      largestCode: try number("largest_code", group), recipe: options.recipe, seed: options.seed,
      history: try history("\(group)/history"), steps: Int(try number("steps", group)),
      revived: Int(try number("revived", group)))
  }

  private func number(_ name: String, _ group: String) throws -> Double {
    guard let value = try file.attribute(name, of: group)?.asNumber else {
      throw CodecError(.data, "no number \(name)", at: file.place(group))
    }
    return value
  }

  private func model(_ group: String) throws -> SparseAutoencoder {
    var weights: [String: Tensor] = [:]
    for part in SparseAutoencoder.Part.allCases {
      weights[part.rawValue] = try file.dataset("\(group)/encoder/\(part.rawValue)").tensor()
    }
    return try SparseAutoencoder(
      weights: weights, threshold: try number("threshold", group),
      nonnegative: try number("nonnegative", group) != 0)
  }

  private func quality(_ group: String) throws -> ReconstructionQuality {
    ReconstructionQuality(
      r2: try number("r2", group), r2FeatureMean: try number("r2_feature_mean", group),
      r2PerFeature: try file.dataset("\(group)/r2_per_feature", rank: 1).numbers())
  }

  private func history(_ group: String) throws -> [TrainingEvaluation] {
    func column(_ name: String) throws -> [Double] { try file.dataset("\(group)/\(name)", rank: 1).numbers() }
    let (step, epoch) = (try column("step"), try column("epoch"))
    let (training, heldOut) = (try column("training_error"), try column("held_out_error"))
    let (r2, rate) = (try column("held_out_r2"), try column("learning_rate"))
    let count = [step, epoch, training, heldOut, r2, rate].map(\.count).min() ?? 0
    return (0..<count).map {
      TrainingEvaluation(
        step: Int(step[$0]), epoch: epoch[$0], trainingError: training[$0], heldOutError: heldOut[$0],
        heldOutR2: r2[$0], learningRate: rate[$0])
    }
  }

  private func baselines(_ group: String) throws -> Baselines? {
    guard file.contains(group) else { return nil }
    func curve(_ name: String) throws -> Baselines.Curve {
      Baselines.Curve(
        components: try file.attribute("components", of: "\(group)/\(name)")?.asIntegers ?? [],
        r2: try file.dataset("\(group)/\(name)", rank: 1).numbers())
    }
    return Baselines(
      pca: try curve("pca"), nmf: try curve("nmf"), kmeans: try curve("kmeans"),
      samples: try file.attribute("samples", of: "\(group)/pca")?.asInteger ?? 0)
  }
}
