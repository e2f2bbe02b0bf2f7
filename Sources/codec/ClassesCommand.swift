import ArgumentParser
import Modes
import Runtime
import Storage
import VisionAdapters

/// `codec classes`: which modes and channels go with which classes.
struct ClassesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classes",
    abstract: "Correlate modes, and single channels, with classes and superclasses.",
    discussion: """
      Example: codec classes modes.h5 activation_modes.h5 --contributions contributions.h5 \\
                 --tree tree.json --out classes.h5
      """)

  @Argument(help: "Files written by codec decompose: of contributions, of activations, or both.")
  var modes: [String]

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What the modes were decomposed from, for single channels and class averages.", valueName: "file"))
  var contributions: String?

  @Option(name: .long, help: ArgumentHelp("A tree of superclasses (JSON).", valueName: "file"))
  var tree: String?

  @Option(name: .long, help: ArgumentHelp("The result.", valueName: "file"))
  var out: String

  @Option(name: .long, help: ArgumentHelp("Layers (default: all in the file).", valueName: "a,b"))
  var layers: CommaList<String>?

  @Option(name: .long, help: "Only modes of contributions, or of activations (default: all that are there).")
  var data: String?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if modes.isEmpty { throw ValidationError("name at least one file written by codec decompose") }
  }

  func run() throws {
    let data = try data.map { try DecompositionOptions.Data(parsing: $0) }
    let job = try ClassRun(
      modes: modes, contributions: contributions, tree: tree,
      options: .init(layers: layers?.values, data: data))
    let writer = try ResultWriter(
      path: out,
      provenance: try Provenance(
        schema: ClassRun.schema, schemaVersion: ClassRun.schemaVersion, command: Console.commandLine,
        options: job.options, seed: nil, software: Codec.software,
        inputs: modes + [contributions, tree].compactMap { $0 }),
      force: output.force, resume: output.resume)
    let summary = try job.write(to: writer, progress: ProgressLine.handler)
    try Console.print(summary, json: output.json) {
      ($0.lines + ["written to \(out)"]).joined(separator: "\n")
    }
  }
}

extension DecompositionOptions.Data {
  /// - Throws: `CodecError` of kind `usage` listing the names.
  init(parsing text: String) throws {
    guard let data = Self(rawValue: text) else {
      throw CodecError.unknown("data", text, valid: Self.allCases.map(\.rawValue))
    }
    self = data
  }
}
