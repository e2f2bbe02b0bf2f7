import Foundation
import Runtime

/// The unfinished form of a result: a log that is only ever appended to, so that a run killed at any moment leaves
/// a readable file.
///
/// An HDF5 file that is being written is not: its metadata are spread over the file and updated in place, and a kill
/// between two of those writes makes all of it unreadable. Here each record carries its length and a checksum; a
/// reader goes to the last checkpoint before the first torn record and drops what follows. Numbers are in the
/// processor's byte order, uncompressed; the HDF5 file is written in one go when the run is complete.
final class ResultJournal {
  /// What a record is; its payload follows.
  enum Kind: UInt32 {
    /// JSON of the provenance; the first record.
    case provenance = 1
    /// JSON of a dataset; later records speak of it by its number in the order of definition.
    case dataset
    /// Numbers: a byte that is the index of their type, then whole rows.
    case numbers
    /// JSON of the texts of a dataset.
    case texts
    /// JSON of an attribute of an object.
    case attribute
    /// Eight bytes: the number of finished samples.
    case checkpoint
  }

  /// One record: kind, the dataset it is about (or 0), the byte after it.
  struct Record {
    let kind: Kind
    let dataset: Int
    let end: Int
  }

  static let magic = Array("codec-partial-1\n".utf8)
  private static let headerSize = 24

  let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  /// Length of the file with the buffer.
  private(set) var end: Int
  /// Whether the file is worth going on with; otherwise it goes with its writer.
  var isWorthKeeping = false

