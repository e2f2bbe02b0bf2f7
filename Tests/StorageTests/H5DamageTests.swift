import Foundation
import Runtime
import Storage
import Testing
import TestSupport

/// Damaged files end in an error or in numbers, never in a crash or a hang.
@Suite struct H5DamageTests {
  private let folder: URL
  init() throws { folder = try Fixtures.temporaryFolder() }

  /// Reads everything a file holds.
  private func readAll(_ path: String) throws {
    let file = try H5File(reading: path)
    for path in try file.datasets() {
      let dataset = try file.dataset(path)
      switch dataset.elementKind {
      case .number: _ = try dataset.numbers(Float.self)
      case .text: _ = try dataset.texts()
      case .other: break
      }
      _ = try file.attributes(of: path)
    }
  }

  @Test(arguments: ["h5py.h5", "h5py_v110.h5", "session.nwb"])
  func truncatedFiles_areRefusedAtEveryLength(name: String) throws {
    let whole = try Data(contentsOf: URL(filePath: Fixtures.path("storage/\(name)")))
    let path = folder.appending(path: name).path
    for length in stride(from: 0, to: whole.count, by: whole.count / 150) {
      try whole.prefix(length).write(to: URL(filePath: path))
      let error = #expect(throws: CodecError.self) { try readAll(path) }
      #expect(error?.kind == .data && error?.place?.hasPrefix(path) == true)
    }
  }

  @Test func tornChunk_isAnErrorThatNamesItsDataset() throws {
    let source = Fixtures.path("storage/h5py.h5")
    let whole = try Data(contentsOf: URL(filePath: source))
    let path = folder.appending(path: "torn.h5").path
    // The compressed chunks carry checksums; zlib streams start with these two bytes.
    let starts = whole.indices.dropLast(2).filter { whole[$0] == 0x78 && whole[$0 + 1] == 0x5E }
    #expect(!starts.isEmpty)
    for start in starts.prefix(5) {
      var torn = whole
      for index in start + 2..<start + 10 { torn[index] ^= 0xFF }
      try torn.write(to: URL(filePath: path))
      let error = #expect(throws: CodecError.self) { try readAll(path) }
      #expect(error?.kind == .data && error?.place == "\(path): /chunked")
    }
  }
}
