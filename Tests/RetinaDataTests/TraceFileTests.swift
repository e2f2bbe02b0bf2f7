import RetinaData
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct TraceFileTests {
  @Test func dataFile_isScaledByGainAndOffset() throws {
    let stored = try NpyFile(reading: Fixtures.path("traces/trace.npy")).numbers(Float.self, rows: 1..<2)
    let file = try TraceFile(reading: Fixtures.path("traces/trace_datafile.h5"))
    #expect(file.channels == 2 && file.sampleRate == 20_000 && file.units == "V")
    let trace = try file.channel(1)
    #expect(trace.sampleCount == 1500 && abs(trace.duration - 0.075) < 1e-12)
    let samples = try trace.samples(3..<1500)
    #expect(samples == stored[3...].map { 0.5 * $0 - 3 })
  }

  @Test func audio_isFoundByItsContent_andRatesCanBeOverridden() throws {
    let file = try TraceFile(reading: Fixtures.path("traces/trace.flac"), sampleRate: 25_000)
    #expect(file.sampleRate == 25_000 && file.units == "full scale")
    var blocks: [Int] = []
    try file.channel(0).forEachBlock { first, samples in blocks += [first, samples.count] }
    #expect(blocks == [0, 1500])
  }

  @Test func unknownChannels_listThoseThatAre() throws {
    let file = try TraceFile(reading: Fixtures.path("traces/trace16.wav"))
    let error = #expect(throws: CodecError.self) { try file.channel(2) }
    #expect(error?.what == "unknown channel 2" && error?.remedy == "choose from 0, 1")
  }

  @Test func recordingsWithoutTraces_areRefused() throws {
    let error = #expect(throws: CodecError.self) {
      try TraceFile(reading: Fixtures.path("traces/spikes.h5"))
    }
    #expect(error?.what == "no dataset data")
  }
}
