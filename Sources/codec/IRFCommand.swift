import ArgumentParser
import Retina
import RetinaData
import Runtime
import Storage

/// `codec irf`: each cell's receptive field at a moment.
struct IRFCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "irf",
    abstract: "Compute instantaneous receptive fields: what each cell responds to at a given frame.",
    discussion: """
      Example: codec irf recording.h5 --model model.safetensors --out irf.h5 --at 120,480 --cells 0,3 --fields

      A field is the derivative of a cell's predicted rate by the normalised stimulus before that frame. Its space \
      and time components (rank one) are always kept, the fields themselves with --fields.
      """)

  @Argument(help: "The recording.")
  var source: String

  @OptionGroup var model: ModelOption
  @OptionGroup var recording: RecordingOptions

  @Option(name: .long, help: ArgumentHelp("The result.", valueName: "file"))
  var out: String

  @Option(name: .long, help: "Which movie: test or train.")
  var split = "test"

  @Option(name: .long, help: ArgumentHelp("Cells by id (default: all).", valueName: "a,b"))
  var cells: CommaList<Int>?

  @Option(name: .long, help: ArgumentHelp("Frames of the split.", valueName: "a,b-c"))
  var at: CommaList<FrameRange>?

  @Flag(name: .long, help: "Every frame that has a whole history before it.")
  var all = false

  @Flag(name: .long, help: "Keep the fields themselves, [frame, cell, lag, y, x].")
  var fields = false

  @OptionGroup var running: ThreadOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if (at != nil) == all { throw ValidationError("give frames with --at, or --all") }
  }

  private struct Options: Encodable {
    let split: String
    let frames: [String]
    let cells: [Int]
    let fields: Bool
  }

  private struct Summary: Encodable {
    let frames: Int
    let cells: [Int]
    let fields: Bool
  }

  func run() throws {
    let model = try model.load()
    let recorded = try RecordedInput(try recording.open(source), split: split, model: model)
    let receptiveFields = try InstantaneousReceptiveFields(
      model: model, windows: recorded.series, cells: cells?.values, threads: running.threads)
    let frames = at?.values.flatMap { Array($0.range) } ?? receptiveFields.allFrames
    let options = Options(
      split: split, frames: at?.values.map(\.description) ?? ["all"], cells: receptiveFields.cells,
      fields: fields)
    let writer = try ResultWriter(
      path: out,
      provenance: try Provenance(
        schema: ReceptiveFieldRun.schema, schemaVersion: ReceptiveFieldRun.schemaVersion,
        command: Console.commandLine, options: options, seed: nil, software: Codec.software,
        inputs: [source, self.model.model]),
      force: output.force, resume: output.resume)
    try ReceptiveFieldRun(receptiveFields, frames: frames, includesFields: fields)
      .write(to: writer, progress: ProgressLine.handler)
    let summary = Summary(frames: frames.count, cells: receptiveFields.cells, fields: fields)
    try Console.print(summary, json: output.json) {
      "receptive fields of \($0.cells.count) cells at \($0.frames) frames written to \(out)"
    }
  }
}
