import ArgumentParser
import Retina
import RetinaData
import Runtime
import Storage

/// What `codec sta` and `codec cells` are told alike.
struct CellOptions: ParsableArguments {
  @Argument(help: "The recording.")
  var source: String

  @OptionGroup var recording: RecordingOptions

  @Option(name: .long, help: ArgumentHelp("The result.", valueName: "file"))
  var out: String

  @Option(name: .long, help: "Whose movie is averaged: train or test.")
  var split = "train"

  @Option(name: .long, help: "Frames before a response that are averaged.")
  var history = 20

  @Option(name: .long, help: ArgumentHelp("Cells by id (default: all).", valueName: "a,b"))
  var cells: CommaList<Int>?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if history < 1 { throw ValidationError("--history must be at least 1") }
  }

  private struct Resolved: Encodable {
    let split: String
    let history: Int
    let cells: [Int]
    let weights: String
  }

  /// Describes the cells and opens the result.
  func describe(schema: String) throws -> (CellDescription, ResultWriter) {
    let recording = try recording.open(source)
    let description = try CellDescription(
      recording, split: split, cells: cells?.values, history: history, progress: ProgressLine.handler)
    let options = Resolved(
      split: split, history: history, cells: description.cells, weights: description.weightName)
    let writer = try ResultWriter(
      path: out,
      provenance: try Provenance(
        schema: schema, schemaVersion: CellDescription.schemaVersion, command: Console.commandLine,
        options: options, seed: nil, software: Codec.software, inputs: [source]),
      force: output.force, resume: output.resume)
    return (description, writer)
  }

  func report(_ description: CellDescription) throws {
    try Console.print(description.rows, json: output.json) {
      (CellTable.lines($0) + ["written to \(out)"]).joined(separator: "\n")
    }
  }
}
