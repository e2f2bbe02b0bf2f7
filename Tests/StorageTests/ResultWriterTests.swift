import Foundation
import Numerics
import Runtime
import Storage
import Testing
import TestSupport

@Suite struct ResultWriterTests {
  private let folder: URL
  private let path: String
  private let input: String

  init() throws {
    folder = try Fixtures.temporaryFolder()
    path = folder.appending(path: "result.h5").path
    input = folder.appending(path: "recording.h5").path
    try Data("frames".utf8).write(to: URL(filePath: input))
  }

  private struct Options: Codable {
    var steps = 20
    var layers = ["conv1", "conv2"]
    var tolerance: Double? = nil
  }

  private func provenance(_ options: Options = Options(), schema: String = "contributions", seed: UInt64? = 3)
    throws
    -> Provenance
  {
    try Provenance(
      schema: schema, schemaVersion: 1, command: "codec contributions", options: options, seed: seed,
      software: "codec 0.1", inputs: [input])
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// An unfinished result with ten of twenty rows.
  private func leaveUnfinished() throws {
    let writer = try ResultWriter(path: path, provenance: try provenance())
    try writer.createDataset("/target", axes: ["sample"], units: "nat")
    try writer.append((0..<10).map { Float($0) }, to: "/target")
    try writer.flush(finishedSamples: 10)
    try writer.append([Float](repeating: -1, count: 3), to: "/target")
  }

  @Test func committedResult_holdsWhatWasWritten() throws {
    let writer = try ResultWriter(path: path, provenance: try provenance())
    #expect(!exists(path) && exists(ResultWriter.partialPath(of: path)))
    try writer.createDataset(
      "/layers/conv1/positive", rowShape: [8], axes: ["sample", "channel"], units: "nat",
      attributes: ["layer": "conv1"])
    let rows = Tensor(shape: [700, 8], elements: (0..<5600).map { _ in .random(in: 0...1) })
    try writer.append(rows.rows(0..<1), to: "/layers/conv1/positive")
    try writer.append(rows.rows(1..<700), to: "/layers/conv1/positive")
    #expect(writer.rows(of: "/layers/conv1/positive") == 700)
    try writer.createDataset("/never", .int64, axes: ["sample"], units: "1")
    try writer.write(
      Matrix(rows: 2, columns: 2, elements: [1, 2, 3, 4]), to: "/covariance", axes: ["cell", "cell"],
      units: "Hz²")
    try writer.write([1.5], shape: [], to: "/rank", axes: [], units: "1")
    try writer.write(["old"], to: "/names", axes: ["cell"])
    try writer.write(["a", "µ"], to: "/names", axes: ["cell"])
    try writer.write([1, 2], shape: [2], to: "/ids", as: .int32, axes: ["cell"], units: "1")
    try writer.setAttribute("r2", to: 0.5, of: "/layers/conv1")
    try writer.setAttribute("bad", to: .numbers([.nan, .infinity]))
    try writer.commit()
    #expect(exists(path) && !exists(ResultWriter.partialPath(of: path)))

    let file = try H5File(reading: path)
    let dataset = try file.dataset("/layers/conv1/positive")
    #expect(try dataset.tensor() == rows && dataset.chunk != nil)
    #expect(try dataset.attribute("axes") == .texts(["sample", "channel"]))
    #expect(try dataset.attribute("units") == "nat" && dataset.attribute("layer") == "conv1")
    #expect(try file.dataset("/never").shape == [0])
    #expect(try file.dataset("/covariance").matrix().elements == [1, 2, 3, 4])
    #expect(try file.dataset("/rank").number(Double.self) == 1.5)
    #expect(try file.dataset("/names").texts() == ["a", "µ"])
    #expect(try file.dataset("/ids").elementKind == .number(isInteger: true, size: 4))
    #expect(try file.attribute("r2", of: "/layers/conv1") == 0.5)
    let bad = try file.attribute("bad")?.asNumbers
    #expect(bad?[0].isNaN == true && bad?[1] == .infinity)
    #expect(try Provenance(of: file, schema: "contributions", version: 1) == writer.provenance)
  }

  @Test func resumedResult_goesOnFromTheLastFlush() throws {
    try leaveUnfinished()
    let writer = try ResultWriter(path: path, provenance: try provenance(), resume: true)
    #expect(writer.isResumed && writer.finishedSamples == 10)
    try writer.createDataset("/target", axes: ["sample"], units: "nat")
    #expect(writer.rows(of: "/target") == 10)
    try writer.append((10..<20).map { Float($0) }, to: "/target")
    try writer.flush(finishedSamples: 20)
    try writer.commit()
    #expect(try H5File(reading: path).dataset("/target").numbers() == (0..<20).map { Float($0) })
  }

  @Test func unfinishedResult_saysHowFarItGot() throws {
    try leaveUnfinished()
    let unfinished = try UnfinishedResult(reading: ResultWriter.partialPath(of: path))
    #expect(unfinished?.finishedSamples == 10)
    #expect(try unfinished?.provenance.firstDifference(from: provenance()) == nil)
    #expect(try UnfinishedResult(reading: Fixtures.path("modes/expected.h5")) == nil)
  }

  @Test func resumeWithNothingThere_starts() throws {
    let writer = try ResultWriter(path: path, provenance: try provenance(), resume: true)
    #expect(!writer.isResumed && writer.finishedSamples == 0)
  }

  @Test func resumeOfAnotherRun_saysWhatDiffers() throws {
    try leaveUnfinished()
    let same = try provenance()
    try Data("other".utf8).write(to: URL(filePath: input))
    let cases: [(Provenance, String)] = [
      (try provenance(), "the input recording.h5 has changed since"),
      (
        {
          var other = same; other.schema = "modes"; return other
        }(), "the schema was contributions, now modes"
      ),
      (
        {
          var other = same; other.seed = nil; return other
        }(), "the seed was 3, now none"
      ),
      (
        {
          var other = same; other.software = "codec 0.2"; return other
        }(), "the software was codec 0.1, now codec 0.2"
      ),
      (
        {
          var other = same; other.inputs = []; return other
        }(), "there were 1 inputs, now 0"
      ),
      (
        {
          var other = same; other.options = #"{"layers":["conv1","conv2"],"steps":40}"#; return other
        }(),
        "option steps was 20, now 40"
      ),
      (
        {
          var other = same; other.options = #"{"layers":["conv1"],"steps":20}"#; return other
        }(),
        "option layers was [conv1, conv2], now [conv1]"
      ),
    ]
    for (provenance, difference) in cases {
      let error = #expect(throws: CodecError.self) {
        try ResultWriter(path: path, provenance: provenance, resume: true)
      }
      #expect(error?.kind == .usage)
      #expect(error?.what == "the unfinished result comes from another run: \(difference)")
    }
    // The refusals left the unfinished result as it was; when and by which command line it was begun does not matter.
    var later = same
    (later.created, later.command) = ("2000-01-01T00:00:00Z", "codec contributions --resume")
    let writer = try ResultWriter(path: path, provenance: later, resume: true)
    #expect(writer.finishedSamples == 10 && writer.provenance == same)
  }

