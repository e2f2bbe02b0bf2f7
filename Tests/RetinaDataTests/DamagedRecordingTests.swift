import Foundation
import Numerics
import RetinaData
import Runtime
import Stimuli
import Storage
import TestSupport
import Testing

/// Files that are no sound recording: one clear error each, never a crash.
@Suite struct DamagedRecordingTests {
  private let folder: URL
  init() throws { folder = try Fixtures.temporaryFolder() }

  /// A recording of three cells and eight 2×2 frames that `change` spoils.
  private func recording(
    rates: [Float]? = nil, _ change: (H5File) throws -> Void = { _ in }
  ) throws -> String {
    let path = folder.appending(path: "\(UUID().uuidString).h5").path
    let file = try H5File(creating: path)
    try file.write((0..<32).map { UInt8($0) }, shape: [8, 2, 2], to: "/test/stimulus")
    try file.write((0..<8).map { Double($0) / 50 }, shape: [8], to: "/test/time")
    try file.write(rates ?? (0..<24).map(Float.init), shape: [3, 8], to: "/test/response/firing_rate_10ms")
    try change(file)
    try file.flush()
    return path
  }

  private func readAll(_ path: String) throws {
    for split in try Recording(path: path).splits {
      _ = try split.frames(0..<split.frameCount)
      _ = (try split.rates(), try split.counts(), try split.repeats())
    }
  }

  @Test func truncatedRecordings_areRefusedAtEveryLength() throws {
    let whole = try Data(contentsOf: URL(filePath: try BundledSample.recording()))
    let path = folder.appending(path: "cut.h5").path
    for length in stride(from: 0, to: whole.count, by: whole.count / 60) {
      try whole.prefix(length).write(to: URL(filePath: path))
      let error = #expect(throws: CodecError.self) { try readAll(path) }
      #expect(error?.kind == .data && error?.place?.contains(path) == true)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func responsesThatAreNoNumbers_nameCellAndFrame(bad: Float) throws {
    var rates = (0..<24).map(Float.init)
    rates[2 * 8 + 5] = bad
    let path = try recording(rates: rates)
    let error = #expect(throws: CodecError.self) { try Recording(path: path).split("test").rates() }
    #expect(error?.kind == .data && error?.place == "\(path): /test/response/firing_rate_10ms")
    #expect(error?.what == "the response of cell 2 is not finite in frame 5")
  }

  @Test func repeatsThatAreNoNumbers_nameRepeatCellAndFrame() throws {
    var joint = [Float](repeating: 1, count: 2 * 3 * 8)
    joint[(1 * 3 + 2) * 8 + 4] = .nan
    let path = try recording { try $0.write(joint, shape: [2, 3, 8], to: "/test/repeats/firing_rate_10ms") }
    let error = #expect(throws: CodecError.self) { try Recording(path: path).split("test").repeats() }
    #expect(error?.what == "the response of repeat 1, cell 2 is not finite in frame 4")
  }

  @Test func repeatsOfOtherShapes_areRefused() throws {
    for shape in [[2, 2, 8], [2, 3, 7], [3, 16]] {
      let path = try recording {
        try $0.write([Float](repeating: 1, count: shape.reduce(1, *)), shape: shape, to: "/test/repeats/any")
      }
      let error = #expect(throws: CodecError.self) { try Recording(path: path).split("test").repeats() }
      #expect(error?.place == "\(path): /test/repeats/any")
    }
    let path = try recording {
      for cell in 1...2 {
        try $0.write([Float](repeating: 1, count: 8), shape: [1, 8], to: "/test/repeats/cell0\(cell)")
      }
    }
    #expect(throws: CodecError.self) { try Recording(path: path).split("test").repeats() }
  }

  @Test func timesInMilliseconds_areNotTakenForSeconds() throws {
    let path = folder.appending(path: "ms.h5").path
    do {
      let file = try H5File(creating: path)
      try file.write((0..<32).map { UInt8($0) }, shape: [8, 2, 2], to: "/test/stimulus")
      try file.write((0..<8).map { Double($0) * 16.7 }, shape: [8], to: "/test/time")
      try file.write(Tensor(shape: [3, 8]), to: "/test/response/firing_rate_10ms")
    }
    let error = #expect(throws: CodecError.self) { try Recording(path: path) }
    #expect(error?.remedy == "are its times in seconds? --frame-rate overrides them")
    #expect(try Recording(path: path, frameRate: 60).split("test").frameRate == 60)
  }

  @Test func frameRateAttributes_mayStandWhereLaboratoriesPutThem() throws {
    for place in ["/", "/test", "/test/stimulus"] {
      let agreeing = try recording { try $0.setAttribute("frame_rate", to: 50, of: place) }
      #expect(try Recording(path: agreeing).split("test").frameRate == 50)
      let contradicting = try recording { try $0.setAttribute("frame_rate", to: 60, of: place) }
      #expect(throws: CodecError.self) { try Recording(path: contradicting) }
      let nonsense = try recording { try $0.setAttribute("frame_rate", to: "fast", of: place) }
      let error = #expect(throws: CodecError.self) { try Recording(path: nonsense) }
      #expect(error?.what == "the attribute frame_rate is fast")
    }
  }

  @Test func splitsThatDisagree_areRefused() throws {
    for (shape, cells) in [([8, 2, 3], 3), ([8, 2, 2], 4)] {
      let path = try recording {
        try $0.write(Tensor(shape: shape), to: "/train/stimulus")
        try $0.write(Tensor(shape: [cells, 8]), to: "/train/response/firing_rate_10ms")
      }
      let error = #expect(throws: CodecError.self) { try Recording(path: path) }
      #expect(error?.kind == .data && error?.place == path)
    }
  }

  @Test func otherFiles_areNoRecordings() throws {
    for name in ["modes/expected.h5", "storage/session.nwb"] {
      let error = #expect(throws: CodecError.self) { try Recording(path: Fixtures.path(name)) }
      #expect(error?.kind == .data && error?.what.hasPrefix("no group train or test") == true)
    }
    for name in ["empty.h5", "text.h5"] {
      let path = folder.appending(path: name).path
      try Data((name == "empty.h5" ? "" : "frames").utf8).write(to: URL(filePath: path))
      let error = #expect(throws: CodecError.self) { try Recording(path: path) }
      #expect(error?.kind == .data && error?.place == path)
    }
  }
}
