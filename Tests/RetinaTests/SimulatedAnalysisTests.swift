import Foundation
import Networks
import Numerics
import Retina
import RetinaData
import Storage
import TestSupport
import Testing

/// Whole analyses of retinas whose truth is known.
@Suite struct SimulatedAnalysisTests {
  /// Simulates a retina and analyses it through its own circuit.
  private func analyse(
    _ change: (inout SimulatedRetina.Options) -> Void,
    model edit: (inout [String: Tensor]) -> Void = { _ in },
    options set: (inout RetinaAnalysis.Options) -> Void = { _ in }
  ) throws -> AnalysisSummary {
    var retina = SimulatedRetina.Options()
    (retina.trainingFrames, retina.testFrames, retina.repeats) = (100, 600, 2)
    change(&retina)
    let simulated = try SimulatedRetina(retina)
    let folder = try Fixtures.temporaryFolder()
    let (recording, model) = (
      folder.appending(path: "r.h5").path, folder.appending(path: "m.safetensors").path
    )
    try simulated.writeRecording(to: recording)
    var tensors = simulated.modelTensors
    edit(&tensors)
    try Safetensors.write(tensors, metadata: simulated.modelMetadata, to: model)
    var options = RetinaAnalysis.Options()
    (options.clustering.draws, options.exampleFrames, options.furtherSeeds) = (99, 4, 0)
    (options.threads, options.contributions.perCellFrames) = (2, 32)
    set(&options)
    return try RetinaAnalysis(
      recording: Recording(path: recording), model: ModelFile.load(model, architectures: [RetinaCNN()]),
      folder: folder.path,
      source: RetinaAnalysis.Source(recording: recording, model: model, command: "test", software: "test"),
      options: options
    ).run()
  }

  @Test func threeTypes_areFound() throws {
    let summary = try analyse { $0.cells = 15 }
    #expect(summary.trueTypeAgreement == 1)
    #expect(summary.clusters.contributions?.clusters == 3)
    #expect(summary.clusters.conclusion.hasPrefix("At least 3 groups of cells are supported"))
    // The rates are the truth behind the spikes: only noise parts them.
    #expect((summary.meanTestCorrelation ?? 0) > 0.5)
  }

  @Test func oneType_isNotCalledSeveral() throws {
    let summary = try analyse { ($0.cells, $0.types) = (15, [.onSustained]) }
    #expect(summary.clusters.conclusion.hasPrefix("No types are supported"))
    #expect(summary.warnings.contains { $0.contains("not supported as types") })
  }

  @Test func oneCell_isAnalysed() throws {
    let summary = try analyse { $0.cells = 1 }
    #expect(summary.clusters.conclusion.hasPrefix("Cells cannot be clustered: 1"))
    #expect(summary.modes.allSatisfy { $0.alive > 0 })
    #expect(summary.text.contains("1 cell, 580 frames"))
  }

  /// Cell 1 never changes its rate, cell 3 is cell 2 again.
  @Test func silentAndDuplicateCells_areSaid() throws {
    let summary = try analyse(
      { $0.cells = 7 },
      model: { tensors in
        var weights = tensors["dense.weight"]!
        let count = weights.rowCount
        for index in 0..<count {
          weights.elements[count + index] = 0
          weights.elements[3 * count + index] = weights.elements[2 * count + index]
        }
        tensors["dense.weight"] = weights
        for name in ["weight", "bias", "running_mean"] {
          var values = tensors["bn3.\(name)"]!
          values.elements[3] = values.elements[2]
          tensors["bn3.\(name)"] = values
        }
      })
    #expect(summary.testCorrelation[1] == nil && summary.testCorrelation[2] != nil)
    #expect(summary.statistics?.rank == 5 && (summary.statistics?.shrinkage ?? 0) > 0)
    #expect(summary.clusters.contributions?.labels[1] == -1)
    for words in [
      "cells 1 have no test correlation", "has rank 5 of 7", "cells 1 never change their rate",
      "cells 2, 3 have the same profile",
    ] {
      #expect(summary.warnings.contains { $0.contains(words) }, "\(words)")
    }
  }

  @Test func singleCellTarget_isAnalysed() throws {
    let summary = try analyse(
      { $0.cells = 4 },
      options: {
        $0.contributions.target = .cell("2")
        ($0.rates, $0.receptiveFieldFrames, $0.includesFields) = (.recorded, [30, 31, 500], true)
      })
    #expect(summary.contributions.target == "cell:2" && summary.statistics == nil)
    #expect(summary.receptiveFieldFrames == 3)
  }
}
