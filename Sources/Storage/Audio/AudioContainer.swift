import Foundation
import Runtime

/// The lengths that RIFF, RF64 and W64 files state, which libsndfile silently cuts to what is there.
enum AudioContainer {
  /// - Throws: `CodecError` of kind `data` where the samples end before their stated length.
  static func requireWhole(_ file: ReadableFile) throws {
    guard let stated = try dataRange(file), stated.upperBound > file.count else { return }
    let missing = stated.upperBound - file.count
    throw CodecError(
      .data, "the file is cut off: \(missing) of \(stated.count) bytes of samples are missing", at: file.path,
      remedy: "copy it again, or mend its header (sox --ignore-length) and accept the shorter trace")
  }

  /// Where the samples are by the header's word; nil where it does not say or is of another kind.
  private static func dataRange(_ file: ReadableFile) throws -> Range<Int>? {
    let start = try file.prefix(16)
    guard start.count == 16 else { return nil }
    switch String(decoding: start[..<4], as: UTF8.self) {
    case "RIFF", "RF64": return try riff(file, isBigEndian: false)
    case "RIFX": return try riff(file, isBigEndian: true)
    case "riff": return try w64(file)
    default: return nil
    }
  }

  private static func riff(_ file: ReadableFile, isBigEndian: Bool) throws -> Range<Int>? {
    var longLength: Int?
    var offset = 12
    while offset + 8 <= file.count {
      let header = try file.bytes(at: offset, count: 8)
      let length = number(header[4...], isBigEndian: isBigEndian)
      switch String(decoding: header[..<4], as: UTF8.self) {
      case "ds64" where offset + 28 <= file.count:
        longLength = number(try file.bytes(at: offset + 16, count: 8)[...], isBigEndian: false)
      case "data":
        // Programs that write to a pipe cannot know the length: none, or all they can say.
        let isOpen = length == 0 || length >= 0x7FFF_0000
        guard let bytes = isOpen ? longLength : length, bytes <= Int.max - offset - 8 else { return nil }
        return offset + 8..<offset + 8 + bytes
      default: break
      }
      offset += 8 + length + length % 2
    }
    return nil
  }

  private static func w64(_ file: ReadableFile) throws -> Range<Int>? {
    var offset = 40
    while offset + 24 <= file.count {
      let header = try file.bytes(at: offset, count: 24)
      let length = number(header[16...], isBigEndian: false)
      guard length >= 24, length <= Int.max - offset - 8 else { return nil }
      if header.starts(with: Array("data".utf8)) { return offset + 24..<offset + length }
      offset += (length + 7) / 8 * 8
    }
    return nil
  }

  /// An unsigned number of 4 or 8 bytes; ones beyond `Int` become its largest.
  private static func number(_ bytes: ArraySlice<UInt8>, isBigEndian: Bool) -> Int {
    let ordered = isBigEndian ? Array(bytes) : bytes.reversed()
    return Int(clamping: ordered.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }
}
