import Foundation
import Numerics
import RetinaData
import Runtime
import Testing

@Suite struct SpikeDetectionTests {
  private static let sampleRate = 20_000.0

  /// Noise of standard deviation 1 on slow waves and mains hum, with a spike of 12 at each time.
  private static func trace(_ times: [Double], seed: UInt64, seconds: Double = 10) throws -> AnalogTrace {
    var random = RandomStream(seed: seed).split("electrode")
    var samples = (0..<Int(seconds * sampleRate)).map { index -> Double in
      let angle = 2 * Double.pi * Double(index) / sampleRate
      let (slow, hum) = (30 * sin(4 * angle), 10 * sin(50 * angle))
      return random.normal() + slow + hum + 200
    }
    for time in times {
      let first = Int(time * sampleRate) - 20
      for index in max(0, first)..<min(first + 60, samples.count) {
        let after = (Double(index) / sampleRate - time) * 1000
        samples[index] -= 20 * exp(-after * after / 0.045)
        samples[index] += 6 * exp(-(after - 0.5) * (after - 0.5) / 0.18)
      }
    }
    return try AnalogTrace(samples: samples.map(Float.init), sampleRate: sampleRate, name: "electrode")
  }

  @Test(arguments: 0..<4) func spikes_areFoundOnce_withinATenthOfAMillisecond(seed: UInt64) throws {
    var random = RandomStream(seed: seed)
    var (times, time) = ([Double](), 0.05)
    while time < 9.9 {
      times.append(time)
      time += 0.004 + 0.1 * random.uniform()
    }
    var options = SpikeDetection.Options()
    options.threshold = 7
    let trace = try Self.trace(times, seed: seed)
    let found = try SpikeDetection(trace, options)
    #expect(found.times.count == times.count)
    let worst = zip(found.times, times).map { abs($0 - $1) }.max() ?? 1
    #expect(worst < 1e-4)
    #expect(found.shortIntervals == 0)
    // White noise in 2,700 of 10,000 Hz.
    #expect(abs(found.noise - 0.27.squareRoot()) < 0.06)
    options.direction = .positive
    let upsideDown = try AnalogTrace(
      samples: trace.samples(0..<trace.sampleCount).map { -$0 }, sampleRate: trace.sampleRate)
    let upward = try SpikeDetection(upsideDown, options)
    #expect(upward.times == found.times && upward.amplitudes == found.amplitudes.map { -$0 })
  }

  @Test func noiseAlone_crossesTheThresholdHardlyEver() throws {
    let found = try SpikeDetection(try Self.trace([], seed: 9))
    #expect(found.times.count < 5)
  }

  @Test func impossibleOptionsAndFlatTraces_areRefused() throws {
    let flat = try AnalogTrace(samples: Array(repeating: 3, count: 40_000), sampleRate: 20_000)
    #expect(throws: CodecError.self) { try SpikeDetection(flat) }
    var options = SpikeDetection.Options()
    options.high = 12_000
    let error = #expect(throws: CodecError.self) { try SpikeDetection(flat, options) }
    #expect(error?.kind == .usage)
    (options.high, options.threshold) = (3000, -1)
    #expect(throws: CodecError.self) { try SpikeDetection(flat, options) }
  }
}
