import Foundation
import Numerics
import RetinaData
import Runtime
import Stimuli
import Storage
import TestSupport
import Testing

/// The rules of `Tests/Fixtures/formats/make.py`.
enum FormatTruth {
  static func pixels(_ frames: some Sequence<Int>) -> [Float] {
    frames.flatMap { time in (0..<6).flatMap { y in (0..<8).map { x in Float((7 * time + 3 * y + x) % 256) } }
    }
  }

  /// Spikes of cells 0, 1, 2 in each of 60 frames at 50 Hz from 0.1 s on, `[cell, time]`.
  static var counts: [Float] {
    (0..<3).flatMap { cell in
      (0..<60).map { frame in
        let times = (0..<40).map { 0.013 * Double($0 + 1) * Double(cell + 1) }
        let (from, to) = (0.1 + Double(frame) / 50, 0.1 + Double(frame + 1) / 50)
        return Float(times.filter { $0 >= from - 1e-9 && $0 < to - 1e-9 }.count)
      }
    }
  }

  static func path(_ name: String) -> String { Fixtures.path("formats/\(name)") }
}

@Suite struct FormatTests {
  /// Frames and counts of both splits, one after the other.
  private func whole(_ recording: Recording) throws -> (pixels: [Float], counts: [Float]) {
    let (train, test) = (try recording.split("train"), try recording.split("test"))
    let pixels = try [train, test].flatMap { try $0.frames(0..<$0.frameCount).elements }
    let counts = try (#require(try train.counts()), #require(try test.counts()))
    return (pixels, (0..<3).flatMap { counts.0.row($0) + counts.1.row($0) })
  }

  @Test(arguments: ["session.nwb", "turned.nwb", "session.npz"])
  func sessionsOfOthers_giveFramesAndCountsByCell(name: String) throws {
    let recording = try RecordingFile.open(FormatTruth.path(name))
    #expect(recording.cellIDs == [10, 11, 12])
    let test = try recording.split("test")
    #expect(test.frameCount == 12 && abs(test.frameRate! - 50) < 1e-6)
    #expect(abs(test.times![0] - (0.1 + 48.0 / 50)) < 1e-9)
    let (pixels, counts) = try whole(recording)
    #expect(pixels == FormatTruth.pixels(0..<60))
    #expect(counts.reduce(0, +) == FormatTruth.counts.reduce(0, +))
    // Spikes that fall on a frame's onset may round to either side.
    let apart = zip(counts, FormatTruth.counts).filter { $0 != $1 }.count
    #expect(apart <= 4)
    #expect(recording.splits[0].remarks.contains { $0.contains("outside the movie") })
  }

  @Test func indicesIntoTemplates_areFollowed() throws {
    let test = try RecordingFile.open(FormatTruth.path("indexed.nwb")).split("test")
    #expect(try test.frames(0..<12).elements == FormatTruth.pixels((48..<60).map { $0 * 3 % 10 }))
  }

  @Test func missingExternalMovie_isNamed() throws {
    let error = #expect(throws: CodecError.self) { try RecordingFile.open(FormatTruth.path("external.nwb")) }
    #expect(error?.kind == .data && error?.what == "the external movie film.mkv is missing")
    #expect(error?.remedy?.contains("--movie") == true)
  }

  @Test func openRetinaSession_isReadBySplits() throws {
    var options = RecordingFile.Options()
    options.frameRate = 30
    let recording = try RecordingFile.open(FormatTruth.path("openretina/session.h5"), options)
    let (train, test) = (try recording.split("train"), try recording.split("test"))
    #expect(train.frameCount == 60 && test.frameCount == 20 && test.frameRate == 30)
    #expect(try train.frames(5..<9).elements == FormatTruth.pixels(5..<9))
    #expect(try test.rates().elements == (0..<60).map(Float.init))
  }

  @Test func importedRecording_isTheSameInTheLayout() throws {
    let path = try Fixtures.temporaryFolder().appending(path: "recording.h5").path
    let session = try RecordingFile.open(FormatTruth.path("session.nwb"))
    let provenance = try Provenance(
      schema: "recording", schemaVersion: 1, command: "test", options: ["a": "b"], seed: nil,
      software: "test",
      inputs: [])
    try RecordingWriter.write(session, provenance: provenance, to: path)
    let written = try Recording(path: path)
    #expect(written.cellIDs == [10, 11, 12])
    for (one, other) in zip(session.splits, written.splits) {
      #expect(try one.frames(0..<one.frameCount) == other.frames(0..<other.frameCount))
      #expect(try one.rates() == other.rates() && one.counts() == other.counts())
      #expect(one.times == other.times && one.segments == other.segments)
    }
  }
}

@Suite struct RecordingPartsTests {
  private let folder: URL
  init() throws { folder = try Fixtures.temporaryFolder() }

  /// A movie in which the clip of frames 0..<10 is shown at 20 and 40 again.
  private func movie() throws -> Movie {
    let path = folder.appending(path: "movie.npy").path
    let pixels = FormatTruth.pixels(
      (0..<60).map { (20..<30).contains($0) ? $0 - 20 : (40..<50).contains($0) ? $0 - 40 : $0 })
    try NpyFile.write(Tensor(shape: [60, 6, 8], elements: pixels), to: path)
    return try MovieFile.open(path)
  }

  private func parts(_ times: [Double], onsets: Int = 60) throws -> RecordingParts {
    RecordingParts(
      name: "made", movie: try movie(), onsets: (0..<onsets).map { Double($0) / 10 },
      responses: .spikes([try SpikeTrain(cell: 4, times: times)]))
  }

