import Numerics
import Runtime
import Storage

/// Lays decompositions out as `modes.h5`.
struct ModesWriter {
  let writer: ResultWriter
  let input: ContributionMatrices
  let options: DecompositionOptions

  /// Carries over what belongs to samples, so that clustering needs this file alone.
  func copySamples() throws {
    let roots = [
      "/sample", "/output", "/unit_name", "/recorded_rate", "/target", "/target_baseline", "/statistics",
    ]
    for root in roots where input.file.contains(root) {
      let isGroup = input.file.kind(of: root) == .group
      for path in isGroup ? try input.file.datasets(below: root) : [root] { try copy(path) }
      if isGroup { try copyAttributes(of: root) }
    }
  }

  func write(_ result: LayerDecomposition) throws {
    let group = "/layers/\(result.layer)"
    for name in ["cell_negative", "cell_positive"] where input.file.contains("\(group)/\(name)") {
      try copy("\(group)/\(name)")
    }
    try writeModes(result, group)
    try writeEncoder(result.decomposition.model, "\(group)/encoder")
    try writeHistory(result.decomposition.history, "\(group)/history")
    if let baselines = result.baselines { try write(baselines, "\(group)/baselines") }
    for (name, value) in attributes(of: result) { try writer.setAttribute(name, to: value, of: group) }
  }

  private func writeModes(_ result: LayerDecomposition, _ group: String) throws {
    let found = result.decomposition
    try writer.write(
      found.dictionary, to: "\(group)/dictionary", axes: ["mode", "feature"], units: result.units)
    try writer.write(found.loadings, to: "\(group)/loadings", axes: ["sample", "mode"], units: "1")
    try writer.write(
      found.modeIDs, shape: [found.alive], to: "\(group)/mode_id", axes: ["mode"], units: "mode")
    try writer.write([found.scale], shape: [], to: "\(group)/scale", axes: [], units: result.units)
    try writer.write(
      found.quality.r2PerFeature, shape: [result.features.count], to: "\(group)/r2_per_feature",
      axes: ["feature"], units: "1")
    try writer.write(
      result.features.flatMap { [$0.channel, $0.sign] }, shape: [result.features.count, 2],
      to: "\(group)/feature", axes: ["feature", "channel and sign"], units: "1")
  }

  private func attributes(of result: LayerDecomposition) -> [(String, AttributeValue)] {
    let found = result.decomposition
    return [
      ("data", .text(result.data.rawValue)), ("r2", .number(found.quality.r2)),
      ("r2_feature_mean", .number(found.quality.r2FeatureMean)), ("r2_held_out", .number(found.heldOutR2)),
      ("mean_l0", .number(found.meanActive)), ("alive", .integer(found.alive)),
      ("dead", .integer(found.dead)),
      ("threshold", .number(found.model.threshold)),
      ("nonnegative", .integer(found.model.nonnegative ? 1 : 0)),
      ("largest_code", .number(found.largestCode)), ("steps", .integer(found.steps)),
      ("revived", .integer(found.revived)), ("recipe", .text(found.recipe.name)),
      ("remarks", .text(found.remarks.joined(separator: "\n"))),
    ]
  }

  private func writeEncoder(_ model: SparseAutoencoder, _ group: String) throws {
    for part in SparseAutoencoder.Part.allCases {
      let axes =
        switch part {
        case .layer1Weight: ["hidden", "feature"]
        case .layer2Weight: ["hidden", "hidden"]
        case .layer3Weight: ["mode", "hidden"]
        case .atoms: ["mode", "feature"]
        default: ["hidden"]
        }
      try writer.write(model[part], to: "\(group)/\(part.rawValue)", axes: axes, units: "1")
    }
  }

  private func writeHistory(_ history: [TrainingEvaluation], _ group: String) throws {
    func write(_ name: String, _ values: [Double], _ units: String) throws {
      try writer.write(
        values, shape: [values.count], to: "\(group)/\(name)", axes: ["evaluation"], units: units)
    }
    try write("step", history.map { Double($0.step) }, "step")
    try write("epoch", history.map(\.epoch), "epoch")
    try write("training_error", history.map(\.trainingError), "1")
    try write("held_out_error", history.map(\.heldOutError), "1")
    try write("held_out_r2", history.map(\.heldOutR2), "1")
    try write("learning_rate", history.map(\.learningRate), "1")
  }

  private func write(_ baselines: Baselines, _ group: String) throws {
    for (name, curve) in [("pca", baselines.pca), ("nmf", baselines.nmf), ("kmeans", baselines.kmeans)] {
      try writer.write(
        curve.r2, shape: [curve.r2.count], to: "\(group)/\(name)", axes: ["number of components"], units: "1",
        attributes: ["components": .integers(curve.components), "samples": .integer(baselines.samples)])
    }
  }
}

extension ModesWriter {
  /// Copies a dataset with its type, axes, units and attributes.
  private func copy(_ path: String) throws {
    let dataset = try input.file.dataset(path)
    var attributes = try input.file.attributes(of: path)
    let axes = attributes.removeValue(forKey: "axes")?.asTexts ?? dataset.shape.indices.map { "axis \($0)" }
    let units = attributes.removeValue(forKey: "units")?.asText ?? "1"
    func write<Number: StoredNumber>(_ values: [Number]) throws {
      try writer.write(
        values, shape: dataset.shape, to: path, axes: axes, units: units, attributes: attributes)
    }
    switch dataset.elementKind {
    case .number(isInteger: true, size: 1): try write(try dataset.numbers(UInt8.self))
    case .number(isInteger: true, size: _): try write(try dataset.numbers(Int.self))
    case .number(isInteger: false, size: 4): try write(try dataset.numbers(Float.self))
    case .number(isInteger: false, size: _): try write(try dataset.numbers(Double.self))
    case .text: try writer.write(try dataset.texts(), to: path, axes: axes, attributes: attributes)
    case .other(let name):
      throw CodecError(.data, "numbers or texts are expected, found \(name)", at: dataset.place)
    }
  }

  private func copyAttributes(of group: String) throws {
    for (name, value) in try input.file.attributes(of: group).sorted(by: { $0.key < $1.key }) {
      try writer.setAttribute(name, to: value, of: group)
    }
  }
}
