import ArgumentParser
import Foundation
import Runtime

/// The command line: `codec SUBCOMMAND …`.
@main struct Codec: ParsableCommand {
  static let version = "0.1.0"

  /// What result files say of the program that made them.
  static let software = "codec \(version)"

  static let configuration = CommandConfiguration(
    commandName: "codec",
    abstract: "What each hidden unit of a network contributes, and the modes in which units act together.",
    discussion: """
      Start with `codec demo`: it runs the whole retina analysis on a bundled recording. With data of your own:

        codec analyze recording.h5 --model model.safetensors --out results

      Exit codes: 0 done, 64 usage, 65 data, 70 a bug of ours, 74 file system, 130 interrupted.
      """,
    version: version,
    subcommands: [
      DemoCommand.self, AnalyzeCommand.self, ContributionsCommand.self, DecomposeCommand.self,
      ClusterCommand.self,
      IRFCommand.self, ReportCommand.self, SimulateCommand.self, SyncCommand.self, SpikesCommand.self,
      STACommand.self, CellsCommand.self, InspectCommand.self, ImportCommand.self,
      StatisticsCommand.self, ClassesCommand.self, PerturbCommand.self, MapsCommand.self, SweepCommand.self,
    ])

  /// Parses, runs, and turns every error into one line and the exit code of its kind.
  static func main() {
    Console.start()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as CodecError {
      Console.fail(error)
    } catch let error as CocoaError {
      Console.fail(CodecError(.fileSystem, error.localizedDescription))
    } catch {
      exit(withError: error)
    }
  }
}
