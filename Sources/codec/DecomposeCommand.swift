import ArgumentParser
import Foundation
import Modes
import Runtime
import Storage

/// `codec decompose`: contributions become modes with loadings over time.
struct DecomposeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decompose",
    abstract: "Decompose each layer's contributions into sparse modes and their loadings over time.",
    discussion: """
      Example: codec decompose contributions.h5 --out modes.h5 --layers conv1,conv2 --seed 1
      """)

  @Argument(help: "A file written by codec contributions.")
  var contributions: String

  @Option(name: .long, help: ArgumentHelp("The result.", valueName: "file"))
  var out: String

  @OptionGroup(title: "Modes") var modes: ModeOptions
  @OptionGroup var running: RunOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let job = try DecompositionRun(
      contributions: contributions, options: try modes.options(for: contributions, seed: running.seed))
    let writer = try ResultWriter(
      path: out,
      provenance: try Provenance(
        schema: DecompositionRun.schema, schemaVersion: DecompositionRun.schemaVersion,
        command: Console.commandLine, options: job.options, seed: running.seed, software: Codec.software,
        inputs: [contributions]),
      force: output.force, resume: output.resume)
    try job.write(to: writer, threads: running.threads, progress: ProgressLine.handler)
    let file = try ModesFile(reading: out)
    let summaries = try file.layers.map { try LayerSummary(file.layer($0)) }
    for summary in summaries {
      for remark in summary.remarks { Console.warn("\(summary.layer): \(remark)") }
    }
    try Console.print(summaries, json: output.json) { summaries in
      (summaries.map(\.text) + ["written to \(out)"]).joined(separator: "\n")
    }
  }
}

/// How an autoencoder is made and trained, where it differs from the recipe.
struct ModeOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("Layers (default: all in the file).", valueName: "a,b"))
  var layers: CommaList<String>?

  @Option(name: .long, help: "What is decomposed: contributions or activations.")
  var data = "contributions"

  @Flag(inversion: .prefixedNo, help: "Decompose C⁺ alone (default for pictures).")
  var positiveOnly: Bool?

  @Option(
    name: .long,
    help: """
      Training: \(TrainingRecipe.all.map(\.name).joined(separator: ", ")) (default: default, for pictures vision).
      """)
  var recipe: String?

  @Option(name: .long, help: "Modes for each feature (C⁻ or C⁺ of a channel).")
  var modesPerFeature: Int?

  @Option(name: .long, help: "A mode is on where its code reaches this, between 0 and 1.")
  var threshold: Double?

  @Option(name: .long, help: "Width of the encoder's hidden layers.")
  var hidden: Int?

  @Option(name: .long, help: "Train for this many passes over the data.")
  var epochs: Int?

  @Option(name: .long, help: "Adam's step length.")
  var learningRate: Double?

  @Option(name: .long, help: "Samples of one training step.")
  var batch: Int?

  @Option(name: .long, help: "Weight of the mean absolute dictionary entry in the loss.")
  var l1Dictionary: Double?

  @Option(name: .long, help: "Weight of the mean absolute code in the loss.")
  var l1Codes: Double?

  @Flag(name: .long, help: "Use only the positive part of the dictionary.")
  var nonnegative = false

  @Flag(name: .long, help: "Leave out the PCA, NMF and k-means dictionaries for comparison.")
  var noBaselines = false

  /// The library's options for a contributions file.
  /// - Throws: `CodecError` of kind `usage` for unknown names.
  func options(for contributions: String, seed: UInt64) throws -> DecompositionOptions {
    let data = try DecompositionOptions.Data(parsing: data)
    var options = try DecompositionOptions(defaultsFor: contributions)
    (options.layers, options.data, options.seed) = (layers?.values, data, seed)
    if let positiveOnly { options.positiveOnly = positiveOnly }
    options.includesBaselines = !noBaselines
    options.recipe = try trainingRecipe(otherwise: options.recipe)
    return options
  }

  private func trainingRecipe(otherwise other: TrainingRecipe) throws -> TrainingRecipe {
    var recipe = try recipe.map(TrainingRecipe.named) ?? other
    if let modesPerFeature { recipe.modesPerFeature = modesPerFeature }
    if let threshold { recipe.threshold = threshold }
    if let hidden { recipe.hidden = hidden }
    if let epochs { recipe.length = .epochs(count: epochs) }
    if let learningRate { recipe.learningRate = learningRate }
    if let batch { recipe.batch = batch }
    if let l1Dictionary { recipe.dictionaryPenalty = l1Dictionary }
    if let l1Codes { recipe.codePenalty = l1Codes }
    if nonnegative { recipe.nonnegative = true }
    return recipe
  }
}

/// One layer's modes in few numbers.
private struct LayerSummary: Encodable {
  let layer: String
  let alive: Int
  let dead: Int
  let meanL0: Double
  let r2: Double
  let r2HeldOut: Double
  let remarks: [String]

  init(_ layer: LayerDecomposition) {
    let modes = layer.decomposition
    self.layer = layer.layer
    (alive, dead, meanL0) = (modes.alive, modes.dead, modes.meanActive)
    (r2, r2HeldOut) = (modes.quality.r2, modes.heldOutR2)
    remarks = modes.remarks
  }

  var text: String {
    String(
      format: "%@: R² %.3f over all samples, %.3f held out; %d modes (%d never on), %.1f on per sample",
      layer,
      r2, r2HeldOut, alive, dead, meanL0)
  }
}
