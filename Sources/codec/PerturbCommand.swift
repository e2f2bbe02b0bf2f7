import ArgumentParser
import Networks
import Runtime
import Storage
import VisionAdapters

/// `codec perturb`: take out, or leave only, the channels a mode stands for.
struct PerturbCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perturb",
    abstract:
      "Ablate or preserve the channels of a class's mode, and see which classes are still recognised.",
    discussion: """
      Example: codec perturb pictures --model resnet50.safetensors --modes modes.h5,activation_modes.h5 \\
                 --select modes,activation_modes,random --layers block7,block13 --out perturb.h5
               codec perturb pictures --model resnet50.safetensors --modes modes.h5 --superclass dog --tree tree.json \\
                 --layers block12,block13,block14,block15 --together --percent 9,37 --top 5 --out dogs.h5

      Each trial takes a class and another at random. A ratio is the accuracy with channels perturbed over that \
      without; the score is (target − other) / other of the ratios' mean over percentages (area under the curve): \
      below 0 where the target suffers more.
      """)

  @Argument(help: "A folder of class folders, or a flat folder or list with labels.")
  var source: String

  @OptionGroup var model: ModelOption

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Files written by codec decompose, of contributions and of activations.", valueName: "a,b"))
  var modes: CommaList<String>?

  @Option(
    name: .long,
    help: ArgumentHelp("To choose single channels: a file of codec contributions.", valueName: "file"))
  var contributions: String?

  @Option(name: .long, help: ArgumentHelp("The result.", valueName: "file"))
  var out: String

  @Option(
    name: .long,
    help: ArgumentHelp("Layers (default: all the modes are of).", valueName: "a,b"))
  var layers: CommaList<String>?

  @Flag(name: .long, help: "Perturb the layers all at once instead of one by one.")
  var together = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How channels are chosen: \(ChannelSelection.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "a,b"))
  var select: CommaList<String>?

  @Option(name: .long, help: ArgumentHelp("Percentages of a layer's channels.", valueName: "a,b"))
  var percent: CommaList<Double> = CommaList(PerturbationOptions().percentages)

  @Option(name: .long, help: "Pairs of classes.")
  var trials = PerturbationOptions().trials

  @Option(name: .long, help: "Pictures of each class of a pair.")
  var images = PerturbationOptions().images

  @Option(name: .long, help: "Pairs of one score, of which mean and standard error are given.")
  var group = PerturbationOptions().group

  @Option(name: .long, help: "A picture is recognised where its class is among so many largest outputs.")
  var top = PerturbationOptions().top

  @Option(name: .long, help: "Which mode by correlation with the class, 1 being the best.")
  var rank = PerturbationOptions().rank

  @Option(name: .long, help: "A superclass of the tree, whose modes above 0.2 are summed.")
  var superclass: String?

  @Option(name: .long, help: ArgumentHelp("A tree of superclasses (JSON).", valueName: "file"))
  var tree: String?

  @OptionGroup(title: "Pictures") var pictures: ImageOptions
  @OptionGroup var running: RunOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let model = try model.load()
    let images = try pictures.open(source, for: model, threads: running.threads)
    let job = try PerturbationRun(
      model: model, images: images, modes: modes?.values ?? [], contributions: contributions, tree: tree,
      options: try options())
    let files = [self.model.model] + (modes?.values ?? []) + [contributions, tree].compactMap { $0 }
    let writer = try ResultWriter(
      path: out,
      provenance: try Provenance(
        schema: PerturbationRun.schema, schemaVersion: PerturbationRun.schemaVersion,
        command: Console.commandLine, options: PictureRunOptions(options: job.options, pictures: images),
        seed: running.seed, software: Codec.software,
        fingerprints: try [images.list.fingerprint()] + files.map(Provenance.Input.init(file:))),
      force: output.force, resume: output.resume)
    let summary = try job.write(to: writer, threads: running.threads, progress: ProgressLine.handler)
    try Console.print(summary, json: output.json) {
      ($0.text + ["written to \(out)"]).joined(separator: "\n")
    }
  }

  private func options() throws -> PerturbationOptions {
    var options = PerturbationOptions()
    (options.layers, options.together, options.percentages) = (layers?.values, together, percent.values)
    (options.trials, options.images, options.group) = (trials, images, group)
    (options.top, options.rank, options.superclass, options.seed) = (top, rank, superclass, running.seed)
    if let select {
      options.selections = try select.values.map { name in
        guard let selection = ChannelSelection(rawValue: name) else {
          throw CodecError.unknown("selection", name, valid: ChannelSelection.allCases.map(\.rawValue))
        }
        return selection
      }
    }
    return options
  }
}
