import Foundation
import Storage
import TestSupport
import Testing

/// `codec inspect` of files of traces made by sox, ffmpeg and h5py.
@Suite struct InspectTraceTests {
  private let program: Program

  init() throws { program = try Program() }

  @Test(arguments: [
    ("trace16.wav", "WAV (Microsoft), Signed 16 bit PCM", "full scale"), ("trace.flac", "FLAC", "full scale"),
    ("trace.w64", "W64", "full scale"), ("trace_rf64.wav", "RF64", "full scale"),
    ("trace_datafile.h5", "HDF5 of the libdatafile kind", "V"),
  ])
  func traces_areDescribed(name: String, format: String, units: String) throws {
    let outcome = try program.run("inspect", Fixtures.path("traces/\(name)"), "--json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    let found = try #require(object as? [String: Any])
    #expect((found["format"] as? String)?.contains(format) == true, "\(found["format"] ?? "none")")
    #expect(found["channels"] as? Int == 2 && found["samples"] as? Int == 1500)
    #expect(found["sampleRate"] as? Double == 20_000 && found["seconds"] as? Double == 0.075)
    #expect(found["units"] as? String == units)
    let levels = try #require(found["levels"] as? [[String: Double]])
    let stored = try NpyFile(reading: Fixtures.path("traces/trace.npy"))
    #expect(levels.count == 2)
    for (channel, level) in levels.enumerated() {
      let samples = try stored.numbers(Double.self, rows: channel..<channel + 1)
        .map { units == "V" ? 0.5 * $0 - 3 : $0 / 32768 }
      let mean = samples.reduce(0, +) / 1500
      let variance = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1500
      let expected = [
        "minimum": samples.min() ?? 0, "maximum": samples.max() ?? 0, "mean": mean,
        "deviation": variance.squareRoot(),
      ]
      for (key, value) in expected {
        #expect(abs((level[key] ?? .nan) - value) < 1e-5 * samples.map(abs).max()!, "\(key)")
      }
    }
    let words = try program.run("inspect", Fixtures.path("traces/\(name)"))
    #expect(
      words.output.hasPrefix("\(name): 2 channels at 20000 Hz, 0.075 s (1500 samples)"), "\(words.output)")
  }

  @Test func damagedTraces_areRefused() throws {
    let bytes = try Data(contentsOf: URL(filePath: Fixtures.path("traces/trace16.wav")))
    try bytes.prefix(bytes.count - 1001).write(to: URL(filePath: program.path("cut.wav")))
    let cut = try program.run("inspect", "cut.wav")
    #expect(cut.status == 65 && cut.errors.hasPrefix("error: the file is cut off: "), "\(cut.errors)")
    let missing = try program.run("inspect", "missing.wav")
    #expect(missing.status == 74 && missing.errors.contains("missing.wav"))
  }
}
