import Foundation
import RetinaData
import Storage
import Testing

/// Whether two result files hold the same numbers, bit for bit.
func sameDatasets(_ first: String, _ second: String) throws -> Bool {
  let (first, second) = (try H5File(reading: first), try H5File(reading: second))
  let paths = try first.datasets()
  guard try second.datasets() == paths else { return false }
  return try paths.allSatisfy { path in
    let (left, right) = (try first.dataset(path), try second.dataset(path))
    guard left.shape == right.shape else { return false }
    if left.elementKind == .text { return try left.texts() == right.texts() }
    // Bits, so that NaN equals NaN.
    return try left.numbers(Double.self).map(\.bitPattern) == right.numbers(Double.self).map(\.bitPattern)
  }
}

/// Runs that are stopped: what they leave can be resumed, and gives the values of a run that was not.
@Suite(.serialized) struct InterruptionTests {
  private let program: Program
  private let sources: [String]

  init() throws {
    program = try Program()
    sources = [try BundledSample.recording(), "--model", try BundledSample.model()]
  }

  /// Stops a run by a signal as soon as its unfinished file has grown, and returns how it ended.
  private func stop(_ words: [String], output: String, by signal: Int32, atBytes least: Int) throws
    -> Program.Outcome
  {
    let running = try program.start(words)
    let partial = program.path(output + ".partial")
    func size() -> Int {
      var status = stat()
      return stat(partial, &status) == 0 ? Int(status.st_size) : 0
    }
    while running.process.isRunning && size() < least { usleep(2000) }
    kill(running.process.processIdentifier, signal)
    return running.finish()
  }

  @Test func contributions_resumeAfterCtrlCAndKill() throws {
    let words =
      ["contributions"] + sources + ["--split", "train", "--steps", "10", "--layers", "conv1,conv2"]
    #expect(try program.start(words + ["--out", "whole.h5"]).finish().status == 0)
    let interrupted = try stop(words + ["--out", "c.h5"], output: "c.h5", by: SIGINT, atBytes: 100_000)
    #expect(interrupted.status == 130)
    #expect(interrupted.errors.contains("--resume"))
    #expect(program.exists("c.h5.partial") && !program.exists("c.h5"))
    let refused = try program.start(words + ["--out", "c.h5"]).finish()
    #expect(refused.status == 74)
    #expect(refused.errors.contains("--resume"))
    let unfinished = try program.run("inspect", "c.h5.partial")
    #expect(unfinished.status == 0 && unfinished.output.contains("unfinished"), "\(unfinished.errors)")
    let other = try program.start(words + ["--out", "c.h5", "--resume", "--steps", "11"]).finish()
    #expect(other.status == 64)
    #expect(other.errors.contains("option steps was 10, now 11"))
    for bytes in [400_000, 700_000] {
      let killed = try stop(
        words + ["--out", "c.h5", "--resume"], output: "c.h5", by: SIGKILL, atBytes: bytes)
      #expect(killed.isCrash && !program.exists("c.h5"))
    }
    // Another number of threads changes nothing.
    #expect(try program.start(words + ["--out", "c.h5", "--resume", "--threads", "1"]).finish().status == 0)
    #expect(!program.exists("c.h5.partial"))
    #expect(try sameDatasets(program.path("c.h5"), program.path("whole.h5")))
  }

  @Test func modesAndReceptiveFields_resumeAfterKill() throws {
    #expect(
      try program.start(["contributions"] + sources + ["--out", "c.h5", "--steps", "5"]).finish().status == 0)
    let decompose = ["decompose", "c.h5", "--no-baselines", "--epochs", "400", "--threads", "1"]
    #expect(try program.start(decompose + ["--out", "whole.h5"]).finish().status == 0)
    _ = try stop(decompose + ["--out", "m.h5"], output: "m.h5", by: SIGKILL, atBytes: 300_000)
    #expect(!program.exists("m.h5"))
    #expect(try program.start(decompose + ["--out", "m.h5", "--resume"]).finish().status == 0)
    #expect(try sameDatasets(program.path("m.h5"), program.path("whole.h5")))

    let fields = ["irf"] + sources + ["--split", "train", "--all", "--cells", "2,5"]
    #expect(try program.start(fields + ["--out", "whole-irf.h5"]).finish().status == 0)
    let stopped = try stop(fields + ["--out", "i.h5"], output: "i.h5", by: SIGINT, atBytes: 500_000)
    #expect(stopped.status == 130 && !program.exists("i.h5"))
    #expect(try program.start(fields + ["--out", "i.h5", "--resume"]).finish().status == 0)
    #expect(try sameDatasets(program.path("i.h5"), program.path("whole-irf.h5")))
  }

  @Test func analyses_resumeAfterKill() throws {
    let words = ["analyze"] + sources + ["--steps", "5"]
    #expect(try program.start(words + ["--out", "whole"]).finish().status == 0)
    for output in ["results/contributions.h5", "results/modes.h5", "results/irf.h5"] {
      _ = try stop(
        words + ["--out", "results", "--resume"], output: output, by: SIGKILL, atBytes: 1)
    }
    let last = try program.start(words + ["--out", "results", "--resume"]).finish()
    #expect(last.status == 0, "\(last.errors)")
    for name in ["contributions.h5", "modes.h5", "clusters.h5", "irf.h5"] {
      #expect(try sameDatasets(program.path("results/\(name)"), program.path("whole/\(name)")), "\(name)")
    }
    let summaries = try ["results", "whole"].map {
      try String(contentsOfFile: program.path("\($0)/summary.json"), encoding: .utf8)
    }
    #expect(summaries[0] == summaries[1])
  }

  @Test func importOfAMovie_saysThatItWasStopped() throws {
    let movie = Process()
    movie.executableURL = URL(filePath: "/usr/bin/env")
    movie.arguments = [
      "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=100:duration=30", "-c:v",
      "ffv1", program.path("movie.mkv"),
    ]
    try movie.run()
    movie.waitUntilExit()
    let spikes = (0..<290).map { "0,\(Double($0) / 10)\n" }.joined()
    try spikes.write(toFile: program.path("spikes.csv"), atomically: true, encoding: .utf8)
    let running = try program.start([
      "import", "--movie", "movie.mkv", "--spikes", "spikes.csv", "--out", "recording.h5",
    ])
    let importer = running.process.processIdentifier
    var decoder: Int32?
    while running.process.isRunning, decoder == nil || !program.exists("recording.h5.partial") {
      decoder = children(of: importer).first
    }
    // As a terminal's Ctrl-C: both are told, the decoder is the first to end.
    kill(importer, SIGSTOP)
    kill(try #require(decoder), SIGINT)
    usleep(200_000)
    kill(importer, SIGINT)
    kill(importer, SIGCONT)
    let outcome = running.finish()
    #expect(outcome.status == 130 && outcome.errors.contains("stopped before the end"), "\(outcome.errors)")
    #expect(!program.exists("recording.h5"))
  }

  private func children(of process: Int32) -> [Int32] {
    let tasks = "/proc/\(process)/task"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
    return names.flatMap { name in
      let list = try? String(contentsOfFile: "\(tasks)/\(name)/children", encoding: .utf8)
      return (list ?? "").split(separator: " ").compactMap { Int32($0) }
    }
  }
}
