import Foundation
import Numerics
import RetinaData
import Runtime
import Storage

/// Networks fitted independently to one recording, in one folder: `fit-1.safetensors`, `fit-2.safetensors`, …
/// with their training histories, and `fits.h5` with the figures of all.
///
/// Each fit has a seed of its own: other weights at the start, another order, other noise, other blocks held
/// out. It is the fit that `RetinaFit` gives with that seed.
public struct FitSeries: Sendable {
  /// The `schema` of `fits.h5`.
  public static let schema = "fits"
  /// The version of its layout.
  public static let schemaVersion = 1
  /// The name of the file with the figures of all fits.
  public static let figuresName = "fits.h5"

  /// Where a series comes from, the same for all its fits.
  public struct Source: Sendable {
    /// The command line.
    public var command: String
    /// The program and its version.
    public var software: String
    /// The recording's fingerprint.
    public var inputs: [Provenance.Input]

    /// A source from its parts.
    public init(command: String, software: String, inputs: [Provenance.Input]) {
      (self.command, self.software, self.inputs) = (command, software, inputs)
    }
  }

  private struct Options: Encodable {
    let fits: Int
    let fit: FitOptions
  }

  /// Where the networks go.
  public let folder: String
  /// Decides the fits' seeds.
  public let seed: UInt64
  /// The seed of each fit.
  public let seeds: [UInt64]

  /// - Throws: `CodecError` of kind `usage` below one fit.
  public init(folder: String, count: Int, seed: UInt64) throws {
    guard count >= 1 else {
      throw CodecError(.usage, "\(count) fits", remedy: "fit at least one network; three tell what holds")
    }
    (self.folder, self.seed) = (folder, seed)
    seeds = (1...count).map { fit in
      var stream = RandomStream(seed: seed).split("fits").split(fit)
      // Short enough to be typed.
      return stream.next() >> 32
    }
  }

  /// The name of a fit, counted from 0: `fit-1` for the first.
  public static func name(_ fit: Int) -> String { "fit-\(fit + 1)" }

  /// The network of a fit, counted from 0.
  public func path(_ fit: Int) -> String { path(Self.name(fit) + ".safetensors") }

  private func path(_ name: String) -> String { URL(filePath: folder).appending(path: name).relativePath }

  /// Fits what is not there yet.
  /// - Parameters:
  ///   - force: replace all fits of the folder.
  ///   - resume: keep finished fits, go on with an unfinished one.
  /// - Returns: the figures of all fits, also written as `fits.h5`.
  /// - Throws: `CodecError` of kind `fileSystem` where fits are there already, `usage` where they come from
  ///   another run; the errors of training.
  public func run(
    _ recording: Recording, options: FitOptions, threads: Int, source: Source, force: Bool = false,
    resume: Bool = false, progress: ProgressHandler? = nil
  ) throws -> FitSeriesSummary {
    try checkFolder(force: force, resume: resume)
    var fit: RetinaFit? = try RetinaFit(recording, options: options, seed: seeds[0], threads: threads)
    let resolved = fit?.options ?? options
    for index in seeds.indices {
      let provenance = try Provenance(
        schema: RetinaFit.historySchema, schemaVersion: RetinaFit.historySchemaVersion,
        command: source.command, options: resolved, seed: seeds[index], software: source.software,
        fingerprints: source.inputs)
      if resume, try isFinished(index, provenance) { continue }
      if index > 0 {
        // Two copies of the movie need not be held.
        fit = nil
        fit = try RetinaFit(recording, options: resolved, seed: seeds[index], threads: threads)
      }
      let name = Self.name(index)
      _ = try fit?.write(to: path(index), provenance: provenance, resume: resume) { report in
        progress?(report.of(name))
      }
    }
    let provenance = try Provenance(
      schema: Self.schema, schemaVersion: Self.schemaVersion, command: source.command,
      options: Options(fits: seeds.count, fit: resolved), seed: seed, software: source.software,
      fingerprints: source.inputs)
    let summary = try FitSeriesSummary(models: seeds.indices.map(path))
    try summary.write(to: path(Self.figuresName), provenance: provenance)
    return summary
  }

  /// Whether a network is there and comes from the same run.
  /// - Throws: `CodecError` of kind `usage` where it comes from another one.
  private func isFinished(_ index: Int, _ provenance: Provenance) throws -> Bool {
    let model = path(index)
    guard FileManager.default.fileExists(atPath: model) else { return false }
    let history = try H5File(reading: RetinaFit.historyPath(of: model))
    let earlier = try Provenance(of: history, schema: RetinaFit.historySchema)
    if let difference = provenance.firstDifference(from: earlier) {
      throw CodecError(
        .usage, "the fit that is there comes from another run: \(difference)", at: model,
        remedy: "run with the same options and inputs, use another folder, or --force")
    }
    // The end may have come between the network and the removal of its checkpoint.
    try? FileManager.default.removeItem(atPath: model + ".partial")
    return true
  }

  private func checkFolder(force: Bool, resume: Bool) throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let earlier = names.filter { $0.hasPrefix("fit-") || $0 == Self.figuresName }.sorted()
    if force {
      for name in earlier { try? FileManager.default.removeItem(atPath: path(name)) }
      return
    }
    if !resume, let name = earlier.first {
      throw CodecError(
        .fileSystem, "fits are there already", at: path(name),
        remedy: "--resume goes on with them, --force replaces them, or choose another folder")
    }
    let wanted = Set(seeds.indices.map { Self.name($0) + ".safetensors" })
    if let further = earlier.first(where: { $0.hasSuffix(".safetensors") && !wanted.contains($0) }) {
      throw CodecError(
        .usage, "there are more fits than the \(seeds.count) asked for", at: path(further),
        remedy: "ask for as many --fits as there are, use another folder, or --force")
    }
  }
}

extension ProgressReport {
  /// The same report of one part of a longer work.
  func of(_ part: String) -> ProgressReport {
    ProgressReport(task: "\(part): \(task)", finished: finished, total: total, detail: detail)
  }
}
