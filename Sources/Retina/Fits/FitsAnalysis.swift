import Foundation
import Networks
import RetinaData
import Runtime
import Storage

/// The analysis of a recording through several independently fitted networks, each in a folder of its own,
/// and what holds over all of them.
///
///     let analysis = try FitsAnalysis(
///       recording: recording, fits: FitFolder("fits"), architectures: [RetinaCNN()], folder: "results",
///       source: source)
///     print(try analysis.run().text)
public struct FitsAnalysis: Sendable {
  /// The `schema` of the result over all fits.
  public static let schema = "agreement"
  /// The version of its layout.
  public static let schemaVersion = 1
  /// The files written beside the fits' own folders.
  public enum ResultName: String, CaseIterable, Sendable {
    /// Agreement of clusters, and every number with its spread.
    case agreement = "agreement.h5"
    /// The summary for programs.
    case summary = "summary.json"
    /// The summary for people.
    case text = "summary.txt"
  }

  /// The analysis of one network.
  struct Part: Sendable {
    let name: String
    let analysis: RetinaAnalysis
  }

  /// Folder of the results.
  public let folder: String
  /// The fits' names, also those of their folders.
  public let names: [String]
  let fits: FitFolder
  let parts: [Part]
  let source: RetinaAnalysis.Source
  let options: RetinaAnalysis.Options

  /// Checks that recording and networks fit and that no result is in the way.
  /// - Parameters:
  ///   - folder: of the results; made where it is missing.
  ///   - source: where the results come from; its model is the folder of networks.
  /// - Throws: as `RetinaAnalysis` and `FitFolder` do.
  public init(
    recording: Recording, fits: FitFolder, architectures: [any Architecture], folder: String,
    source: RetinaAnalysis.Source, options: RetinaAnalysis.Options = .init()
  ) throws {
    (self.folder, self.fits, self.source, self.options) = (folder, fits, source, options)
    names = fits.names
    let models = try fits.load(architectures: architectures)
    let folders = names.map { URL(filePath: folder).appending(path: $0).relativePath }
    parts = try zip(zip(names, folders), zip(fits.models, models)).map { place, model in
      var own = source
      own.model = model.0
      return Part(
        name: place.0,
        analysis: try RetinaAnalysis(
          recording: recording, model: model.1, folder: place.1, source: own, options: options))
    }
    if !options.force && !options.resume { try requireFreeNames() }
  }

  /// The path of a result.
  public func path(_ name: ResultName) -> String { path(name.rawValue) }

  /// The folder of one fit's analysis.
  public func path(_ name: String) -> String { URL(filePath: folder).appending(path: name).relativePath }

  /// Computes what is not there yet, then what holds over all fits.
  /// - Parameter finished: called with the folder of each fit's analysis when that is complete.
  /// - Returns: what was found; also written as `agreement.h5`, `summary.json` and `summary.txt`.
  /// - Throws: `CodecError` of any kind; unfinished files can be resumed.
  public func run(
    progress: ProgressHandler? = nil, finished: (String) throws -> Void = { _ in }
  ) throws -> FitsSummary {
    let summaries = try parts.map { part in
      try makeFolder(part.analysis.folder)
      let summary = try part.analysis.run { progress?($0.of(part.name)) }
      try finished(part.analysis.folder)
      return summary
    }
    let summary = try summarise(summaries)
    // Made of complete files whose origin is checked: made anew also where a fit was added.
    try summary.write(to: path(.agreement), provenance: try provenance())
    try SummaryFiles.write(summary, words: summary.text, json: path(.summary), text: path(.text))
    return summary
  }

  private func summarise(_ summaries: [AnalysisSummary]) throws -> FitsSummary {
    let files = try parts.map { try ClusterFile(reading: $0.analysis.path(.clusters)) }
    let kinds = (summaries[0].clusters.contributions == nil ? [] : ["contributions"]) + files[0].layers
    let consensus = try kinds.compactMap { kind in
      ClusterConsensus(
        name: kind, partitions: try files.map { try $0.partitions(by: kind) }, seed: options.seed)
    }
    let places = try kinds.first.map { kind in try files.map { try $0.confound(by: kind) } } ?? []
    return FitsSummary(
      recording: summaries[0].recording, models: URL(filePath: fits.path).lastPathComponent, names: names,
      summaries: summaries, consensus: consensus, confounds: places)
  }

  private struct Options: Encodable {
    let fits: [String]
    let split: String
    let layers: [String]
    let rates: RateSource
    let clusters: Int
  }

  private func provenance() throws -> Provenance {
    try Provenance(
      schema: Self.schema, schemaVersion: Self.schemaVersion, command: source.command,
      options: Options(
        fits: names, split: options.split, layers: options.contributions.layers, rates: options.rates,
        clusters: options.clustering.maximum), seed: options.seed, software: source.software,
      inputs: [source.recording] + fits.models)
  }

  private func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw CodecError(
        .fileSystem, "cannot make the folder", at: path, remedy: (error as NSError).localizedDescription)
    }
  }

  private func requireFreeNames() throws {
    for name in ResultName.allCases where FileManager.default.fileExists(atPath: path(name)) {
      throw CodecError(
        .fileSystem, "results of an earlier analysis are there", at: path(name),
        remedy: "--resume goes on with them, --force replaces them, or choose another folder")
    }
  }
}