  /// Opens or makes the file and keeps other runs out until closed.
  /// - Throws: `CodecError` of kind `fileSystem` where the folder refuses or another run writes the same result.
  init(path: String) throws {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw CodecError.system("cannot write results there", at: path)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw CodecError(
        .fileSystem, "another run is writing this result", at: path, remedy: "wait for its end")
    }
    end = 0
  }

  deinit {
    if !isWorthKeeping { unlink(path) }
    // A child process on its way to another program shares the lock until it gets there; unlocking ends it for all.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Forgets everything and begins anew.
  func restart() throws {
    try truncate(to: 0)
    buffer = Self.magic
    end = buffer.count
  }

  /// Drops everything from a byte on.
  func truncate(to length: Int) throws {
    buffer = []
    end = length
    guard ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, off_t(length), SEEK_SET) >= 0 else {
      throw CodecError.system("cannot write the unfinished result", at: path)
    }
  }

  /// Appends a record; it reaches the file when a megabyte is waiting or at `flush`.
  func append(
    _ kind: Kind, dataset: Int = 0, prefix: [UInt8] = [], _ payload: UnsafeRawBufferPointer
  ) throws {
    let length = prefix.count + payload.count
    buffer.reserveCapacity(buffer.count + Self.headerSize + length)
    let start = buffer.count
    for word in [kind.rawValue, UInt32(dataset)] { withUnsafeBytes(of: word) { buffer += $0 } }
    for word in [UInt64(length), 0] { withUnsafeBytes(of: word) { buffer += $0 } }
    buffer += prefix
    buffer += payload
    let sum = buffer.withUnsafeBytes { Self.checksum(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    withUnsafeBytes(of: sum) { bytes in
      for (index, byte) in bytes.enumerated() { buffer[start + 16 + index] = byte }
    }
    end += buffer.count - start
    if buffer.count >= 1 << 20 { try flush() }
  }

  /// Appends a record of JSON.
  func append(_ kind: Kind, dataset: Int = 0, json: some Encodable) throws {
    try Array(try JSONText.encode(json).utf8).withUnsafeBytes { try append(kind, dataset: dataset, $0) }
  }

  /// Hands everything to the operating system, where it outlives this process.
  func flush() throws {
    do { try AtomicFile.writeAll(buffer, to: descriptor, at: path) } catch let error as CodecError {
      throw CodecError(
        .fileSystem, "cannot write the unfinished result", at: path,
        remedy: "\(error.remedy ?? "the disk refuses"); --resume goes on with it later")
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Calls `body` with each sound record and its payload in order, until the first torn one or the end.
  /// - Returns: the byte after the last sound record; nil where the file does not begin as a journal.
  @discardableResult
  func scan(_ body: (Record, UnsafeRawBufferPointer) throws -> Void) throws -> Int? {
    try Self.scan(path, body)
  }

  /// What the file holds up to its last checkpoint and the byte after that; nil where there is none to go on from.
  static func lastCheckpoint(
    in path: String
  ) throws -> (provenance: Provenance, finishedSamples: Int, end: Int)? {
    var provenance: Provenance?
    var last: (samples: Int, end: Int)?
    try scan(path) { record, payload in
      switch record.kind {
      case .provenance:
        provenance = try? JSONText.decode(Provenance.self, String(decoding: payload, as: UTF8.self))
      case .checkpoint: last = (Int(payload.loadUnaligned(as: UInt64.self)), record.end)
      case .dataset, .numbers, .texts, .attribute: break
      }
    }
    guard let provenance, let last else { return nil }
    return (provenance, last.samples, last.end)
  }

  @discardableResult
  private static func scan(
    _ path: String, _ body: (Record, UnsafeRawBufferPointer) throws -> Void
  ) throws -> Int? {
    let file = try ReadableFile(path)
    guard file.count >= Self.magic.count, try file.prefix(Self.magic.count) == Self.magic else { return nil }
    var window = FileWindow(file)
    var position = Self.magic.count
    while file.count - position >= Self.headerSize {
      guard let (kind, length) = try window.bytes(at: position, count: Self.headerSize, Self.announced),
        length <= UInt64(file.count - position - Self.headerSize)
      else { break }
      let count = Self.headerSize + Int(length)
      let isSound = try window.bytes(at: position, count: count) { bytes in
        guard Self.checksum(bytes) == bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self) else {
          return false
        }
        let dataset = Int(bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let record = Record(kind: kind, dataset: dataset, end: position + count)
        try body(record, UnsafeRawBufferPointer(rebasing: bytes[Self.headerSize...]))
        return true
      }
      guard isSound else { break }
      position += count
    }
    return position
  }

  /// The kind and the payload's length that a record's first bytes announce; nil where no record begins like that.
  private static func announced(_ header: UnsafeRawBufferPointer) -> (Kind, UInt64)? {
    guard let kind = Kind(rawValue: header.loadUnaligned(as: UInt32.self)) else { return nil }
    return (kind, header.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
  }

  /// A checksum of a whole record but the checksum itself: FNV-1a over words of eight bytes, then over the rest.
  private static func checksum(_ record: UnsafeRawBufferPointer) -> UInt64 {
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ word: UInt64) {
      sum = (sum ^ word) &* 0x100_0000_01B3
      sum ^= sum >> 32
    }
    add(record.loadUnaligned(as: UInt64.self))
    add(record.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    let words = (record.count - headerSize) / 8
    for word in 0..<words {
      add(record.loadUnaligned(fromByteOffset: headerSize + 8 * word, as: UInt64.self))
    }
    for index in headerSize + 8 * words..<record.count { add(UInt64(record[index])) }
    return sum
  }
}

/// A moving window over a file, for reading many short pieces in order.
private struct FileWindow {
  private let file: ReadableFile
  private var start = 0
  private var bytes: [UInt8] = []

  init(_ file: ReadableFile) { self.file = file }

  /// Lends a piece of the file.
  mutating func bytes<Value>(
    at position: Int, count: Int, _ body: (UnsafeRawBufferPointer) throws -> Value
  ) throws -> Value {
    if position < start || position + count > start + bytes.count {
      bytes = try file.bytes(at: position, count: min(max(count, 1 << 20), file.count - position))
      start = position
    }
    return try bytes.withUnsafeBytes {
      try body(UnsafeRawBufferPointer(rebasing: $0[position - start..<position - start + count]))
    }
  }
}
