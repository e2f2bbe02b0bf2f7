import ArgumentParser
import Retina
import RetinaData
import Runtime

/// `codec demo`: the whole analysis on the bundled recording.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract:
      "Run the whole analysis on the bundled recording: nine simulated ganglion cells of three types.",
    discussion: """
      Example: codec demo --out codec-demo
      """)

  @Option(name: .long, help: ArgumentHelp("The folder of the results; replaced.", valueName: "folder"))
  var out = "codec-demo"

  @OptionGroup var running: RunOptions

  @Flag(name: .long, help: "Print the summary as JSON on standard output.")
  var json = false

  func run() throws {
    var options = RetinaAnalysis.Options()
    options.seed = running.seed
    var output = OutputOptions()
    (output.force, output.resume, output.json) = (true, false, json)
    var model = ModelOption()
    model.model = try BundledSample.model()
    var reading = RecordingOptions()
    (reading.rate, reading.frameRate) = (nil, nil)
    try Analysis(
      recording: try BundledSample.recording(), model: model, reading: reading, folder: out, options: options,
      threads: running.threads, output: output
    ).run()
  }
}
