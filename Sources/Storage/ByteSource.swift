/// Bytes that can be read at any offset: a plain file, or a member of an archive.
protocol ByteSource: Sendable {
  /// Where the bytes are, for messages.
  var path: String { get }
  /// How many there are.
  var count: Int { get }
  /// The bytes `offset..<offset + count`.
  /// - Throws: `CodecError`: `data` where they end before, `fileSystem` where the disk fails.
  func bytes(at offset: Int, count length: Int) throws -> [UInt8]
}

extension ByteSource {
  /// Up to `length` bytes from the start.
  func prefix(_ length: Int) throws -> [UInt8] { try bytes(at: 0, count: min(length, count)) }
}

extension ReadableFile: ByteSource {}