  @Test func repeats_areStackedAndAveraged() throws {
    var parts = try parts([0.05, 2.05, 2.07, 3.5, 4.95])
    parts.test = .repeats(starts: [0, 20, 40], frames: 10)
    let recording = try parts.recording()
    let (train, test) = (try recording.split("train"), try recording.split("test"))
    #expect(train.frameCount == 30 && train.segments == [0..<10, 10..<20, 20..<30])
    #expect(try train.frames(10..<12).elements == FormatTruth.pixels(30..<32))
    #expect(try train.counts()?.elements.firstIndex(of: 1) == 15)
    let repeats = try #require(try test.repeats())
    #expect(repeats.shape == [1, 3, 10])
    #expect(repeats.elements[0] == 1 && repeats.elements[10] == 2 && repeats.elements[29] == 1)
    #expect(try test.counts()?.elements[0] == 1)
    parts.test = .repeats(starts: [0, 20, 41], frames: 10)
    let error = #expect(throws: CodecError.self) { try parts.recording() }
    #expect(error?.what.contains("at frame 41 is not the one at frame 0") == true)
  }

  @Test func movieShorterThanItsTimes_isAnErrorOrReported() throws {
    var parts = try parts([1], onsets: 63)
    let error = #expect(throws: CodecError.self) { try parts.recording() }
    #expect(error?.what == "the movie has 60 frames, but there are 63 frame times")
    parts.repairs = true
    let recording = try parts.recording()
    #expect(recording.splits.reduce(0) { $0 + $1.frameCount } == 60)
    #expect(recording.splits[0].remarks.contains { $0.contains("only the first 60") })
  }

  @Test func clocksThatDisagree_areRefused() throws {
    let error = #expect(throws: CodecError.self) {
      try parts((0..<50).map { 1000 + 100 * Double($0) }).recording()
    }
    #expect(
      error?.what.contains("50 of 50 spikes") == true && error?.remedy?.contains("--spike-unit") == true)
  }

  @Test func silentCellsAndSpikesOutside_areListed() throws {
    let silent = RecordingParts(
      name: "made", movie: try movie(), onsets: (0..<60).map { Double($0) / 10 },
      responses: .spikes(
        [try SpikeTrain(cell: 1, times: []), try SpikeTrain(cell: 2, times: [1, 2, 99])]))
    let remarks = try silent.recording().splits[0].remarks
    #expect(remarks.contains("no spikes during the movie: cells 1"))
    #expect(remarks.contains("spikes outside the movie are not counted (cell: spikes) 2: 1"))
  }

  @Test func gapsBetweenFrames_makeSegments() throws {
    var parts = try parts([1])
    parts.onsets = (0..<60).map { Double($0) / 10 + ($0 >= 20 ? 3 : 0) }
    let recording = try parts.recording()
    #expect(try recording.split("train").segments == [0..<20, 20..<48])
    #expect(recording.splits[0].remarks.contains { $0.contains("1 gaps between frames") })
  }

  @Test(arguments: [
    ("cell,time\n3,0.5\n1,0.25\n3,0.75\n", [1: [0.25], 3: [0.5, 0.75]]),
    ("0.5\t3\n0.25\t1\n0.75\t3\n", [1: [0.25], 3: [0.5, 0.75]]),
    ("# a comment\n0.1 0.2 0.3\n0.15\n", [0: [0.1, 0.2, 0.3], 1: [0.15]]),
  ])
  func spikeLists_areRead(text: String, expected: [Int: [Double]]) throws {
    let path = folder.appending(path: "spikes.txt")
    try text.write(to: path, atomically: true, encoding: .utf8)
    let trains = try SpikeFile(reading: path.path).trains
    #expect(Dictionary(uniqueKeysWithValues: trains.map { ($0.cell, $0.times) }) == expected)
  }

  @Test(arguments: ["cell,time\n0,-1\n0,0.5\n", "cell,time\n0,2\n0,0.5\n", "cell,time\n0,nan\n0,0.5\n"])
  func badSpikes_areNamed_andMendedOnRequest(text: String) throws {
    let path = folder.appending(path: "spikes.csv")
    try text.write(to: path, atomically: true, encoding: .utf8)
    let error = #expect(throws: CodecError.self) { try SpikeFile(reading: path.path) }
    #expect(error?.kind == .data && error?.description.contains("cell 0") == true)
    let mended = try SpikeFile(reading: path.path, repair: true)
    #expect(mended.remarks.count == 1 && mended.trains[0].times.first == 0.5)
  }

  @Test func listsWithoutMeaning_areRefused() throws {
    for text in ["", "1 2\n3 4\n", "cell,time\nx,1\n", "a,b\n1,2\n"] {
      let path = folder.appending(path: "spikes.txt")
      try text.write(to: path, atomically: true, encoding: .utf8)
      let error = #expect(throws: CodecError.self) { try SpikeFile(reading: path.path) }
      #expect(error?.kind == .data)
    }
  }

  @Test func cropAndSquares_areMeans() throws {
    let movie = try movie().cropped(y: 1..<6, x: 2..<8, block: 2)
    #expect(movie.frameShape == [1, 2, 3] && movie.remarks.count == 1)
    let frame = try movie.frames(3..<4).elements
    let whole = FormatTruth.pixels([3])
    var expected: [Float] = []
    for y in 0..<2 {
      for x in 0..<3 {
        let first = (1 + 2 * y) * 8 + 2 + 2 * x
        let sum: Float = whole[first] + whole[first + 1] + whole[first + 8] + whole[first + 9]
        expected.append(sum / 4)
      }
    }
    #expect(frame == expected)
    #expect(throws: CodecError.self) { try movie.cropped(y: 0..<9) }
  }
}
