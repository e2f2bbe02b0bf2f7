import Foundation
import Runtime
import Storage
import Testing
import TestSupport

/// Results written by a child process that is killed, or whose disk is full.
@Suite struct InterruptedWritingTests {
  private let folder: URL
  init() throws { folder = try Fixtures.temporaryFolder() }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  private func start(_ arguments: [String]) throws -> (process: Process, errors: Pipe) {
    let process = Process()
    process.executableURL = try Fixtures.builtProgram("ResultWriterChild")
    process.arguments = arguments
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    return (process, errors)
  }

  private func expectEqual(_ path: String, _ expected: String) throws {
    let (file, other) = (try H5File(reading: path), try H5File(reading: expected))
    #expect(try file.datasets() == other.datasets())
    for dataset in try other.datasets() {
      #expect(try file.attributes(of: dataset).keys == other.attributes(of: dataset).keys)
      if try other.dataset(dataset).elementKind == .text {
        #expect(try file.dataset(dataset).texts() == other.dataset(dataset).texts())
      } else {
        #expect(try file.dataset(dataset).numbers(Double.self) == other.dataset(dataset).numbers(Double.self))
      }
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: [(1, 4000), (50, 40_000), (1000, 40_000)])
  func resultOfARunKilledAtRandomMoments_equalsThatOfOneRun(block: Int, samples: Int) throws {
    let arguments = ["\(samples)", "\(block)"]
    let whole = try start([path("whole.h5")] + arguments)
    whole.process.waitUntilExit()
    #expect(whole.process.terminationStatus == 0)

    let killed = path("killed.h5")
    var kills = 0
    while !FileManager.default.fileExists(atPath: killed) {
      let run = try start([killed] + arguments)
      // Later runs get longer, so that the end comes whatever the machine's speed.
      usleep(useconds_t.random(in: 0...20_000 + 1000 * useconds_t(kills)))
      kill(run.process.processIdentifier, SIGKILL)
      run.process.waitUntilExit()
      kills += 1
    }
    #expect(kills > 1, "the run was over before the first kill")
    try expectEqual(killed, path("whole.h5"))
  }

  @Test func fullDisk_leavesNothingUnderTheNameAndCanBeResumed() throws {
    // A whole run needs 1 MB as a log and less as HDF5; the limits hit the start, the middle and the merging.
    let whole = try start([path("whole.h5"), "20000", "100"])
    whole.process.waitUntilExit()
    for limit in [100, 10_000, 300_000, 700_000] {
      let result = path("full\(limit).h5")
      let run = try start([result, "20000", "100", "\(limit)"])
      run.process.waitUntilExit()
      #expect(run.process.terminationStatus == CodecError.Kind.fileSystem.rawValue)
      let message = String(decoding: run.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      #expect(message.contains("File too large") && message.contains(result))
      #expect(!FileManager.default.fileExists(atPath: result))
      #expect(!FileManager.default.fileExists(atPath: result + ".merging"))
      let resumed = try start([result, "20000", "100"])
      resumed.process.waitUntilExit()
      #expect(resumed.process.terminationStatus == 0)
      try expectEqual(result, path("whole.h5"))
    }
  }
}
