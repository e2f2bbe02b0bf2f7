import Foundation
import Numerics
import RetinaData
import Runtime
import Testing

/// A photodiode that sees a flash with every frame, as a noisy amplifier with a drifting baseline records it.
private struct Photodiode {
  let sampleRate = 10_000.0
  /// When frames were really shown.
  let frames: [Double]
  let dropped: [Int]
  let doubled: [Int]
  let trace: AnalogTrace

  init(seed: UInt64, isInverted: Bool = false) throws {
    var random = RandomStream(seed: seed).split("photodiode")
    let count = 600
    // The display's clock drifts by up to one part in a thousand, its frames jitter by a tenth of a sample.
    let drift = 1e-3 * (2 * random.uniform() - 1)
    var (frames, time) = ([Double](), 0.1 + 0.01 * random.uniform())
    for index in 0..<count {
      frames.append(time)
      time += (1 + drift * Double(index) / Double(count)) / 60
    }
    // Apart from each other and from the ends: which of two neighbours is missing nobody could tell.
    let odd = random.sample(5, of: 58).map { 10 + 10 * $0 }
    let (dropped, doubled) = (odd[..<3].sorted(), odd[3...].sorted())
    let pulses = frames.enumerated().flatMap { index, time -> [Double] in
      if dropped.contains(index) { return [] }
      return doubled.contains(index) ? [time, time + 0.007] : [time]
    }
    (self.frames, self.dropped, self.doubled) = (frames, dropped, doubled)
    let samples = Self.samples(pulses, isInverted: isInverted, duration: time + 0.05, &random)
    trace = try AnalogTrace(samples: samples, sampleRate: 10_000, name: "photodiode")
  }

  /// Flashes of 4 ms with edges of about four samples, noise of 2 % and a baseline that wanders by 15 %.
  private static func samples(
    _ pulses: [Double], isInverted: Bool, duration: Double, _ random: inout RandomStream
  ) -> [Float] {
    let phase = 6 * random.uniform()
    var samples = (0..<Int(duration * 10_000)).map { index in
      0.15 * sin(2 * Double(index) / 10_000 + phase) + 0.02 * random.normal()
    }
    for pulse in pulses {
      let first = Int(pulse * 10_000) - 20
      for index in max(0, first)..<min(first + 100, samples.count) {
        let after = Double(index) - pulse * 10_000
        samples[index] += 0.5 * (tanh(after) - tanh(after - 40))
      }
    }
    return samples.map { Float(isInverted ? 3 - $0 : $0) }
  }
}

@Suite struct FrameSyncTests {
  @Test(arguments: 0..<8, [false, true]) func everyFrameIsFound_andTheFiveIrregularOnesListed(
    seed: Int, isInverted: Bool
  ) throws {
    let photodiode = try Photodiode(seed: UInt64(seed), isInverted: isInverted)
    var options = FrameSync.Options()
    (options.repair, options.expectedFrames) = (true, 600)
    options.polarity = isInverted ? .falling : nil
    let sync = try FrameSync(photodiode.trace, options)
    #expect(sync.polarity == (isInverted ? .falling : .rising))
    let worst = zip(sync.onsets.times, photodiode.frames).map { abs($0 - $1) }.max()!
    #expect(worst * photodiode.sampleRate < 0.5)
    let found = sync.onsets.irregularities
    #expect(found.count == 5)
    func times(_ kind: FrameIrregularity.Kind) -> [Double] { found.filter { $0.kind == kind }.map(\.time) }
    // A gap ends with the frame after the missing one; a doubled onset comes 7 ms late.
    for (time, frame) in zip(times(.missing), photodiode.dropped) {
      #expect(abs(time - photodiode.frames[frame + 1]) < 1e-4)
    }
    for (time, frame) in zip(times(.doubled), photodiode.doubled) {
      #expect(abs(time - photodiode.frames[frame] - 0.007) < 1e-4)
    }
    #expect(times(.missing).count == 3 && times(.doubled).count == 2)
  }

  @Test func withoutRepair_onsetsStayAsTheyAre_andTheErrorSaysWhatWouldHelp() throws {
    let photodiode = try Photodiode(seed: 3)
    let found = try FrameSync(photodiode.trace).onsets.times.count
    #expect(found == 599)
    var options = FrameSync.Options()
    options.expectedFrames = 600
    let error = #expect(throws: CodecError.self) { try FrameSync(photodiode.trace, options) }
    #expect(error?.what == "599 frame onsets, 600 expected")
    #expect(error?.remedy == "--repair gives 600: 3 onsets are missing and 2 doubled")
    (options.repair, options.expectedFrames) = (true, 650)
    #expect(throws: CodecError.self) { try FrameSync(photodiode.trace, options) }
  }

  @Test func alternatingPatch_marksAFrameAtEverySwitch() throws {
    let samples = (0..<20_000).map { Float($0 / 100 % 2) }
    let sync = try FrameSync(try AnalogTrace(samples: samples, sampleRate: 10_000))
    #expect(sync.polarity == .both && sync.onsets.times.count == 199)
    #expect(abs(sync.frameRate - 100) < 1e-6 && sync.onsets.irregularities.isEmpty)
    var options = FrameSync.Options()
    options.frameRate = 50
    let pulses = try FrameSync(try AnalogTrace(samples: samples, sampleRate: 10_000), options)
    let drift = try #require(pulses.driftPartsPerMillion)
    #expect(pulses.polarity == .rising && abs(drift) < 1)
  }

  @Test func pauses_beginSegments_andShortIntervalsAreKept() throws {
    let first = (0..<50).map { 0.01 * Double($0) }
    var onsets = first + first.map { 3 + $0 }
    onsets[70...] = onsets[70...].map { $0 - 0.006 }[...]
    let found = try FrameOnsets(times: onsets, repair: true)
    #expect(found.segments == [0..<50, 50..<100] && found.times == onsets)
    #expect(found.irregularities.map(\.kind) == [.pause, .short])
    #expect(found.irregularities.map(\.onset) == [50, 70])
  }

  @Test func tracesWithoutFrames_areRefused() throws {
    let flat = try AnalogTrace(samples: Array(repeating: 1, count: 5000), sampleRate: 1000)
    #expect(throws: CodecError.self) { try FrameSync(flat) }
    var options = FrameSync.Options()
    options.level = 7
    let error = #expect(throws: CodecError.self) { try FrameSync(try Photodiode(seed: 1).trace, options) }
    #expect(error?.what.hasPrefix("the level 7.0 is never crossed") == true)
    let once = try AnalogTrace(samples: Array(repeating: 0, count: 500) + [1, 1, 1], sampleRate: 1000)
    #expect(throws: CodecError.self) { try FrameSync(once) }
  }

  @Test func clocks_areComparedAndDisagreementIsNamed() throws {
    let first = (0..<1000).map { 0.01 * Double($0) }
    var second = first.map { 2 + 1.00005 * $0 }
    let clocks = try ClockAlignment(from: first, to: second, tolerance: 0.005)
    #expect(abs(clocks.driftPartsPerMillion - 50) < 1e-4 && abs(clocks.converted(1) - 3.00005) < 1e-9)
    second[400] += 0.01
    let error = #expect(throws: CodecError.self) {
      try ClockAlignment(from: first, to: second, tolerance: 0.005)
    }
    #expect(error?.what.hasPrefix("the clocks disagree: event 400") == true)
    #expect(throws: CodecError.self) { try ClockAlignment(from: first, to: Array(second.dropLast())) }
  }
}
