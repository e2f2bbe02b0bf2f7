import Foundation
import Numerics
import RetinaData
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct RecordingTests {
  /// A small recording of two cells and twelve 2×3 frames; `change` alters it before it is closed.
  private func recording(_ change: (H5File) throws -> Void = { _ in }) throws -> String {
    let path = try Fixtures.temporaryFolder().appending(path: "small.h5").path
    let file = try H5File(creating: path)
    try file.write((0..<72).map(Float.init), shape: [12, 2, 3], to: "/test/stimulus")
    try file.write((0..<12).map { Double($0) / 50 }, shape: [12], to: "/test/time")
    try file.write((0..<24).map(Float.init), shape: [2, 12], to: "/test/response/firing_rate_5ms")
    try change(file)
    try file.flush()
    return path
  }

  @Test func bundledRecording_isReadWhole() throws {
    let recording = try Recording(path: try BundledSample.recording())
    #expect(recording.splits.map(\.splitName) == ["train", "test"])
    #expect(recording.cellIDs == Array(0..<9))
    #expect(recording.cellTypes() == [0, 1, 2, 0, 1, 2, 0, 1, 2])
    let test = try recording.split("test")
    #expect(test.frameRate == 100)
    #expect(test.segments == [0..<900])
    #expect(test.frameShape == [1, 24, 24])
    #expect(test.rateName == "firing_rate_10ms")
    let rates = try test.rates()
    #expect(rates.shape == [9, 900])
    // The file's counts are sums over the six repeats.
    let repeats = try #require(try test.repeats())
    #expect(repeats.shape == [9, 6, 900])
    let counts = try #require(try test.counts())
    for index in stride(from: 0, to: counts.count, by: 97) {
      let (cell, frame) = (index / 900, index % 900)
      let sum = (0..<6).map { repeats.elements[(cell * 6 + $0) * 900 + frame] }.reduce(0, +)
      #expect(sum == counts.elements[index])
    }
  }

  @Test func frames_areThoseOfTheFile() throws {
    let split = try Recording(path: recording()).split("test")
    #expect(try split.frames(3..<5) == Tensor(shape: [2, 1, 2, 3], elements: (18..<30).map(Float.init)))
    #expect(abs(split.frameRate! - 50) < 1e-9)
    #expect(split.rateName == "firing_rate_5ms")
  }

  @Test func jointRepeats_areOrderedByCell() throws {
    let path = try recording {
      try $0.write((0..<72).map(Float.init), shape: [3, 2, 12], to: "/test/repeats/firing_rate_5ms")
    }
    let repeats = try #require(try Recording(path: path).split("test").repeats())
    #expect(repeats.shape == [2, 3, 12])
    // Cell 1, repeat 2, frame 5 is row 2, column 1 of the file.
    #expect(repeats.elements[(1 * 3 + 2) * 12 + 5] == Float((2 * 2 + 1) * 12 + 5))
  }

  @Test func severalRates_needAChoice() throws {
    let path = try recording {
      try $0.write((0..<24).map { Float($0) * 2 }, shape: [2, 12], to: "/test/response/firing_rate_20ms")
    }
    #expect(throws: CodecError.self) { try Recording(path: path) }
    let chosen = try Recording(path: path, rate: "20ms").split("test")
    #expect(try chosen.rates().elements[3] == 6)
    #expect {
      _ = try Recording(path: path, rate: "8ms")
    } throws: {
      "\($0)".contains("unknown rate 8ms") && "\($0)".contains("firing_rate_5ms, firing_rate_20ms")
    }
  }

  @Test func gapsInTime_splitSegments_andAreRemarked() throws {
    let path = try recording {
      let times = (0..<12).map { Double($0) / 50 + ($0 >= 7 ? 1 : 0) }
      try $0.write(times, shape: [12], to: "/train/time")
      try $0.write((0..<72).map(Float.init), shape: [12, 2, 3], to: "/train/stimulus")
      try $0.write((0..<24).map(Float.init), shape: [2, 12], to: "/train/response/firing_rate_5ms")
      try $0.write([0, 4], shape: [2], to: "/train/segment_start")
    }
    let train = try Recording(path: path).split("train")
    #expect(train.segments == [0..<4, 4..<7, 7..<12])
    #expect(train.remarks.count == 1)
    #expect(train.remarks[0].contains("before frame 7"))
  }

  @Test func contradictoryFrameRates_areRefused_unlessGiven() throws {
    let path = try recording { try $0.setAttribute("frame_rate", to: .number(100)) }
    #expect {
      _ = try Recording(path: path)
    } throws: {
      "\($0)".contains("--frame-rate") && "\($0)".contains("100")
    }
    #expect(try Recording(path: path, frameRate: 50).split("test").frameRate == 50)
  }

  /// A recording with one fault; what the error must name is its place.
  private func brokenRecording(_ fault: String) throws -> String {
    let path = try Fixtures.temporaryFolder().appending(path: "broken.h5").path
    let file = try H5File(creating: path)
    if fault != "noStimulus" {
      let pixels = (0..<48).map { fault == "nan" && $0 == 30 ? Float.nan : Float($0) }
      try file.write(pixels, shape: fault == "wrongRank" ? [6, 8] : [4, 3, 4], to: "/test/stimulus")
    }
    let rates = Tensor(shape: [2, fault == "wrongLength" ? 5 : 4], repeating: 1)
    try file.write(rates, to: "/test/response/firing_rate_10ms")
    if fault == "fewTimes" { try file.write([0.0, 0.1], shape: [2], to: "/test/time") }
    if fault == "badSegments" { try file.write([0, 3, 2], shape: [3], to: "/test/segment_start") }
    try file.flush()
    return path
  }

  @Test(arguments: [
    ("wrongLength", "/test/response/firing_rate_10ms"), ("wrongRank", "/test/stimulus"),
    ("noStimulus", "/test/stimulus"), ("nan", "frame 2"), ("badSegments", "/test/segment_start"),
    ("fewTimes", "/test/time"),
  ])
  func brokenStructure_isNamed(fault: String, place: String) throws {
    let path = try brokenRecording(fault)
    #expect {
      _ = try Recording(path: path).split("test").frames(0..<4)
    } throws: {
      ($0 as? CodecError)?.kind == .data && "\($0)".contains(place) && "\($0)".contains("broken.h5")
    }
  }

  @Test func movingBar_hasItsSegments() throws {
    let path = Fixtures.shared("recordings/moving_bar.h5")
    guard let path else { return }
    let train = try Recording(path: path).split("train")
    #expect(train.segments.count == 50)
    #expect(train.segments.reduce(0) { $0 + $1.count } == 108_000)
    #expect(train.frameShape == [1, 1, 31])
    #expect(train.rateName == "firing_rate_16ms")
    #expect(train.frameRate == 60)
  }
}
