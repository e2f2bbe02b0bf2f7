import Foundation
import Retina
import RetinaData
import Storage
import TestSupport
import Testing

/// A short fit of the bundled recording: rates in Hz over the training movie, over windows it was not fitted to, and over
/// the test movie once the gain that each movie of this recording has (`DriveTests`) is taken out.
struct FittedRatesTests {
  @Test func ratesAreInHz() throws {
    let path = try BundledSample.recording()
    var options = FitOptions()
    (options.history, options.channels, options.epochs) = (16, [4, 4], 8)
    let fit = try RetinaFit(try Recording(path: path), options: options, seed: 0, threads: 2)
    let provenance = try Provenance(
      schema: RetinaFit.historySchema, schemaVersion: RetinaFit.historySchemaVersion, command: "test",
      options: options, seed: 0, software: "test", inputs: [path])
    let model = try Fixtures.temporaryFolder().appending(path: "model.safetensors").path
    let summary = try fit.write(to: model, provenance: provenance)
    #expect(try #require(summary.testCorrelation) > 0.85)
    for cell in summary.cells {
      #expect(abs(cell.trainPredicted / cell.trainRate - 1) < 0.02, "cell \(cell.id)")
      let adapted = try #require(cell.testAdapted)
      #expect(abs(adapted / cell.testRate - 1) < 0.25, "cell \(cell.id): \(adapted) and \(cell.testRate)")
    }
    // A tenth of the movie holds few spikes of one cell, and enough of all.
    let (recorded, predicted) = summary.cells.reduce((0, 0)) {
      ($0.0 + $1.heldOutRate, $0.1 + $1.heldOutPredicted)
    }
    #expect(abs(predicted / recorded - 1) < 0.15, "\(predicted) and \(recorded)")
  }
}
