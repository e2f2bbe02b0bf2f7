import Foundation
import Runtime
import Storage
import TestSupport
import Testing

/// On files written by sox and ffmpeg (`scripts/fixtures/audio.py`).
@Suite struct AudioFileTests {
  private static func path(_ name: String) -> String { Fixtures.path("traces/\(name)") }

  /// `[channel, sample]`
  private func stored() throws -> [[Float]] {
    let array = try NpyFile(reading: Self.path("trace.npy"))
    return try (0..<2).map { try array.numbers(Float.self, rows: $0..<$0 + 1) }
  }

  @Test(arguments: [
    "trace16.wav", "trace24.wav", "trace_float.wav", "trace.flac", "trace.w64", "trace_rf64.wav",
  ]) func everyContainer_givesTheSameSamples(name: String) throws {
    let file = try AudioFile(reading: Self.path(name))
    #expect(file.channels == 2 && file.sampleCount == 1500 && file.sampleRate == 20_000)
    let expected = try stored()
    for channel in [1, 0] {
      // Out of order, then in order.
      let end = try file.samples(700..<1500, channel: channel)
      let start = try file.samples(0..<300, channel: channel) + file.samples(300..<700, channel: channel)
      #expect(start + end == expected[channel].map { $0 / 32768 })
    }
  }

  @Test(arguments: [
    ("adpcm.wav", "samples are encoded as IMA ADPCM, which changes them"),
    ("wma.wav", "cannot read the audio file"), ("trace.npy", "cannot read the audio file"),
  ]) func otherEncodings_areRefused(name: String, what: String) {
    let error = #expect(throws: CodecError.self) { try AudioFile(reading: Self.path(name)) }
    #expect(error?.kind == .data && error?.what == what && error?.place == Self.path(name))
  }

  @Test(arguments: ["trace16.wav", "trace.w64", "trace_rf64.wav"]) func cutOffFile_isRefused(name: String)
    throws
  {
    let bytes = try Data(contentsOf: URL(filePath: Self.path(name)))
    let cut = try Fixtures.temporaryFolder().appending(path: name)
    try bytes.prefix(bytes.count - 1001).write(to: cut)
    let error = #expect(throws: CodecError.self) { try AudioFile(reading: cut.path) }
    #expect(
      error?.what.hasPrefix("the file is cut off: ") == true && error?.what.contains(" of 6000 bytes") == true
    )
    // The header alone.
    try bytes.prefix(20).write(to: cut)
    #expect(throws: CodecError.self) { try AudioFile(reading: cut.path) }
    try Data().write(to: cut)
    #expect(throws: CodecError.self) { try AudioFile(reading: cut.path) }
  }

  @Test func cutOffFLAC_isNoticedWhenRead() throws {
    let bytes = try Data(contentsOf: URL(filePath: Self.path("trace.flac")))
    let cut = try Fixtures.temporaryFolder().appending(path: "cut.flac")
    try bytes.prefix(bytes.count / 2).write(to: cut)
    let error = #expect(throws: CodecError.self) {
      let file = try AudioFile(reading: cut.path)
      _ = try file.samples(0..<file.sampleCount, channel: 0)
    }
    #expect(error?.kind == .data)
  }

  @Test func lengthUnknownToAPipe_isThatOfTheFile() throws {
    var bytes = try Data(contentsOf: URL(filePath: Self.path("trace16.wav")))
    let data = try #require(bytes.range(of: Data("data".utf8)))
    bytes.replaceSubrange(data.upperBound..<data.upperBound + 4, with: [0xFF, 0xFF, 0xFF, 0xFF])
    let piped = try Fixtures.temporaryFolder().appending(path: "piped.wav")
    try bytes.write(to: piped)
    #expect(try AudioFile(reading: piped.path).sampleCount == 1500)
  }

  @Test func missingFile_isTheFileSystemsError() {
    let error = #expect(throws: CodecError.self) { try AudioFile(reading: "/nowhere/trace.wav") }
    #expect(error?.kind == .fileSystem)
  }
}
