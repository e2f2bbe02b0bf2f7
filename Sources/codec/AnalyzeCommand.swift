import ArgumentParser
import Figures
import Foundation
import Retina
import RetinaData
import Runtime

/// `codec analyze`: the whole analysis of a recording through its network.
struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract:
      "Analyse a recording through its network: contributions, modes, clusters, receptive fields, summary.",
    discussion: """
      Example: codec analyze recording.h5 --model model.safetensors --out results
               codec analyze recording.h5 --model fits --out results

      Through a folder of networks, such as codec fit --fits 3 makes, the analysis is made once for each, in a folder of \
      its own; what holds over all of them, how many types the fits agree on among it, is in results/agreement.h5 and \
      the summary.
      """)

  @Argument(help: "The recording.")
  var source: String

  @OptionGroup var model: ModelOption
  @OptionGroup var recording: RecordingOptions

  @Option(
    name: .long,
    help: ArgumentHelp("The folder of the results; made where it is missing.", valueName: "folder"))
  var out: String

  @Option(name: .long, help: "Which movie: test or train.")
  var split = "test"

  @Option(name: .long, help: "Which rates are correlated with loadings: model or recorded.")
  var rates = "model"

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Frames whose receptive fields are kept (default: examples of modes).", valueName: "a,b"))
  var at: CommaList<FrameRange>?

  @OptionGroup(title: "Contributions") var method: MethodOptions
  @OptionGroup var running: RunOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    guard let rates = RateSource(rawValue: rates) else {
      throw CodecError.unknown("rates", rates, valid: RateSource.allCases.map(\.rawValue))
    }
    var options = RetinaAnalysis.Options()
    let defaults = options.contributions
    options.contributions = try method.options(seed: running.seed, threads: running.threads)
    if method.layers == nil { options.contributions.layers = defaults.layers }
    if method.perCell == nil { options.contributions.perCellFrames = defaults.perCellFrames }
    (options.split, options.rates, options.seed) = (split, rates, running.seed)
    options.receptiveFieldFrames = at?.values.flatMap { Array($0.range) }
    try Analysis(
      recording: source, model: model, reading: recording, folder: out, options: options,
      threads: running.threads,
      output: output
    ).run()
  }
}

/// What `analyze` and `demo` have in common.
struct Analysis {
  let recording: String
  let model: ModelOption
  let reading: RecordingOptions
  let folder: String
  var options: RetinaAnalysis.Options
  let threads: Int
  let output: OutputOptions

  func run() throws {
    var options = options
    (options.threads, options.force, options.resume) = (threads, output.force, output.resume)
    let source = RetinaAnalysis.Source(
      recording: recording, model: model.model, command: Console.commandLine, software: Codec.software)
    if Folder.exists(model.model) { return try run(FitFolder(model.model), source, options) }
    let model = try model.load()
    let recording = try reading.open(recording)
    try Folder.create(folder)
    let analysis = try RetinaAnalysis(
      recording: recording, model: model, folder: folder, source: source, options: options)
    let summary = try analysis.run(progress: ProgressLine.handler)
    let report = try Report(folder: folder).write(figures: .wherePossible, progress: ProgressLine.handler)
    if let remark = report.remark { Console.warn(remark) }
    try Console.print(summary, json: output.json) { "\($0.text)\nAll in \(folder); open \(report.page)" }
  }

  /// The analysis through each network of a folder.
  private func run(
    _ fits: FitFolder, _ source: RetinaAnalysis.Source, _ options: RetinaAnalysis.Options
  ) throws {
    let recording = try reading.open(recording)
    try Folder.create(folder)
    let analysis = try FitsAnalysis(
      recording: recording, fits: fits, architectures: Architectures.all, folder: folder, source: source,
      options: options)
    let summary = try analysis.run(progress: ProgressLine.handler) { part in
      let report = try Report(folder: part).write(figures: .wherePossible, progress: ProgressLine.handler)
      if let remark = report.remark { Console.warn(remark) }
    }
    let page = try FitsIndex(folder: folder).write(figures: .wherePossible).page
    try Console.print(summary, json: output.json) { "\($0.text)\nAll in \(folder); open \(page)" }
  }
}
