import Networks
import Numerics
import Retina
import RetinaData
import Stimuli
import Testing

@Suite struct SimulatedModelTests {
  /// The simulation filters space axis by axis and shares what it can; the network convolves. Equal rates mean
  /// that both are the circuit.
  @Test(arguments: [UInt64(0), 5]) func model_ratesAreTheSimulation(seed: UInt64) throws {
    var options = SimulatedRetina.Options()
    (options.cells, options.width, options.history, options.seed) = (7, 31, 17, seed)
    options.types = SimulatedCellType.allCases
    let retina = try SimulatedRetina(options)
    let model = try retina.model()
    let windows = try model.windows(over: retina.testMovie)
    let series = try SeriesPlan(
      network: model.network, frameShape: [1, 24, 31], history: 17, maxSamples: 30)
    let tail = try Plan(network: series.tail, batch: 30, taps: [])
    let rates = try tail.forward(series.firstLayer(windows.normalisedFrames(forSamples: 40..<70)))
    let expected = retina.rates(of: retina.testMovie, frames: 57..<87)
    let largest = expected.elements.max()!
    for (rate, truth) in zip(rates.elements, expected.elements) {
      #expect(abs(rate - truth) < 1e-4 * largest)
    }
    #expect(largest > 10)
  }
}
