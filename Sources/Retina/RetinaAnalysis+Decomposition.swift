import Modes
import Runtime
import Storage

extension RetinaAnalysis {
  /// Decomposes every layer, once for each seed.
  func decompose(progress: ProgressHandler?) throws {
    for (index, name) in ([ResultName.modes.rawValue] + furtherSeedNames).enumerated() {
      var wanted = options.decomposition
      wanted.seed = options.seed &+ UInt64(index)
      // Simpler dictionaries are compared once, not for every seed.
      if index > 0 { wanted.includesBaselines = false }
      let run = try DecompositionRun(contributions: path(.contributions), options: wanted)
      let provenance = try Provenance(
        schema: DecompositionRun.schema, schemaVersion: DecompositionRun.schemaVersion,
        command: source.command,
        options: run.options, seed: wanted.seed, software: source.software, inputs: [path(.contributions)])
      try stage(name, provenance) { try run.write(to: $0, threads: options.threads, progress: progress) }
    }
  }
}
