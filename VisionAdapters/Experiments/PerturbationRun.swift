import Foundation
import Modes
import Networks
import Numerics
import Runtime
import Storage

/// Whether taking out, or leaving only, the channels a mode stands for changes the recognition of its class more than
/// that of others: pictures, model and `modes.h5` files into a `perturb.h5`.
public struct PerturbationRun: Sendable {
  /// The `schema` of the files it writes.
  public static let schema = "perturb"
  /// The version of their layout.
  public static let schemaVersion = 1

  /// What was asked for, every layer by its name.
  public let options: PerturbationOptions
  /// Layers that are perturbed at once, each a group of results.
  let groups: [[String]]
  private let model: LoadedModel
  private let modes: [ModeSource]
  private let channels: LabelledResult?
  private let experiment: PerturbationExperiment

  /// - Parameters:
  ///   - images: labelled pictures.
  ///   - modes: paths of `modes.h5` files, of contributions, of activations or both.
  ///   - contributions: path of the `contributions.h5`, to choose channels by their own correlation.
  ///   - tree: path of a superclass tree.
  /// - Throws: `CodecError` where the parts do not fit together.
  public init(
    model: LoadedModel, images: ImageSource, modes: [String], contributions: String?, tree: String?,
    options: PerturbationOptions
  ) throws {
    try options.validate()
    let sources = modes.isEmpty ? [] : try ModeSource.read(modes, data: nil)
    let channels = try contributions.map { try LabelledResult(reading: $0, schema: "contributions") }
    try Self.checkSources(options.selections, sources, channels)
    let classes = model.unitIDs.count
    for file in sources.map(\.file) + [channels].compactMap({ $0 }) where file.classNames.count != classes {
      throw CodecError(
        .data, "results of \(file.classNames.count) classes, a model of \(classes)", at: file.file.name,
        remedy: "give results of this model")
    }
    var resolved = options
    let chosen = try sources.first?.file.chosen(options.layers) ?? options.layers ?? model.taps
    let layers = chosen.map { name in
      model.network.tensors.first { LabelledResult.group(of: $0) == LabelledResult.group(of: name) } ?? name
    }
    resolved.layers = layers
    self.options = resolved
    groups = options.together ? [layers] : layers.map { [$0] }
    (self.model, self.modes, self.channels) = (model, sources, channels)
    experiment = try PerturbationExperiment(model: model, images: images, tree: tree, options: options)
  }

  private static func checkSources(
    _ selections: [ChannelSelection], _ modes: [ModeSource], _ channels: LabelledResult?
  ) throws {
    for selection in selections {
      let (isThere, remedy) =
        switch selection {
        case .modes: (modes.contains { $0.data == .contributions }, "--modes with modes of contributions")
        case .activationModes:
          (modes.contains { $0.data == .activations }, "--modes with modes of activations")
        case .channels: (channels != nil, "--contributions")
        case .random: (true, "")
        }
      guard isThere else {
        throw CodecError(
          .usage, "nothing to choose channels by \(selection.rawValue) from", remedy: "give \(remedy)")
      }
    }
  }

  /// Runs every trial of every layer that the writer does not hold yet, and completes the file.
  /// - Throws: `CodecError`: `data` for unreadable pictures, `interrupted` once a stop was asked for; after each the file
  ///   can be resumed.
  public func write(to writer: ResultWriter, threads: Int = 1, progress: ProgressHandler? = nil) throws
    -> PerturbationSummary
  {
    BLAS.useThreads(1)
    let file = PerturbationWriter(writer: writer, options: options, groups: groups)
    let trials = experiment.trials
    try file.define(trials)
    var finished = writer.finishedSamples
    for (index, group) in groups.enumerated() where finished < (index + 1) * trials.count {
      let rankings = try group.map(ranking)
      let team = try WorkerTeam(count: min(threads, trials.count)) { [self] _ in
        try PerturbedModel(model, layers: group, batch: 2 * options.images)
      }
      for first in stride(from: finished - index * trials.count, to: trials.count, by: threads) {
        try Interrupt.check()
        let range = first..<min(first + threads, trials.count)
        let results = try team.map(range) { [experiment] model, trial in
          try experiment.result(
            of: trial, on: model, rankings: Dictionary(uniqueKeysWithValues: zip(group, rankings)))
        }
        for result in results { try file.append(result, group: group) }
        finished += range.count
        try writer.flush(finishedSamples: finished)
        progress?(
          ProgressReport(task: "perturbation", finished: finished, total: groups.count * trials.count))
      }
    }
    let summary = try file.summary()
    try writer.commit()
    return summary
  }

  private func ranking(of layer: String) throws -> LayerRanking {
    let tap = try PerturbedModel.channelCount(of: layer, in: model)
    let group = LabelledResult.group(of: layer)
    var ranking = LayerRanking(channels: tap)
    for source in modes {
      let found = try ModeClasses(group, of: source.file)
      if source.data == .contributions { ranking.modes = found } else { ranking.activationModes = found }
      guard found.channelWeights(of: []).count == tap else {
        throw CodecError(
          .data, "modes of other channels than the \(tap) of \(layer)", at: source.file.file.name,
          remedy: "give modes of this model")
      }
    }
    if let channels, options.selections.contains(.channels) {
      let labels = try channels.requiredLabels()
      var sums = ClassSums(classes: channels.classNames.count, columns: tap)
      try channels.forEachRow(of: group, ["positive"]) { sums.add($1[0], label: labels[$0]) }
      ranking.channelSums = sums
    }
    return ranking
  }
}

extension PerturbedModel {
  /// Number of channels of a layer.
  fileprivate static func channelCount(of layer: String, in model: LoadedModel) throws -> Int {
    let shape = try model.network.shape(of: layer)
    return shape[(model.reductions[layer] ?? LayerReduction(ofShape: shape)).channelAxis]
  }
}
