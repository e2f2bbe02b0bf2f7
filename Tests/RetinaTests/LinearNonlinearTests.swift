import Foundation
import Numerics
import Retina
import RetinaData
import Storage
import TestSupport
import Testing

/// What a network is compared with, against SciPy (`scripts/fixtures/linear_nonlinear.py`): cell 0 is a linear–nonlinear
/// model, cell 1 the square of a filter, cell 2 a filter seen through noise.
struct LinearNonlinearTests {
  private let file: H5File
  private let recording: Recording
  private let train: FitData
  private let test: FitData

  init() throws {
    let path = Fixtures.path("fitting/linear_nonlinear.h5")
    file = try H5File(reading: path)
    recording = try Recording(path: path)
    let split = try recording.split("train")
    let normalisation = try FitData.normalisation(of: split)
    train = try FitData(split, history: 4, normalisation: normalisation, memory: 1 << 20)
    test = try FitData(try recording.split("test"), history: 4, normalisation: normalisation, memory: 0)
  }

  private func numbers<Number: StoredNumber>(_ name: String) throws -> [Number] {
    try file.dataset("/expected/\(name)").numbers()
  }

  /// The model's test rates in Hz, a row for each cell.
  private func rates() throws -> [[Double]] {
    let heldOut: [Int] = try numbers("held_out")
    let fitted = (0..<train.count).filter { !heldOut.contains($0) }
    let model = try LinearNonlinear(train, train: fitted, heldOut: heldOut)
    let rates = try model.rates(test)
    return (0..<3).map { cell in (0..<test.count).map { Double(rates[$0 * 3 + cell]) } }
  }

  @Test func ratesAreSciPys() throws {
    let expected = try file.dataset("/expected/rate").matrix()
    let correlations: [Double] = try numbers("correlation")
    for (cell, found) in try rates().enumerated() {
      let wanted = (0..<test.count).map { expected[$0, cell] }
      let largest = zip(found, wanted).map { abs($0 - $1) }.max() ?? .nan
      #expect(largest < 1e-3 * wanted.max()!, "cell \(cell): \(largest)")
      let recorded = (0..<test.count).map { Double(test.rates[$0 * 3 + cell]) }
      #expect(abs(Statistics.pearson(found, recorded) - correlations[cell]) < 1e-3, "cell \(cell)")
    }
    // What the simulation promises: all of a linear–nonlinear cell, nothing of a square.
    #expect(correlations[0] > 0.98 && abs(correlations[1]) < 0.2)
  }

  @Test func explainedFractionIsNumPys() throws {
    let expected: [Double] = try numbers("explained_fraction")
    let repeats = try #require(try recording.split("test").repeats())
    let (count, frames) = (repeats.shape[1], repeats.shape[2])
    for (cell, found) in try rates().enumerated() {
      let rows = (0..<count).map { row in
        test.responseFrames.map { Double(repeats.elements[(cell * count + row) * frames + $0]) }
      }
      let mean = Statistics.mean((0..<test.count).map { Double(test.rates[$0 * 3 + cell]) })
      let fraction = try #require(ExplainedVariance.fraction(repeats: rows, predicted: found, meanRate: mean))
      #expect(abs(fraction - expected[cell]) < 0.01, "cell \(cell): \(fraction) and \(expected[cell])")
      // Counts of any unit give the same.
      let halves = rows.map { $0.map { $0 / 2 } }
      let again = try #require(ExplainedVariance.fraction(repeats: halves, predicted: found, meanRate: mean))
      #expect(abs(again - fraction) < 1e-9)
    }
  }

  @Test func nothingIsExplainable_ofOneRepeatOrOfSilence() {
    let row = [1.0, 2, 0, 4]
    #expect(ExplainedVariance.fraction(repeats: [row], predicted: row, meanRate: 2) == nil)
    let silence = [Double](repeating: 0, count: 4)
    #expect(ExplainedVariance.fraction(repeats: [silence, silence], predicted: row, meanRate: 0) == nil)
    let opposite = [[1.0, 0, 1, 0], [0.0, 1, 0, 1]]
    #expect(ExplainedVariance.fraction(repeats: opposite, predicted: row, meanRate: 2) == nil)
  }

  /// The summary of a fit reports these figures.
  @Test func aFitReportsThem() throws {
    var options = FitOptions()
    (options.history, options.channels, options.epochs, options.kernels) = (
      4, [2, 2], 1, [[2, 2], [2, 2]]
    )
    let fit = try RetinaFit(recording, options: options, seed: 0, threads: 1)
    let provenance = try Provenance(
      schema: RetinaFit.historySchema, schemaVersion: RetinaFit.historySchemaVersion, command: "test",
      options: options, seed: 0, software: "test", inputs: [Fixtures.path("fitting/linear_nonlinear.h5")])
    let model = try Fixtures.temporaryFolder().appending(path: "model.safetensors").path
    let cells = try fit.write(to: model, provenance: provenance).cells
    #expect(try #require(cells[0].linearCorrelation) > 0.98)
    #expect(try #require(cells[0].linearExplainedShare) > 0.95)
    #expect(abs(try #require(cells[1].linearCorrelation)) < 0.25)
    #expect(try #require(cells[1].linearExplainedShare) < 0.1)
  }
}
