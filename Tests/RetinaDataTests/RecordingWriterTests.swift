import Foundation
import RetinaData
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct RecordingWriterTests {
  private let folder: URL
  private let path: String
  init() throws {
    folder = try Fixtures.temporaryFolder()
    path = folder.appending(path: "written.h5").path
  }

  private func values(_ count: Int) -> [Float] { (0..<count).map { _ in .random(in: 0...50) } }

  @Test(arguments: [NumberType.uint8, .float32], [1, 7, 40])
  func writtenRecording_isReadBack(type: NumberType, block: Int) throws {
    let (frames, height, width) = (40, 3, 5)
    let movie = (0..<frames * height * width).map { _ in UInt8.random(in: 0...255) }
    let (train, test) = (values(2 * frames), values(2 * frames))
    let repeats = (0..<2).map { _ in values(3 * frames) }
    let writer = try RecordingWriter(path: path, cells: 2, frameRate: 60)
    for (name, rates) in [("train", train), ("test", test)] {
      try writer.beginSplit(name, frames: frames, height: height, width: width, as: type)
      for first in stride(from: 0, to: frames, by: block) {
        let end = min(first + block, frames)
        try writer.append(Array(movie[first * height * width..<end * height * width]))
      }
      try writer.writeResponse(rates, named: "firing_rate_10ms", units: "Hz")
      if name == "train" { try writer.writeSegmentStarts([0, 25]) }
    }
    for cell in 0..<2 { try writer.writeRepeats(repeats[cell], ofCell: cell, units: "Hz") }
    try writer.writeSpikeTimes([0.1, 0.25], ofCell: 1)
    #expect(!FileManager.default.fileExists(atPath: path))
    try writer.commit()

    let recording = try Recording(path: path)
    let split = try recording.split("train")
    #expect(split.segments == [0..<25, 25..<40])
    #expect(split.frameRate == 60 && split.frameShape == [1, height, width])
    #expect(try split.frames(0..<frames).elements == movie.map(Float.init))
    #expect(try split.rates().elements == train)
    #expect(try recording.split("test").rates().elements == test)
    #expect(try recording.split("test").repeats()?.elements == repeats[0] + repeats[1])
    #expect(try H5File(reading: path).dataset("/spikes/cell02").numbers() == [0.1, 0.25])
    let file = try H5File(reading: path)
    for dataset in try file.datasets() {
      let dataset = try file.dataset(dataset)
      #expect(try dataset.attribute("axes")?.asTexts?.count == dataset.shape.count)
      #expect(try dataset.attribute("units")?.asText != nil)
    }
  }

  @Test func droppedWriter_leavesNothing() throws {
    do {
      let writer = try RecordingWriter(path: path, cells: 1, frameRate: 50)
      try writer.beginSplit("test", frames: 9, height: 2, width: 2)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test func takenName_isRefusedUnlessForced() throws {
    try Data("precious".utf8).write(to: URL(filePath: path))
    let error = #expect(throws: CodecError.self) { try RecordingWriter(path: path, cells: 1, frameRate: 50) }
    #expect(error?.kind == .fileSystem && error?.place == path)
    let writer = try RecordingWriter(path: path, cells: 1, frameRate: 50, force: true)
    try writer.beginSplit("test", frames: 1, height: 1, width: 1)
    try writer.append([UInt8(7)])
    try writer.writeResponse([Float(1)], named: "firing_rate_10ms", units: "Hz")
    try writer.commit()
    #expect(try Recording(path: path).split("test").frames(0..<1).elements == [7])
  }
}
