import Foundation
import Numerics
import RetinaData
import Storage
import TestSupport
import Testing

/// `codec fit` on a small recording: values by seed, resuming after a kill, rates in Hz, and refusals.
@Suite(.serialized) struct FitCommandTests {
  private let program: Program
  private let words = [
    "fit", "recording.h5", "--history", "8", "--channels", "3,4",
  ]

  init() throws {
    program = try Program()
    try SmallRecording.writeTrainable(to: program.path("recording.h5"))
  }

  private func fit(_ more: String...) throws -> Program.Outcome { try program.start(words + more).finish() }

  private func bytes(_ name: String) throws -> [String: [Float]] {
    let file = try Safetensors(reading: program.path(name))
    return try Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.tensor($0).elements) })
  }

  /// With the movie in memory, and in portions.
  @Test(arguments: ["768", "0"])
  func seedsAndResumingGiveTheSameWeights(_ memory: String) throws {
    func fit(_ more: String...) throws -> Program.Outcome {
      try program.start(words + ["--memory", memory] + more).finish()
    }
    let whole = try fit("--out", "whole.safetensors", "--epochs", "6", "--threads", "1", "--json")
    #expect(whole.status == 0, "\(whole.errors)")
    let running = try program.start(
      words + ["--memory", memory, "--out", "m.safetensors", "--epochs", "6"])
    let partial = program.path("m.safetensors.partial")
    while running.process.isRunning && !FileManager.default.fileExists(atPath: partial) { usleep(1000) }
    kill(running.process.processIdentifier, SIGKILL)
    _ = running.finish()
    #expect(try fit("--out", "m.safetensors", "--epochs", "6").status == 74)
    let other = try fit("--out", "m.safetensors", "--epochs", "7", "--resume")
    #expect(other.status == 64 && other.errors.contains("option epochs was 6, now 7"), "\(other.errors)")
    #expect(try fit("--out", "m.safetensors", "--epochs", "6", "--resume").status == 0)
    #expect(!program.exists("m.safetensors.partial"))
    #expect(try bytes("m.safetensors") == bytes("whole.safetensors"))
    #expect(try sameDatasets(program.path("m.history.h5"), program.path("whole.history.h5")))
    #expect(try fit("--out", "n.safetensors", "--epochs", "6", "--seed", "1").status == 0)
    #expect(try bytes("n.safetensors") != bytes("whole.safetensors"))
    // Portions are other batches.
    #expect(try self.fit("--out", "p.safetensors", "--epochs", "6").status == 0)
    #expect(try (bytes("p.safetensors") == bytes("whole.safetensors")) == (memory != "0"))
  }

  @Test func ratesAreInHzAndTheModelIsRead() throws {
    #expect(try fit("--out", "m.safetensors", "--epochs", "4").status == 0)
    let seen = try program.run(
      "contributions", "recording.h5", "--model", "m.safetensors", "--split", "train", "--out", "c.h5",
      "--steps", "2")
    #expect(seen.status == 0, "\(seen.errors)")
    let file = try H5File(reading: program.path("c.h5"))
    let (output, recorded) = (
      try file.dataset("/output").tensor(), try file.dataset("/recorded_rate").tensor()
    )
    for cell in 0..<3 {
      let means = [output, recorded].map { rates in
        Statistics.mean((0..<rates.rows).map { Double(rates.elements[$0 * 3 + cell]) })
      }
      #expect(abs(means[0] / means[1] - 1) < 0.02, "cell \(cell): \(means)")
    }
  }

  @Test func impossibleOptionsAreRefused() throws {
    for (option, value, message) in [
      ("--batch", "20", "a multiple of 16"), ("--kernels", "13x13,3x3", "smaller --kernels"),
      ("--norm", "layer", "unit, channel"), ("--held-out", "0.9", "up to 0.5"),
    ] {
      let refused = try fit(option, value, "--out", "x.safetensors")
      #expect(refused.status == 64 && refused.errors.contains(message), "\(refused.errors)")
      #expect(!program.exists("x.safetensors") && !program.exists("x.safetensors.partial"))
    }
  }
}
