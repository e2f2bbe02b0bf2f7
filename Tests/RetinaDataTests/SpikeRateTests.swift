import Numerics
import RetinaData
import Runtime
import Storage
import TestSupport
import Testing

/// Against NumPy's histogram and SciPy's filters (`scripts/fixtures/spikes.py`).
@Suite struct SpikeRateTests {
  let file: H5File
  let bins: FrameBins

  init() throws {
    file = try H5File(reading: Fixtures.path("traces/spikes.h5"))
    let onsets: [Double] = try file.dataset("/onsets").numbers()
    let starts: [Int] = try file.dataset("/segment_start").numbers()
    let segments = zip(starts, starts.dropFirst() + [onsets.count]).map { $0..<$1 }
    bins = try FrameBins(onsets: onsets, segments: segments)
  }

  private func train(_ cell: Int) throws -> SpikeTrain {
    try SpikeTrain(cell: cell, times: try file.dataset("/times/\(cell)").numbers())
  }

  private func counts(_ cell: Int) throws -> Tensor {
    let counts = try file.dataset("/counts/\(cell)").tensor()
    return counts.reshaped([1, counts.count])
  }

  @Test(arguments: 0..<3) func counts_areThoseOfNumPy(cell: Int) throws {
    let counted = bins.counts(of: try train(cell))
    let interval: Double = try file.dataset("/interval").number()
    #expect(abs(bins.interval - interval) < 1e-15)
    let expected = try counts(cell).elements
    #expect(counted.counts == expected)
    let inside = Int(counted.counts.reduce(0, +))
    let spikes = try train(cell).times.count
    #expect(inside + counted.outside == spikes)
  }

  @Test func spikesOutsideAllFrames_areCountedByWhereTheyFell() throws {
    let bins = try FrameBins(onsets: [1, 2, 3, 10, 11], segments: [0..<3, 3..<5])
    let counted = bins.counts(of: try SpikeTrain(cell: 4, times: [0.5, 1, 3.99, 4, 9.5, 11.5, 12, 40]))
    #expect(counted.counts == [1, 0, 1, 0, 1])
    #expect([counted.before, counted.between, counted.after] == [1, 2, 2])
  }

  @Test(arguments: 0..<3, [5, 10, 20]) func gaussianRates_areThoseOfSciPy(cell: Int, width: Int) throws {
    let kernel = try RateKernel(.gaussian, width: Double(width) / 1000)
    let expected: [Double] = try file.dataset("/rates/\(cell)/\(width)").numbers()
    let rates = kernel.rates(counts: try counts(cell), interval: 0.01, segments: bins.segments)
    for (rate, expected) in zip(rates.elements, expected) {
      let difference = abs(Double(rate) - expected)
      #expect(difference < 1e-6 * max(1, expected))
    }
    #expect(kernel.datasetName == "firing_rate_\(width)ms")
  }

  @Test(arguments: 0..<3) func movingAverage_isThatOfSciPy(cell: Int) throws {
    let kernel = try RateKernel(.box, width: 0.03)
    let rates = kernel.rates(counts: try counts(cell), interval: 0.01, segments: bins.segments)
    let expected: [Double] = try file.dataset("/box/\(cell)").numbers()
    for (rate, expected) in zip(rates.elements, expected) {
      let difference = abs(Double(rate) - expected)
      #expect(difference < 1e-4)
    }
  }

  @Test func exponentialKernel_remembersThePastAlone() throws {
    var counts = Tensor(shape: [1, 40])
    counts.elements[20] = 1
    let kernel = try RateKernel(.exponential, width: 0.02)
    let rates = kernel.rates(counts: counts, interval: 0.01, segments: [0..<40]).elements
    #expect(rates[..<20].allSatisfy { $0 == 0 })
    #expect(abs(rates[22] / rates[20] - 0.36788) < 1e-4)
  }

  @Test(arguments: RateKernel.Shape.allCases) func smoothing_losesNoSpikeAndCrossesNoSegment(
    shape: RateKernel.Shape
  ) throws {
    var counts = Tensor(shape: [2, 30])
    for index in 35..<45 { counts.elements[index] = Float(index % 3) }
    let kernel = try RateKernel(shape, width: 0.017)
    let rates = kernel.rates(counts: counts, interval: 0.01, segments: [0..<5, 5..<15, 15..<30]).elements
    #expect(rates[..<35].allSatisfy { $0 == 0 } && rates[45...].allSatisfy { $0 == 0 })
    // A kernel of one side keeps its spikes on average alone.
    guard shape != .exponential else { return }
    let spikes: Float = counts.elements.reduce(0, +)
    let kept: Float = rates.reduce(0, +) * 0.01
    #expect(abs(kept - spikes) < 1e-4)
  }

  @Test(arguments: [
    ([0.1, 0.3, 0.2], "spike 2 of cell 7, at 0.2 s, comes after one at 0.3 s (x.csv)"),
    ([-0.1], "spike 0 of cell 7 is at -0.1 s (x.csv)"),
    ([0.1, .nan], "spike 1 of cell 7 is at nan s (x.csv)"),
  ]) func badTimes_areNamed(times: [Double], message: String) {
    let error = #expect(throws: CodecError.self) { try SpikeTrain(cell: 7, times: times, at: "x.csv") }
    #expect(error?.kind == .data && "\(error!)".hasPrefix(message))
  }

  @Test func badFrameTimesAndWidths_areRefused() {
    let error = #expect(throws: CodecError.self) { try FrameBins(onsets: [0, 1, 1, 2]) }
    #expect(error?.what == "frame 2, at 1.0 s, does not come after frame 1")
    #expect(throws: CodecError.self) { try FrameBins(onsets: [0, 1, 0, 1], segments: [0..<2, 2..<4]) }
    #expect(throws: CodecError.self) { try FrameBins(onsets: [0, .infinity]) }
    #expect(throws: CodecError.self) { try FrameBins(onsets: [3]) }
    #expect(throws: CodecError.self) { try RateKernel(.gaussian, width: 0) }
  }
}
