import ArgumentParser
import Runtime
import Storage
import VisionAdapters

/// `codec statistics`: how contributions and activations spread over channels, layer by layer.
struct StatisticsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "statistics",
    abstract: "Sparsity, balance of signs and dimensionality by layer, contributions against activations.",
    discussion: """
      Example: codec statistics contributions.h5 --out statistics.h5

      Hoyer sparsity over channels of each sample (0: all alike, 1: only one), the correlation of inhibition and \
      excitation over channels, and for labelled samples the dimensionality of class averages. Attention heads are \
      compared with random groups of dimensions.
      """)

  @Argument(help: "A file written by codec contributions.")
  var contributions: String

  @Option(name: .long, help: ArgumentHelp("The result.", valueName: "file"))
  var out: String

  @Option(name: .long, help: ArgumentHelp("Layers (default: all in the file).", valueName: "a,b"))
  var layers: CommaList<String>?

  @Option(name: .long, help: "Random groupings that attention heads are compared with.")
  var draws = 10

  @OptionGroup var running: RunOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let job = try StatisticsRun(
      contributions: contributions, options: .init(layers: layers?.values, draws: draws, seed: running.seed))
    let writer = try ResultWriter(
      path: out,
      provenance: try Provenance(
        schema: StatisticsRun.schema, schemaVersion: StatisticsRun.schemaVersion,
        command: Console.commandLine,
        options: job.options, seed: running.seed, software: Codec.software, inputs: [contributions]),
      force: output.force, resume: output.resume)
    let summary = try job.write(to: writer, threads: running.threads, progress: ProgressLine.handler)
    try Console.print(summary, json: output.json) {
      ($0.lines + ["medians over samples; written to \(out)"]).joined(separator: "\n")
    }
  }
}
