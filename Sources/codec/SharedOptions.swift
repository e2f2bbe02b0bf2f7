import ArgumentParser
import Foundation
import Runtime

/// What to do with an output that is already there.
struct OutputOptions: ParsableArguments {
  @Flag(name: .long, help: "Overwrite an existing output.")
  var force = false

  @Flag(name: .long, help: "Go on with an interrupted run.")
  var resume = false

  @Flag(name: .long, help: "Print the summary as JSON on standard output.")
  var json = false

  func validate() throws {
    if force && resume { throw ValidationError("--force starts anew and --resume goes on: give one of them") }
  }
}

/// How to run what draws random numbers.
struct RunOptions: ParsableArguments {
  @Option(name: .long, help: "Seed of everything random; the same seed gives the same result bit for bit.")
  var seed: UInt64 = 0

  @OptionGroup var workers: ThreadOptions

  /// Number of worker threads.
  var threads: Int { workers.threads }
}

/// How many threads work.
struct ThreadOptions: ParsableArguments {
  @Option(name: .long, help: "Number of worker threads (default: one per processor).")
  var threads: Int = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    // Far beyond the processors threads only wait for each other, and the system runs out of them.
    if !(1...256).contains(threads) { throw ValidationError("--threads must be from 1 to 256") }
  }
}

/// A comma-separated list: `conv1,conv2` or `0,3`.
struct CommaList<Element: LosslessStringConvertible & Sendable>: ExpressibleByArgument, Sendable {
  let values: [Element]

  init(_ values: [Element]) { self.values = values }

  init?(argument: String) {
    let parts = argument.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    let parsed = parts.compactMap { Element($0) }
    guard !parts.isEmpty, parsed.count == parts.count else { return nil }
    values = parsed
  }

  var defaultValueDescription: String { values.map(\.description).joined(separator: ",") }
}
