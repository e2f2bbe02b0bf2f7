import ArgumentParser
import Contributions
import Foundation
import Networks
import Numerics
import Retina
import RetinaData
import Runtime
import Storage
import VisionAdapters

/// `codec contributions`: what each channel contributes to the target, for every frame or picture.
struct ContributionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contributions",
    abstract:
      "Compute what each channel of each layer contributes to the target, for every frame or picture.",
    discussion: """
      Example: codec contributions recording.h5 --model model.safetensors --out contributions.h5 \\
                 --layers conv1,conv2 --target surprisal --steps 20
               codec contributions pictures --model resnet50.safetensors --out contributions.h5 \\
                 --target top:1 --steps 10
      """)

  @Argument(
    help: """
      A recording; a folder of class folders, a flat folder or a list of pictures; or an array taken as it is: \
      FILE.npy or FILE.h5:DATASET, first axis samples.
      """)
  var source: String

  @OptionGroup var model: ModelOption
  @OptionGroup var recording: RecordingOptions
  @OptionGroup(title: "Pictures") var images: ImageOptions

  @Option(name: .long, help: ArgumentHelp("The result.", valueName: "file"))
  var out: String

  @Option(name: .long, help: "Which movie: test or train.")
  var split = "test"

  @Option(name: .long, help: "The split over which the responses' mean and covariance are taken.")
  var statistics: String?

  @OptionGroup(title: "Contributions") var method: MethodOptions
  @OptionGroup var running: RunOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let model = try model.load()
    let pictures =
      ImageList.isOne(source)
      ? try images.open(source, for: model, threads: running.threads) : nil
    let job = try ContributionRun(
      input: try pictures.map { try ContributionInput($0, model: model) } ?? input(to: model),
      options: try method.options(
        steps: pictures == nil ? 20 : 10, seed: running.seed, threads: running.threads))
    let writer = try ResultWriter(
      path: out,
      provenance: try Provenance(
        schema: ContributionFile.schema, schemaVersion: ContributionFile.schemaVersion,
        command: Console.commandLine,
        options: PictureRunOptions(options: job.resolvedOptions, pictures: pictures), seed: running.seed,
        software: Codec.software,
        fingerprints: [
          try pictures?.list.fingerprint() ?? Provenance.Input(file: ArrayFile.path(of: source)),
          Provenance.Input(file: self.model.model),
        ]),
      force: output.force, resume: output.resume)
    try job.write(to: writer, progress: ProgressLine.handler)
    let summary = try ContributionFile(reading: out).summary()
    try Console.print(summary, json: output.json) { summaryText($0, at: out) }
  }

  private func input(to model: LoadedModel) throws -> ContributionInput {
    if let array = try ArrayFile.source(source) {
      return try ContributionInput(model: model, series: array.windows(), outputUnit: "1")
    }
    let recording = try recording.open(source)
    let recorded = try RecordedInput(recording, split: split, model: model)
    let others = try statistics.map { try RecordedInput(recording, split: $0, model: model) }
    return try ContributionInput(recorded, statistics: others)
  }
}

/// The summary as people read it.
private func summaryText(_ summary: ContributionSummary, at path: String) -> String {
  var lines = ["\(summary.samples) samples, target \(summary.target)"]
  for layer in summary.layers {
    var line = "  \(layer.name.replacing("|", with: "/")): \(layer.channels) channels"
    if let median = layer.medianGap, let large = layer.largeGap {
      line += String(
        format: ", completeness gap %.2f %% of Σ|C| in the median, %.2f %% at the 95th percentile",
        100 * median, 100 * large)
    }
    lines.append(line)
  }
  if let steps = summary.meanSteps { lines.append(String(format: "  %.0f steps a sample on average", steps)) }
  if let open = summary.unconverged, open > 0 {
    lines.append("  \(open) samples did not reach the tolerance (/sample/converged)")
  }
  return (lines + ["written to \(path)"]).joined(separator: "\n")
}
