import ArgumentParser
import Modes
import Networks
import Runtime
import Storage
import VisionAdapters

/// `codec sweep`: decompose again and again, and see what stays.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Decompose with many hyperparameters and seeds, and compare the modes with a baseline's.",
    discussion: """
      Example: codec sweep contributions.h5 --layers block7,block13 --out sweep.h5
               codec sweep contributions.h5 --images pictures --model resnet50.safetensors --out sweep.h5

      One hyperparameter changes at a time, or with --grid all together. With pictures and a model the modes are \
      ablated as well.
      """)

  @Argument(help: "A file written by codec contributions, of labelled samples.")
  var contributions: String

  @Option(name: .long, help: ArgumentHelp("The result.", valueName: "file"))
  var out: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Layers (default: blocks 3, 7, 13 and 15 where there are such, otherwise all).", valueName: "a,b"))
  var layers: CommaList<String>?

  @Option(name: .long, help: "What is decomposed: contributions or activations.")
  var data = "contributions"

  @Option(name: .long, help: "The baseline: \(TrainingRecipe.all.map(\.name).joined(separator: ", ")).")
  var recipe = SweepOptions().base.name

  @Option(name: .long, help: ArgumentHelp("Train for this many passes over the data.", valueName: "epochs"))
  var epochs: Int?

  @Option(name: .long, help: ArgumentHelp("Weights of the mean absolute dictionary entry.", valueName: "a,b"))
  var l1Dictionary: CommaList<Double> = CommaList(SweepOptions().dictionaryPenalties)

  @Option(name: .long, help: ArgumentHelp("Thresholds.", valueName: "a,b"))
  var thresholds: CommaList<Double> = CommaList(SweepOptions().thresholds)

  @Option(name: .long, help: ArgumentHelp("Modes for each feature.", valueName: "a,b"))
  var modesPerFeature: CommaList<Int> = CommaList(SweepOptions().modesPerFeature)

  @Option(name: .long, help: ArgumentHelp("Widths of the encoder's hidden layers.", valueName: "a,b"))
  var hidden: CommaList<Int> = CommaList(SweepOptions().hidden)

  @Option(name: .long, help: "How many further seeds.")
  var seeds = SweepOptions().seeds

  @Flag(name: .long, help: "Try every combination.")
  var grid = false

  @Option(
    name: .customLong("class"), help: "Index of a class whose summed atoms are kept side by side.")
  var example: Int?

  @Option(name: .long, help: ArgumentHelp("Labelled pictures to ablate modes on.", valueName: "folder"))
  var images: String?

  @Option(name: .long, help: ArgumentHelp("The network to ablate modes in.", valueName: "file"))
  var model: String?

  @Option(name: .long, help: ArgumentHelp("Percentages of channels ablated.", valueName: "a,b"))
  var percent: CommaList<Double> = CommaList(SweepOptions().percentages)

  @Option(name: .long, help: "Pairs of classes of each ablation.")
  var trials = SweepOptions().trials

  @OptionGroup(title: "Pictures") var pictures: ImageOptions
  @OptionGroup var running: RunOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if (images == nil) != (model == nil) {
      throw ValidationError("--images and --model go together: both are needed to ablate modes")
    }
    if seeds < 0 { throw ValidationError("--seeds must be 0 or more") }
    if grid && seeds == 0 { throw ValidationError("--grid needs --seeds of at least 1") }
  }

  func run() throws {
    let network = try model.map { try ModelFile.load($0, architectures: Architectures.all) }
    let source = try network.flatMap { network in
      try images.map { try pictures.open($0, for: network, threads: running.threads) }
    }
    let job = try SweepRun(
      contributions: contributions, model: network, images: source, options: try options())
    let files = [contributions] + (model.map { [$0] } ?? [])
    let writer = try ResultWriter(
      path: out,
      provenance: try Provenance(
        schema: SweepRun.schema, schemaVersion: SweepRun.schemaVersion, command: Console.commandLine,
        options: PictureRunOptions(options: job.options, pictures: source), seed: running.seed,
        software: Codec.software,
        fingerprints: try files.map(Provenance.Input.init(file:))
          + (source.map { [try $0.list.fingerprint()] } ?? [])),
      force: output.force, resume: output.resume)
    let summary = try job.write(to: writer, threads: running.threads, progress: ProgressLine.handler)
    try Console.print(summary, json: output.json) {
      ($0.text + ["written to \(out)"]).joined(separator: "\n")
    }
  }

  private func options() throws -> SweepOptions {
    var options = SweepOptions()
    (options.layers, options.data) = (layers?.values, try DecompositionOptions.Data(parsing: data))
    options.base = try TrainingRecipe.named(recipe)
    if let epochs { options.base.length = .epochs(count: epochs) }
    (options.dictionaryPenalties, options.thresholds) = (l1Dictionary.values, thresholds.values)
    (options.modesPerFeature, options.hidden, options.seeds) = (modesPerFeature.values, hidden.values, seeds)
    (options.isGrid, options.example, options.seed) = (grid, example, running.seed)
    (options.percentages, options.trials) = (percent.values, trials)
    return options
  }
}
