import Foundation
import RetinaData
import Storage
import Testing

/// A seed decides everything random; programs read what people read.
@Suite struct ReproducibilityTests {
  private let program: Program

  init() throws {
    program = try Program()
    try SmallRecording(frames: 160).write(to: program.path("recording.h5"))
    try SmallModel().write(to: program.path("model.safetensors"))
  }

  private func analyze(_ folder: String, _ more: String...) throws -> Program.Outcome {
    let words = ["analyze", "recording.h5", "--model", "model.safetensors", "--steps", "4", "--out", folder]
    return try program.start(words + more).finish()
  }

  @Test func sameSeed_sameBits_onAnyNumberOfThreads() throws {
    #expect(try analyze("a", "--seed", "5").status == 0)
    #expect(try analyze("b", "--seed", "5", "--threads", "1").status == 0)
    #expect(try analyze("c", "--seed", "6").status == 0)
    for name in ["contributions.h5", "modes.h5", "clusters.h5", "irf.h5"] {
      #expect(try sameDatasets(program.path("a/\(name)"), program.path("b/\(name)")), "\(name)")
    }
    #expect(try sameDatasets(program.path("a/contributions.h5"), program.path("c/contributions.h5")))
    #expect(try !sameDatasets(program.path("a/modes.h5"), program.path("c/modes.h5")))
  }

  @Test func simulations_reproduce() throws {
    let words = ["simulate", "--cells", "3", "--training-frames", "80", "--test-frames", "60", "--seed", "4"]
    for folder in ["one", "two"] {
      #expect(try program.start(words + ["--out", folder]).finish().status == 0)
    }
    #expect(try sameDatasets(program.path("one/recording.h5"), program.path("two/recording.h5")))
    #expect(
      try Data(contentsOf: URL(filePath: program.path("one/model.safetensors")))
        == Data(contentsOf: URL(filePath: program.path("two/model.safetensors"))))
  }

  @Test func everySummary_isJSONOnRequest() throws {
    #expect(try analyze("results").status == 0)
    let commands = [
      ["contributions", "recording.h5", "--model", "model.safetensors", "--steps", "2", "--out", "c.h5"],
      ["decompose", "results/contributions.h5", "--out", "m.h5", "--no-baselines"],
      ["cluster", "results/modes.h5", "--irf", "results/irf.h5", "--draws", "19", "--out", "k.h5"],
      [
        "irf", "recording.h5", "--model", "model.safetensors", "--at", "40,50-52", "--fields", "--out",
        "i.h5",
      ],
      ["inspect", "recording.h5"], ["inspect", "model.safetensors"], ["inspect", "results/contributions.h5"],
      ["inspect", "results/modes.h5"], ["inspect", "results/clusters.h5"], ["inspect", "i.h5"],
    ]
    for words in commands {
      let outcome = try program.start(words + ["--json"]).finish()
      #expect(outcome.status == 0, "\(words) \(outcome.errors)")
      #expect(throws: Never.self, "\(words)") {
        try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
      }
    }
    let fields = try H5File(reading: program.path("i.h5"))
    #expect(try fields.dataset("/irf").shape == [4, 9, 20, 24, 24])
    #expect(try fields.dataset("/frame").numbers(Int.self) == [40, 50, 51, 52])
  }

  @Test(arguments: ["demo", "analyze", "contributions", "decompose", "cluster", "irf", "simulate", "inspect"])
  func everyCommand_hasAnExample(command: String) throws {
    let help = try program.run(command, "--help")
    #expect(help.status == 0)
    #expect(help.output.contains("Example: codec \(command)"))
  }
}
