import Numerics
import RetinaData
import Storage
import TestSupport
import Testing

@Suite struct ReliabilityTests {
  @Test(arguments: [5, 6]) func reliability_isThatOfNumPy(repeats: Int) throws {
    let file = try H5File(reading: Fixtures.path("traces/spikes.h5"))
    let group = "/repeats/\(repeats)"
    let responses = try file.dataset("\(group)/responses").matrix()
    let prediction: [Double] = try file.dataset("\(group)/prediction").numbers()
    func expected(_ name: String) throws -> Double {
      try #require(try file.attribute(name, of: group)?.asNumber)
    }
    let found = Reliability(repeats: responses)
    #expect(found.repeats == repeats)
    let splitHalfCorrelation = try expected("split_half")
    #expect(abs(found.splitHalfCorrelation - splitHalfCorrelation) < 1e-12)
    let signalPower = try expected("signal_power")
    #expect(abs(found.signalPower - signalPower) < 1e-11)
    let noisePower = try expected("noise_power")
    #expect(abs(found.noisePower - noisePower) < 1e-11)
    let correlationCeiling = try expected("ceiling")
    #expect(abs(found.correlationCeiling - correlationCeiling) < 1e-12)
    let average = Statistics.columnMeans(responses)
    let explained = found.explainedFraction(prediction: prediction, average: average)
    let expectedShare = try expected("explained")
    #expect(abs(explained - expectedShare) < 1e-11)
    let mean = [Double](repeating: Statistics.mean(average), count: average.count)
    #expect(abs(found.explainedFraction(prediction: mean, average: average)) < 1e-12)
  }

  @Test func equalRepeats_areFullyReliable_andNoiseIsNot() {
    var stream = RandomStream(seed: 3)
    let row = (0..<500).map { _ in stream.normal() }
    let equal = Reliability(repeats: Matrix(rows: 4, columns: 500, elements: row + row + row + row))
    #expect(abs(equal.splitHalfCorrelation - 1) < 1e-12 && abs(equal.explainableVariance - 1) < 1e-12)
    #expect(abs(equal.correlationCeiling - 1) < 1e-12)
    let noise = Reliability(
      repeats: Matrix(rows: 20, columns: 500, elements: (0..<10_000).map { _ in stream.normal() }))
    #expect(abs(noise.splitHalfCorrelation) < 0.1 && abs(noise.explainableVariance) < 0.02)
  }

  @Test func whatCannotBeCompared_isNotANumber() {
    let single = Reliability(repeats: Matrix(rows: 1, columns: 3, elements: [1, 2, 3]))
    #expect(single.splitHalfCorrelation.isNaN && single.explainableVariance.isNaN)
    let silent = Reliability(repeats: Matrix(rows: 3, columns: 4))
    #expect(silent.splitHalfCorrelation.isNaN && silent.explainableVariance.isNaN)
    #expect(silent.correlationCeiling.isNaN)
  }
}
