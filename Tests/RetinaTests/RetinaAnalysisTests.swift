import Foundation
import Networks
import Numerics
import Retina
import RetinaData
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct RetinaAnalysisTests {
  private static let samples = Fixtures.folder.deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "RetinaData/Samples")

  private static func analysis(
    in folder: URL, recording: String = samples.appending(path: "recording.h5").path,
    model: String = samples.appending(path: "model.safetensors").path,
    _ change: (inout RetinaAnalysis.Options) -> Void = { _ in }
  ) throws -> RetinaAnalysis {
    var options = RetinaAnalysis.Options()
    (options.exampleFrames, options.furtherSeeds, options.threads) = (6, 1, 2)
    change(&options)
    return try RetinaAnalysis(
      recording: Recording(path: recording), model: ModelFile.load(model, architectures: [RetinaCNN()]),
      folder: folder.path,
      source: RetinaAnalysis.Source(recording: recording, model: model, command: "test", software: "test"),
      options: options)
  }

  @Test func sample_isAnalysedToTheEnd() throws {
    let folder = try Fixtures.temporaryFolder()
    let analysis = try Self.analysis(in: folder)
    let summary = try analysis.run()
    #expect(summary.cells == Array(0..<9) && summary.frames == 880 && summary.history == 20)
    #expect(summary.frameRate == 100)
    let mean = try #require(summary.meanTestCorrelation)
    #expect(abs(mean - 0.88) < 0.01)
    #expect(summary.modes.map(\.layer) == ["conv1", "conv2"])
    #expect(summary.modes.allSatisfy { $0.r2 > 0.9 && $0.alive >= 40 && $0.onPerFrame < 8 })
    #expect(summary.contributions.layers.allSatisfy { ($0.medianGap ?? 1) < 0.05 })
    #expect(summary.statistics?.rank == 9)
    #expect(summary.clusters.layers.map(\.name) == ["conv1", "conv2"])
    #expect(summary.clusters.contributions?.clusters == 2)
    #expect(summary.clusters.conclusion.hasPrefix("At least 2 groups of cells are supported"))
    #expect(summary.trueTypes == [0, 1, 2, 0, 1, 2, 0, 1, 2])
    #expect(summary.receptiveFieldFrames == 6)
    for file in summary.files {
      #expect(FileManager.default.fileExists(atPath: folder.appending(path: file.name).path))
    }
    let text = try String(contentsOf: folder.appending(path: "summary.txt"), encoding: .utf8)
    #expect(text == summary.text)
    for word in ["Test correlation", "mean 0.88", "conv2", "cluster 0: cells 0", "irf.h5"] {
      #expect(text.contains(word), "\(word)")
    }
    let json = try Data(contentsOf: folder.appending(path: "summary.json"))
    #expect(try JSONDecoder().decode(AnalysisSummary.self, from: json) == summary)
  }

  /// What is complete is kept, what is missing is made anew, and the numbers are the same.
  @Test func resumed_analysisKeepsWhatIsThere() throws {
    let folder = try Fixtures.temporaryFolder()
    let first = try Self.analysis(in: folder) { $0.clustering.draws = 9 }.run()
    #expect(throws: CodecError.self) { try Self.analysis(in: folder) }
    func date(_ name: String) throws -> Date {
      try #require(
        try FileManager.default.attributesOfItem(atPath: folder.appending(path: name).path)[.modificationDate]
          as? Date)
    }
    let contributions = try date("contributions.h5")
    for name in ["clusters.h5", "summary.json"] {
      try FileManager.default.removeItem(at: folder.appending(path: name))
    }
    #expect(try Self.analysis(in: folder) { ($0.resume, $0.clustering.draws) = (true, 9) }.run() == first)
    #expect(try date("contributions.h5") == contributions)
    let error = #expect(throws: CodecError.self) {
      try Self.analysis(in: folder) { ($0.resume, $0.contributions.layers) = (true, ["conv1"]) }.run()
    }
    #expect(error?.what.contains("comes from another run: option layers") == true)
    #expect(
      try Self.analysis(in: folder) {
        ($0.force, $0.clustering.draws, $0.contributions.layers) = (true, 9, ["conv1"])
      }.run().modes
        .count == 1)
  }

  /// Six real cells and a bar that moves over them: what is written is the reference, and the clusters by modes are
  /// recognised as neighbourhoods.
  @Test func movingBar_isTheReferences() throws {
    guard let recording = Fixtures.shared("recordings/moving_bar.h5") else { return }
    let folder = try Fixtures.temporaryFolder()
    let summary = try Self.analysis(
      in: folder, recording: recording, model: Fixtures.path("moving_bar/model.safetensors")
    ) { $0.contributions.layers = ["conv1", "relu1", "conv2", "relu2"] }.run()
    let expected = try H5File(reading: Fixtures.path("moving_bar/expected.h5"))
    let file = try H5File(reading: folder.appending(path: "contributions.h5").path)
    func agrees(_ path: String, with reference: String) throws -> Bool {
      try largestDifference(
        file.dataset(path).tensor().elements, expected.dataset(reference).tensor().elements)
        < 1e-4
    }
    #expect(try agrees("/output", with: "/rate"))
    for layer in summary.modes.map(\.layer) {
      for part in ["negative", "positive"] {
        #expect(
          try agrees("/layers/\(layer)/\(part)", with: "/surprisal_ig20/\(layer)/\(part)"), "\(layer) \(part)"
        )
      }
    }
    #expect(abs((summary.meanTestCorrelation ?? 0) - 0.896) < 0.002)
    #expect(summary.modes.allSatisfy { $0.r2 > 0.85 && $0.alive >= 40 })
    #expect(summary.clusters.conclusion.hasPrefix("No types are supported"))
    let confound = try #require(summary.clusters.layers[0].locationConfound)
    #expect(confound > 0.5)
  }

  /// The paper's recipe finds no mode in so few frames; everything else still comes out.
  @Test func noMode_isSaid() throws {
    let folder = try Fixtures.temporaryFolder()
    let summary = try Self.analysis(in: folder) {
      ($0.clustering.draws, $0.decomposition.recipe, $0.furtherSeeds) = (9, .paper, 0)
      $0.decomposition.recipe.length = .epochs(count: 3)
    }.run()
    #expect(summary.modes.allSatisfy { $0.alive == 0 })
    #expect(summary.warnings.contains { $0.hasPrefix("conv1: no mode is alive") })
    #expect(summary.clusters.layers.map(\.clusters) == [0, 0])
    #expect(summary.clusters.contributions?.clusters == 2)
    #expect(summary.clusters.conclusion.contains("By modes, conv1 has no clusters."))
    // Without combinations of modes to show, receptive fields are spread over the movie.
    #expect(summary.receptiveFieldFrames == 6)
  }

  @Test func unknownLayer_isRefusedBeforeAnything() throws {
    let folder = try Fixtures.temporaryFolder()
    #expect(throws: CodecError.self) {
      try Self.analysis(in: folder) { $0.contributions.layers = ["conv9"] }.run()
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}
