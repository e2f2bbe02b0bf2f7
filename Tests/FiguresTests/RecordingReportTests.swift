import Contributions
import Figures
import Foundation
import Numerics
import Retina
import RetinaData
import Storage
import TestSupport
import Testing

/// Figures and page of cells described without a model, and of fits.
@Suite(.serialized) struct RecordingReportTests {
  private let folder: URL
  private let recording: String

  init() throws {
    folder = try Fixtures.temporaryFolder()
    recording = try BundledSample.recording()
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  private func provenance(_ schema: String) throws -> Provenance {
    try Provenance(
      schema: schema, schemaVersion: 1, command: "test", options: ["split": "train"], seed: nil,
      software: "test", inputs: [recording])
  }

  private func describe() throws -> CellDescription {
    try CellDescription(Recording(path: recording), split: "train", cells: [0, 1, 4], history: 12)
  }

  private func writeCells() throws {
    try describe().writeCells(to: ResultWriter(path: path("cells.h5"), provenance: provenance("cells")))
  }

  private func writeFit(_ name: String) throws {
    let file = try H5File(creating: path("\(name).history.h5"))
    try provenance("training-history").write(to: file)
    func write(_ name: String, _ values: [Double]) throws {
      try file.write(values, shape: [values.count], to: name)
    }
    try write("/history/epoch", [1, 2, 3])
    try write("/history/loss", [3, 2, 1.5])
    try write("/history/held_out_loss", [3, 2.5, 2.6])
    try write("/history/held_out_correlation", [0.1, 0.62, 0.6])
    try file.setAttribute("best_epoch", to: .integer(2), of: "/history")
    try file.setAttribute("loss", to: .text("poisson"), of: "/history")
    try write("/cells/id", [4, 7])
    for name in ["train_rate", "train_predicted_rate", "test_rate", "test_predicted_rate"] {
      try write("/cells/\(name)", [3, 5])
    }
    try write("/cells/test_correlation", [0.75, 0.5])
    try write("/cells/linear_test_correlation", [0.25, .nan])
    try write("/cells/explained_share", [0.5, .nan])
    try file.flush()
  }

  /// A contributions file that says what a model predicts for frames from 10 on.
  private func writePrediction(frames: Range<Int>, recording: String) throws {
    let file = try H5File(creating: path("contributions.h5"))
    try Provenance(
      schema: "contributions", schemaVersion: 1, command: "test", options: [:] as [String: String], seed: nil,
      software: "test", inputs: [recording]
    ).write(to: file)
    try file.write(Array(frames), shape: [frames.count], to: "/sample/index")
    let rates = frames.map { Double($0 % 7) }
    try file.write(rates, shape: [frames.count, 1], to: "/layers/conv1/positive")
    try file.write(rates, shape: [frames.count], to: "/target")
    try file.write(rates, shape: [frames.count, 1], to: "/output")
    try file.setAttribute("units", to: .text("Hz"), of: "/output")
    try file.setAttribute("unit_ids", to: .integers([1]), of: "/output")
    try file.flush()
  }

  private func report() throws -> [String] {
    let written = try Report(folder: folder.path).write(formats: [.svg])
    return written.figures.map { URL(filePath: $0).deletingPathExtension().lastPathComponent }
  }

  private func svg(_ name: String) throws -> String {
    try String(contentsOf: folder.appending(path: "figures/\(name).svg"), encoding: .utf8)
  }

  private func page() throws -> String {
    try String(contentsOf: folder.appending(path: "report.html"), encoding: .utf8)
  }

  @Test func cells_haveAveragesMosaicAndRaster() throws {
    try writeCells()
    #expect(try report() == ["spike-triggered-averages", "sta-mosaic", "raster"])
    let (averages, raster) = (try svg("spike-triggered-averages"), try svg("raster"))
    for word in ["cell 0", "cell 1, O", "cell 4", "−120", "ms before response"] {
      #expect(averages.contains(word), "\(word)")
    }
    #expect(raster.contains("time (s)") && raster.contains("Hz") && !raster.contains(">model<"))
    let page = try page()
    #expect(page.contains("<td>4</td>") && page.contains("signal to noise"))
    #expect(page.contains("of 6 repeats (a stroke for every frame with a spike)"))
  }

  /// The model's prediction is drawn where it is of this recording and these frames, and only there.
  @Test func prediction_isOfTheSameFramesAndRecording() throws {
    try writeCells()
    try writePrediction(frames: 10..<900, recording: recording)
    #expect(try report().contains("raster"))
    #expect(try svg("raster").contains(">model<"))
    try writePrediction(frames: 10..<899, recording: recording)
    _ = try report()
    #expect(try !svg("raster").contains(">model<"))
    try writePrediction(frames: 10..<900, recording: BundledSample.model())
    _ = try report()
    #expect(try !svg("raster").contains(">model<"))
  }

  @Test func averages_ofStaFilesAreDrawn() throws {
    try describe().writeAverages(to: ResultWriter(path: path("sta.h5"), provenance: provenance("sta")))
    #expect(try report() == ["spike-triggered-averages", "sta-mosaic"])
  }

  @Test func fits_markTheEpochThatIsKept() throws {
    try writeFit("model")
    #expect(try report() == ["fit"])
    let fit = try svg("fit")
    #expect(fit.contains("dotted: the epoch that is kept, 2 (correlation 0.62)"))
    #expect(fit.contains(">Poisson loss<"))
    // The cell without a linear model is left out of the comparison.
    #expect(fit.contains(">4<") && !fit.contains(">7<"))
    #expect(try page().contains("<td>model</td><td>3</td><td>2</td><td>0.62</td><td>0.25</td><td>0.50</td>"))
    try writeFit("other")
    #expect(try report() == ["fit-model", "fit-other"])
  }
}
