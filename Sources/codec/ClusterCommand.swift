import ArgumentParser
import Retina
import Runtime
import Storage

/// `codec cluster`: which cells go together, and what that is worth.
struct ClusterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract:
      "Cluster the cells by modes and by their own contributions, and say what the clusters are worth.",
    discussion: """
      Example: codec cluster modes.h5 --irf irf.h5 --out clusters.h5
               codec cluster fit1/modes.h5 fit2/modes.h5 fit3/modes.h5 --out clusters.h5
               codec cluster results --out clusters.h5

      Several files are decompositions of the same contributions by other seeds, or of independently fitted \
      networks: agreement over them says how far the clusters can be trusted. A folder stands for the decompositions \
      that codec analyze wrote there, through one network or through each of several.
      """)

  @Argument(help: "Files written by codec decompose, or folders of them; the first is the one reported.")
  var modes: [String]

  @Option(name: .long, help: ArgumentHelp("The result.", valueName: "file"))
  var out: String

  @Option(name: .long, help: "Which rates are correlated with loadings: model or recorded.")
  var rates = "model"

  @Option(
    name: .long,
    help: ArgumentHelp("Receptive fields, to see whether clusters follow their places.", valueName: "file"))
  var irf: String?

  @Option(name: .long, help: "The largest number of clusters tried.")
  var maximum = 8

  @Option(name: .long, help: "Draws of the null distributions; 0 leaves them out.")
  var draws = 999

  @OptionGroup var running: RunOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if maximum < 2 { throw ValidationError("--maximum must be at least 2") }
    if draws < 0 { throw ValidationError("--draws must be 0 or more") }
    if modes.isEmpty { throw ValidationError("name at least one file written by codec decompose") }
  }

  private struct Options: Encodable {
    let rates: String
    let maximum: Int
    let draws: Int
  }

  func run() throws {
    guard let source = RateSource(rawValue: rates) else {
      throw CodecError.unknown("rates", rates, valid: RateSource.allCases.map(\.rawValue))
    }
    let modes = try modes.flatMap { Folder.exists($0) ? try ClusterFit.modesFiles(in: $0) : [$0] }
    let writer = try ResultWriter(
      path: out,
      provenance: try Provenance(
        schema: ClusterWriter.schema, schemaVersion: ClusterWriter.schemaVersion,
        command: Console.commandLine,
        options: Options(rates: rates, maximum: maximum, draws: draws), seed: running.seed,
        software: Codec.software, inputs: modes + (irf.map { [$0] } ?? [])),
      force: output.force, resume: output.resume)
    let centres = try irf.map { try ReceptiveFieldCentre.read(irf: $0) } ?? [:]
    var options = CellClustering.Options()
    (options.maximum, options.draws) = (maximum, draws)
    (options.seed, options.threads) = (running.seed, running.threads)
    let fits = try ClusterFit.read(modes, rates: source, centres: centres)
    try ClusterWriter(ClusterReport(fits, options: options), to: writer).write()
    let summary = try ClusterFile(reading: out).summary()
    try Console.print(summary, json: output.json) {
      ($0.lines + ["", $0.conclusion, "written to \(out)"]).joined(separator: "\n")
    }
  }
}
