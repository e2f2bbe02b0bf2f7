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

  /// A file of the `libdatafile` kind with some data and attributes.
  private func dataFile(
    _ attributes: [String: AttributeValue], values: [Int16] = [1, 2, 3, 4, 5, 6], shape: [Int] = [2, 3],
    ofFile: [String: AttributeValue] = [:]
  ) throws -> String {
    let path = try Fixtures.temporaryFolder().appending(path: "data.h5").path
    let file = try H5File(creating: path)
    let data = try file.write(values, shape: shape, to: "/data")
    for (name, value) in attributes { try data.setAttribute(name, to: value) }
    for (name, value) in ofFile { try file.setAttribute(name, to: value) }
    try file.flush()
    return path
  }

  @Test func attributesOfTheFile_holdWhereTheDatasetHasNone() throws {
    let path = try dataFile(["gain": 0.5], ofFile: ["sample-rate": 10_000, "gain": 7, "offset": -1])
    let file = try TraceFile(reading: path)
    #expect(file.channels == 2 && file.sampleCount == 3 && file.sampleRate == 10_000)
    #expect(try file.channel(1).samples(0..<3) == [1, 1.5, 2] && file.units == "V" && file.remarks.isEmpty)
  }

  @Test func withoutGain_samplesStayAsTheyAre_andThatIsSaid() throws {
    let file = try TraceFile(reading: try dataFile(["sample-rate": 10_000]))
    #expect(try file.channel(0).samples(1..<3) == [2, 3] && file.units == "stored numbers")
    #expect(file.remarks == ["data.h5 states no gain: samples are taken as they are stored"])
  }

  @Test func theRate_comesFromTheFileOrTheUser() throws {
    let path = try dataFile(["gain": 1])
    let error = #expect(throws: CodecError.self) { try TraceFile(reading: path) }
    #expect(
      error?.what == "no attribute sample-rate above zero" && error?.remedy == "give it with --sample-rate")
    #expect(try TraceFile(reading: path, sampleRate: 50).channel(0).sampleRate == 50)
    for rate in [0.0, -1, .infinity] {
      #expect(throws: CodecError.self) { try TraceFile(reading: path, sampleRate: rate) }
      let stated = try dataFile(["sample-rate": .number(rate)])
      #expect(throws: CodecError.self) { try TraceFile(reading: stated) }
    }
  }

  @Test(arguments: [
    ("gain", AttributeValue.numbers([1, 2]), "the attribute gain is [1.0, 2.0]"),
    ("gain", .text("high"), "the attribute gain is high"),
    ("offset", .number(.nan), "the attribute offset is nan"),
    ("gain", .number(0), "a gain of zero"),
  ])
  func attributesWithoutMeaning_areNamed(name: String, value: AttributeValue, what: String) throws {
    let path = try dataFile(["sample-rate": 10_000, name: value])
    let error = #expect(throws: CodecError.self) { try TraceFile(reading: path) }
    #expect(error?.kind == .data && error?.what == what && error?.place == "\(path): /data")
  }

  @Test func dataOfOtherShapes_areRefused() throws {
    let flat = try dataFile(["sample-rate": 10_000], shape: [6])
    let error = #expect(throws: CodecError.self) { try TraceFile(reading: flat) }
    #expect(error?.what == "the dataset has 1 axes (shape [6]); 2 are expected")
    let empty = try dataFile(["sample-rate": 10_000], values: [], shape: [2, 0])
    #expect(throws: CodecError.self) { try TraceFile(reading: empty).channel(0) }
  }
}
