import Contributions
import Foundation
import Modes
import Networks
import Numerics
import Runtime
import Storage

extension RetinaAnalysis {
  /// Does a stage's work unless its file is complete.
  /// - Throws: `CodecError` of kind usage where the file that is there comes from another run.
  func stage(_ name: String, _ provenance: Provenance, _ work: (ResultWriter) throws -> Void) throws {
    let path = path(name)
    if options.resume, !options.force, FileManager.default.fileExists(atPath: path) {
      let earlier = try Provenance(of: H5File(reading: path))
      if let difference = provenance.firstDifference(from: earlier) {
        throw CodecError(
          .usage, "the result that is there comes from another run: \(difference)", at: path,
          remedy: "run with the same options and inputs, use another folder, or --force")
      }
      return
    }
    try work(
      ResultWriter(path: path, provenance: provenance, force: options.force, resume: options.resume))
  }

  func computeContributions(progress: ProgressHandler?) throws {
    let run = try ContributionRun(input: ContributionInput(input), options: options.contributions)
    let provenance = try Provenance(
      schema: ContributionFile.schema, schemaVersion: ContributionFile.schemaVersion, command: source.command,
      options: run.resolvedOptions, seed: options.seed, software: source.software,
      inputs: [source.recording, source.model])
    try stage(ResultName.contributions.rawValue, provenance) { try run.write(to: $0, progress: progress) }
  }

  private struct ClusterOptions: Encodable {
    let rates: RateSource
    let clusters: Int
    let restarts: Int
    let drawRestarts: Int
    let draws: Int
  }

  func cluster(progress: ProgressHandler?) throws {
    let clustering = options.clustering
    let paths = [path(.modes)] + furtherSeedNames.map { path($0) }
    let provenance = try Provenance(
      schema: ClusterWriter.schema, schemaVersion: ClusterWriter.schemaVersion, command: source.command,
      options: ClusterOptions(
        rates: options.rates, clusters: clustering.maximum, restarts: clustering.restarts,
        drawRestarts: clustering.drawRestarts,
        draws: clustering.draws),
      seed: options.seed, software: source.software, inputs: paths + [source.model])
    try stage(ResultName.clusters.rawValue, provenance) { writer in
      progress?(ProgressReport(task: "clusters", finished: 0, total: 2))
      let centres = try ReceptiveFieldCentre.measure(
        model: input.model, windows: input.series, threads: options.threads)
      let known = zip(input.model.unitIDs, centres).compactMap { cell, centre in centre.map { (cell, $0) } }
      progress?(ProgressReport(task: "clusters", finished: 1, total: 2))
      let fits = try ClusterFit.read(
        paths, rates: options.rates, centres: Dictionary(uniqueKeysWithValues: known))
      try ClusterWriter(ClusterReport(fits, options: clustering), to: writer).write()
      progress?(ProgressReport(task: "clusters", finished: 2, total: 2))
    }
  }

  private struct ReceptiveFieldOptions: Encodable {
    let split: String
    let frames: [Int]
    let cells: [Int]
    let fields: Bool
  }

  func computeReceptiveFields(progress: ProgressHandler?) throws {
    let frames = try options.receptiveFieldFrames ?? exampleFrames()
    let provenance = try Provenance(
      schema: ReceptiveFieldRun.schema, schemaVersion: ReceptiveFieldRun.schemaVersion,
      command: source.command,
      options: ReceptiveFieldOptions(
        split: options.split, frames: frames, cells: input.model.unitIDs, fields: options.includesFields),
      seed: nil, software: source.software, inputs: [source.recording, source.model])
    try stage(ResultName.receptiveFields.rawValue, provenance) { writer in
      let receptiveFields = try InstantaneousReceptiveFields(
        model: input.model, windows: input.series, threads: options.threads)
      try ReceptiveFieldRun(receptiveFields, frames: frames, includesFields: options.includesFields)
        .write(to: writer, progress: progress)
    }
  }

  private struct ExplorerOptions: Encodable {
    let split: String
    let frames: [Int]
    let limits: ExplorerRun.Limits
  }

  func explore(progress: ProgressHandler?) throws {
    let frames = try exampleFrames()
    let provenance = try Provenance(
      schema: ExplorerRun.schema, schemaVersion: ExplorerRun.schemaVersion, command: source.command,
      options: ExplorerOptions(split: options.split, frames: frames, limits: options.explorer), seed: nil,
      software: source.software, inputs: [source.recording, source.model])
    try stage(ResultName.explorer.rawValue, provenance) { writer in
      let receptiveFields = try InstantaneousReceptiveFields(
        model: input.model, windows: input.series, threads: options.threads)
      try ExplorerRun(receptiveFields, input: input, frames: frames, limits: options.explorer)
        .write(to: writer, progress: progress)
    }
  }

  /// Examples of modes and their combinations; where there are none, frames spread over the movie.
  private func exampleFrames() throws -> [Int] {
    let limit = options.exampleFrames
    let frames = try ClusterFile(reading: path(.clusters)).exampleFrames(limit: limit)
    guard frames.isEmpty else { return frames }
    return ReceptiveFieldCentre.spread(input.series.sampleCount, limit).map {
      input.series.responseFrame(ofSample: $0)
    }
  }
}