  @Test func existingFiles_areNotOverwrittenUnlessForced() throws {
    try leaveUnfinished()
    let unfinished = #expect(throws: CodecError.self) {
      try ResultWriter(path: path, provenance: try provenance())
    }
    #expect(unfinished?.kind == .fileSystem && unfinished?.place == ResultWriter.partialPath(of: path))
    let again = try ResultWriter(path: path, provenance: try provenance(), force: true)
    #expect(again.finishedSamples == 0)
    try again.commit()
    let digest = try FileDigest.sha256(ofFile: path)
    for resume in [false, true] {
      let taken = #expect(throws: CodecError.self) {
        try ResultWriter(path: path, provenance: try provenance(), resume: resume)
      }
      #expect(taken?.kind == .fileSystem && taken?.place == path)
    }
    do {
      let forced = try ResultWriter(path: path, provenance: try provenance(), force: true)
      try forced.write([1], shape: [1], to: "/x", axes: ["x"], units: "1")
      #expect(
        try FileDigest.sha256(ofFile: path) == digest, "the old result stays until the new one is complete")
      try forced.commit()
    }
    #expect(try H5File(reading: path).dataset("/x").numbers(Int.self) == [1])
  }

  @Test func twoRuns_doNotWriteOneResult() throws {
    let first = try ResultWriter(path: path, provenance: try provenance())
    let error = #expect(throws: CodecError.self) {
      try ResultWriter(path: path, provenance: try provenance(), resume: true)
    }
    #expect(error?.what == "another run is writing this result" && error?.kind == .fileSystem)
    try first.flush(finishedSamples: 0)
  }

  @Test func runThatEndsBeforeItsFirstFlush_leavesNothing() throws {
    do { _ = try ResultWriter(path: path, provenance: try provenance()) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["recording.h5"])
  }

  @Test(arguments: ["/proc/result.h5", "/nowhere/result.h5", "recording.h5/result.h5"])
  func folderThatRefuses_isFoundBeforeTheWork(path: String) throws {
    let path = path.hasPrefix("/") ? path : folder.appending(path: path).path
    let error = #expect(throws: CodecError.self) {
      try ResultWriter(path: path, provenance: try provenance())
    }
    #expect(error?.kind == .fileSystem && error?.place == ResultWriter.partialPath(of: path))
    #expect(!exists(path))
  }

  @Test(.enabled(if: getuid() != 0, "the superuser may write everywhere"))
  func readOnlyFolder_isAnError() throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path) }
    let error = #expect(throws: CodecError.self) {
      try ResultWriter(path: path, provenance: try provenance())
    }
    #expect(error?.remedy == "Permission denied")
  }

  @Test func tornUnfinishedResult_keepsItsSoundPart() throws {
    try leaveUnfinished()
    do {
      let writer = try ResultWriter(path: path, provenance: try provenance(), resume: true)
      try writer.append([Float](repeating: 1, count: 100), to: "/target")
      try writer.flush(finishedSamples: 110)
    }
    let partial = URL(filePath: ResultWriter.partialPath(of: path))
    let whole = try Data(contentsOf: partial)
    var found: Set<Int> = []
    for length in stride(from: 0, through: whole.count, by: 1) {
      try whole.prefix(length).write(to: partial)
      let writer = try ResultWriter(path: path, provenance: try provenance(), resume: true)
      found.insert(writer.finishedSamples)
      try writer.flush(finishedSamples: writer.finishedSamples)
    }
    #expect(found == [0, 10, 110])
    // A damaged byte ends the sound part too.
    for index in stride(from: 0, to: whole.count, by: 7) {
      var damaged = whole
      damaged[index] ^= 0x10
      try damaged.write(to: partial)
      let writer = try? ResultWriter(path: path, provenance: try provenance(), resume: true)
      if let writer { #expect(writer.rows(of: "/target") == writer.finishedSamples) }
      try writer?.flush(finishedSamples: 0)
    }
  }

  @Test func otherFiles_areNotResults() throws {
    let error = #expect(throws: CodecError.self) {
      try Provenance(of: try H5File(reading: Fixtures.path("modes/expected.h5")))
    }
    #expect(error?.what == "not a result file")
    let writer = try ResultWriter(path: path, provenance: try provenance(schema: "modes"))
    try writer.commit()
    let file = try H5File(reading: path)
    #expect(throws: CodecError.self) { try Provenance(of: file, schema: "contributions") }
    #expect(throws: CodecError.self) { try Provenance(of: file, schema: "modes", version: 0) }
    #expect(try Provenance(of: file, schema: "modes", version: 1).inputs == writer.provenance.inputs)
  }
}
