import Foundation
import Numerics
import Runtime
import Storage

/// Decomposes the layers of a `contributions.h5` into a `modes.h5`.
///
///     let run = try DecompositionRun(contributions: "contributions.h5", options: DecompositionOptions())
///     let writer = try ResultWriter(path: "modes.h5", provenance: provenance)
///     let layers = try run.write(to: writer)
///
/// Layers are independent of each other, of which others are asked for and of the number of threads. A finished layer
/// outlives an interruption and is not trained again.
public struct DecompositionRun: Sendable {
  /// The `schema` of the files it writes.
  public static let schema = "modes"
  /// The version of their layout.
  public static let schemaVersion = 1

  /// What was asked for, every layer by its name: the options of the file's provenance.
  public let options: DecompositionOptions
  /// The layers, in order.
  public let layers: [String]
  private let input: ContributionMatrices

  /// Checks everything that can be checked before training.
  /// - Parameter contributions: path of a `contributions.h5`.
  /// - Throws: `CodecError` of kind `fileSystem` where it cannot be read, `data` where it is none, `usage` for unknown
  ///   layers and impossible recipes.
  public init(contributions path: String, options: DecompositionOptions) throws {
    try options.recipe.validate()
    input = try ContributionMatrices(reading: path, options: options)
    layers = input.layers
    var resolved = options
    resolved.layers = layers
    self.options = resolved
  }

  /// Trains every layer that the writer does not hold yet, and completes the file.
  /// - Parameters:
  ///   - writer: opened with `options` in its provenance.
  ///   - threads: how many layers are trained at once.
  ///   - progress: called after every evaluation of every layer, from any thread.
  /// - Throws: `CodecError`: `data` where a layer's numbers cannot be decomposed, `fileSystem` where the disk refuses,
  ///   `interrupted` once a stop was asked for; after each of these the file can be resumed.
  public func write(to writer: ResultWriter, threads: Int = 1, progress: ProgressHandler? = nil) throws {
    precondition(threads > 0)
    let output = ModesWriter(writer: writer, input: input, options: options)
    if writer.finishedSamples == 0 { try output.copySamples() }
    var finished = writer.finishedSamples
    let team = try WorkerTeam(count: min(threads, layers.count)) { _ in }
    while finished < layers.count {
      try Interrupt.check()
      let next = finished..<min(finished + team.count, layers.count)
      let results = try team.map(next) { [self] _, index in
        try decomposition(of: layers[index], progress: progress)
      }
      for result in results {
        try output.write(result)
        finished += 1
        try writer.flush(finishedSamples: finished)
      }
    }
    try writer.commit()
  }

  /// Trains one layer, without writing it.
  /// - Parameter layer: one of ``layers``.
  /// - Throws: `CodecError` of kind `data` where its numbers cannot be decomposed, of kind `interrupted`.
  public func decomposition(of layer: String, progress: ProgressHandler? = nil) throws -> LayerDecomposition {
    let (data, features) = try input.matrix(of: layer)
    let decomposition = try Decomposition.fit(
      data, recipe: options.recipe, seed: options.seed, name: layer, progress: progress)
    let baselines =
      options.includesBaselines
      ? try Baselines(
        data, most: decomposition.model.modes,
        random: RandomStream(seed: options.seed).split("baselines").split(layer)) : nil
    return LayerDecomposition(
      layer: layer, features: features, data: options.data, units: try input.units(of: layer),
      decomposition: decomposition, baselines: baselines)
  }
}

/// One layer of a `modes.h5`.
public struct LayerDecomposition: Sendable {
  /// The layer's name.
  public let layer: String
  /// What each feature of the dictionary is.
  public let features: [Feature]
  /// What was decomposed.
  public let data: DecompositionOptions.Data
  /// Units of the data and so of the dictionary.
  public let units: String
  /// Modes, loadings, quality and the autoencoder.
  public let decomposition: Decomposition
  /// How simpler dictionaries do; nil where they were not fitted.
  public let baselines: Baselines?
}
