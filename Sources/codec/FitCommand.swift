import ArgumentParser
import Foundation
import Networks
import Retina
import RetinaData
import Runtime
import Storage

/// `codec fit`: trains the retina network on a recording.
struct FitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Fit the three-layer retina network to a recording's training movie.",
    discussion: """
      Example: codec fit recording.h5 --out model.safetensors
               codec fit recording.h5 --fits 3 --out fits

      Training stops when blocks held out from it are no longer predicted better, and the best weights are kept. Rates are in \
      Hz. The training history is written beside the model, as model.history.h5.

      With --fits, independent networks (each with its own seed and its own held-out blocks) go into one folder, as \
      fit-1.safetensors and so on. codec analyze takes the folder and says what holds over all of them.
      """)

  @Argument(help: "The recording.")
  var source: String

  @Option(
    name: .long,
    help: ArgumentHelp("The model (safetensors); with --fits the folder of models.", valueName: "file"))
  var out: String

  @Option(name: .long, help: "Fit so many independent networks into one folder.")
  var fits: Int?

  @OptionGroup var recording: RecordingOptions
  @OptionGroup(title: "Training") var training: TrainingOptions
  @OptionGroup var running: RunOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let fits, fits < 1 { throw ValidationError("--fits must be at least 1") }
  }

  func run() throws {
    if let fits { return try run(fits: fits) }
    if Folder.exists(out) {
      throw CodecError(
        .fileSystem, "a folder is there", at: out,
        remedy: "name a file, such as \(out)/model.safetensors, or give --fits")
    }
    let fit = try RetinaFit(
      try recording.open(source), options: try training.options(), seed: running.seed,
      threads: running.threads)
    let provenance = try Provenance(
      schema: RetinaFit.historySchema, schemaVersion: RetinaFit.historySchemaVersion,
      command: Console.commandLine, options: fit.options, seed: running.seed, software: Codec.software,
      inputs: [source])
    let summary = try fit.write(
      to: out, provenance: provenance, force: output.force, resume: output.resume,
      progress: ProgressLine.handler)
    try Console.print(summary, json: output.json) { "\($0.text)\nwritten to \(out)" }
  }

  private func run(fits: Int) throws {
    let series = try FitSeries(folder: out, count: fits, seed: running.seed)
    let recording = try recording.open(source)
    try Folder.create(out)
    let summary = try series.run(
      recording, options: training.options(), threads: running.threads,
      source: FitSeries.Source(
        command: Console.commandLine, software: Codec.software, inputs: [Provenance.Input(file: source)]),
      force: output.force, resume: output.resume, progress: ProgressLine.handler)
    try Console.print(summary, json: output.json) {
      "\($0.text)\nwritten to \(out); codec analyze takes the folder as its --model"
    }
  }
}

/// How a network is trained, where it differs from the defaults.
struct TrainingOptions: ParsableArguments {
  @Option(name: .long, help: "Frames a response is predicted from (default: 0.4 s of them).")
  var history: Int?

  @Option(name: .long, help: ArgumentHelp("Channels of both layers.", valueName: "a,b"))
  var channels: CommaList<Int>?

  @Option(
    name: .long,
    help: ArgumentHelp("Kernels of both layers, HxW (default: fitting the frame).", valueName: "a,b"))
  var kernels: CommaList<String>?

  @Option(name: .long, help: "Batch norm of each unit or each channel.")
  var norm: String?

  @Option(name: .long, help: "The output nonlinearity: softplus or exponential.")
  var nonlinearity: String?

  @Option(name: .long, help: "The loss: poisson or squared.")
  var loss: String?

  @Option(name: .long, help: "Weight of the sum of squared weights in the loss.")
  var l2: Double?

  @Option(name: .long, help: "Weight of each hidden layer's mean activity in the loss.")
  var l1Activity: Double?

  @Option(name: .long, help: "Standard deviation of noise added to normalised hidden units in training.")
  var noise: Double?

  @Option(name: .long, help: "Windows of one step, a multiple of 16.")
  var batch: Int?

  @Option(name: .long, help: "Adam's step length at the start.")
  var learningRate: Double?

  @Option(name: .long, help: "The most passes over the training movie.")
  var epochs: Int?

  @Option(name: .long, help: "Halve the step length after so many epochs without improvement.")
  var halveAfter: Int?

  @Option(name: .long, help: "Stop after so many epochs without improvement.")
  var patience: Int?

  @Option(name: .long, help: "Share of the training movie held out, in contiguous blocks.")
  var heldOut: Double?

  @Option(
    name: .long,
    help: "Share that the running average of weights keeps at each step; 0 keeps the last weights.")
  var averaging: Double?

  @Option(name: .long, help: "Megabytes that the movie may take; a longer one is read in portions.")
  var memory: Int?

  /// The library's options.
  /// - Throws: `CodecError` of kind `usage` for unknown names.
  func options() throws -> FitOptions {
    var options = FitOptions()
    if let history { options.history = history }
    if let channels { options.channels = channels.values }
    if let kernels { options.kernels = try kernels.values.map(Self.kernel) }
    options.norm = try Self.choice("norm", norm) ?? options.norm
    options.output = try Self.choice("nonlinearity", nonlinearity) ?? options.output
    options.loss = try Self.choice("loss", loss) ?? options.loss
    if let l2 { options.penalties.weights = l2 }
    if let l1Activity { options.penalties.activity = l1Activity }
    if let noise { options.penalties.noise = noise }
    if let batch { options.batch = batch }
    if let learningRate { options.learningRate = learningRate }
    if let epochs { options.epochs = epochs }
    if let halveAfter { options.halveAfter = halveAfter }
    if let patience { options.patience = patience }
    if let heldOut { options.heldOut = heldOut }
    if let averaging { options.averaging = averaging }
    if let memory { options.memory = memory }
    return options
  }

  private static func kernel(_ text: String) throws -> [Int] {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    let size = parts.compactMap { Int($0) }
    guard parts.count == 2, size.count == 2, size.allSatisfy({ $0 > 0 }) else {
      throw CodecError(
        .usage, "a kernel of \(text)", remedy: "give height x width of both layers, such as 15x15,11x11")
    }
    return size
  }

  private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ noun: String, _ text: String?
  ) throws -> Choice? {
    guard let text else { return nil }
    guard let choice = Choice(rawValue: text) else {
      throw CodecError.unknown(noun, text, valid: Choice.allCases.map(\.rawValue))
    }
    return choice
  }
}
