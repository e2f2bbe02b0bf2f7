import Foundation
import TestSupport

/// Runs the built `codec` as a user's shell would.
struct Program {
  /// What a finished run left behind.
  struct Outcome {
    let status: Int32
    /// Whether a signal ended it.
    let isCrash: Bool
    let output: String
    let errors: String
  }

  /// The folder the command runs in.
  let folder: URL

  init() throws { folder = try Fixtures.temporaryFolder() }

  /// Runs `codec` with these arguments to its end.
  /// - Parameters:
  ///   - environment: added to this process's own.
  func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
    let process = try start(arguments, environment: environment)
    return process.finish()
  }

  /// Starts `codec` without waiting for it.
  func start(_ arguments: [String], environment: [String: String] = [:]) throws -> RunningProgram {
    try RunningProgram(
      Fixtures.builtProgram("codec"), arguments, in: folder, environment: environment)
  }

  /// Runs `codec` where no file may grow beyond `kilobytes`, as on a disk that fills up.
  func run(fileLimit kilobytes: Int, _ arguments: [String]) throws -> Outcome {
    // The shell counts in blocks of 1024 bytes; a file over the limit fails to grow as on a full disk.
    let script = "ulimit -f \(kilobytes); exec \"$0\" \"$@\""
    let words = ["-c", script, try Fixtures.builtProgram("codec").path] + arguments
    return try RunningProgram(URL(filePath: "/bin/bash"), words, in: folder, environment: [:]).finish()
  }

  /// The path of a file in the run's folder.
  func path(_ name: String) -> String { folder.appending(path: name).path }

  /// Whether a file or folder is there.
  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
}

/// A `codec` that is running; its output goes to files, so that no pipe can fill up.
final class RunningProgram {
  let process = Process()
  private let output: URL
  private let errors: URL

  init(_ executable: URL, _ arguments: [String], in folder: URL, environment: [String: String]) throws {
    let name = UUID().uuidString
    output = folder.appending(path: ".\(name).out")
    errors = folder.appending(path: ".\(name).err")
    for file in [output, errors] { try Data().write(to: file) }
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
  }

  /// Waits for the end.
  func finish() -> Program.Outcome {
    process.waitUntilExit()
    let text = { (file: URL) in (try? String(contentsOf: file, encoding: .utf8)) ?? "" }
    return Program.Outcome(
      status: process.terminationStatus, isCrash: process.terminationReason == .uncaughtSignal,
      output: text(output), errors: text(errors))
  }
}
