import Foundation
import Numerics
import Testing

/// Recordings that are odd but sound: the analysis runs to its end and says what is odd.
@Suite struct UnusualCellsTests {
  private let program: Program

  init() throws { program = try Program() }

  private func analyze(
    frames: Int = 140, recording change: (inout SmallRecording) -> Void,
    model changeModel: (inout SmallModel) -> Void
  ) throws -> Program.Outcome {
    var recording = try SmallRecording(frames: frames)
    var model = try SmallModel()
    change(&recording)
    changeModel(&model)
    try recording.write(to: program.path("recording.h5"))
    try model.write(to: program.path("model.safetensors"))
    return try program.run(
      "analyze", "recording.h5", "--model", "model.safetensors", "--out", "results", "--steps", "5")
  }

  @Test func oneCell_isAnalysed_withoutClusters() throws {
    let outcome = try analyze {
      $0.keep(cells: 1)
    } model: {
      $0.keep(cells: [0])
    }
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("1 cell,"))
    #expect(program.exists("results/clusters.h5") && program.exists("results/irf.h5"))
    #expect(!outcome.output.contains("nan"))
  }

  @Test func duplicateCells_areShrunk_andSaidToBe() throws {
    let outcome = try analyze {
      $0.keep(cells: 5)
    } model: {
      $0.keep(cells: [0, 1, 2, 3, 3])
    }
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("rank 4 of 5") && outcome.output.contains("was shrunk by"))
    #expect(outcome.output.contains("cells 3, 4 have the same profile"))
    #expect(!outcome.output.contains("nan"))
  }

  @Test func silentCell_isAnalysed_withWords() throws {
    let outcome = try analyze { recording in
      for frame in 0..<recording.rates.rowCount { recording.rates.elements[frame] = 0 }
    } model: { model in
      // The first cell's rate is that of a large negative bias: zero in single precision.
      model.tensors["bn3.weight"]?.elements[0] = 0
      model.tensors["bn3.bias"]?.elements[0] = -200
    }
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(!outcome.output.contains("nan"))
    #expect(outcome.output.contains("Beware"), "\(outcome.output)")
  }

  @Test func cellsThatNeverChange_haveNoSurprisal() throws {
    let outcome = try analyze { _ in
    } model: { model in
      model.tensors["bn3.weight"] = Tensor(shape: [9], repeating: 0)
    }
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("error: "))
    #expect(!program.exists("results/contributions.h5"))
  }
}
