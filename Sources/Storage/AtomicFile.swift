import Foundation
import Runtime

/// Writing files so that a name holds a whole file or nothing new.
public enum AtomicFile {
  /// Writes `bytes` beside `path`, then renames.
  /// - Throws: `CodecError` of kind `fileSystem`; nothing new is left under `path`.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    let temporary = path + ".partial"
    do {
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw CodecError.system("cannot create the file", at: path) }
      defer { close(descriptor) }
      try writeAll(bytes, to: descriptor, at: path)
    } catch {
      unlink(temporary)
      throw error
    }
    try rename(temporary, to: path)
  }

  /// Writes text in UTF-8 as `write(_:to:)` does bytes.
  public static func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  static func writeAll(_ bytes: [UInt8], to descriptor: Int32, at path: String) throws {
    try bytes.withUnsafeBytes { try writeAll($0, to: descriptor, at: path) }
  }

  static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at path: String) throws {
    var done = 0
    while done < bytes.count {
      let count = Foundation.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw CodecError.system("cannot write the file", at: path) }
      done += count
    }
  }

  /// Makes a finished, closed file durable and gives it its name, replacing what had it.
  /// - Throws: `CodecError` of kind `fileSystem`; nothing new is left under `path`.
  public static func rename(_ temporary: String, to path: String) throws {
    let descriptor = open(temporary, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw CodecError.system("cannot write the file", at: path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw CodecError.system("cannot write the file", at: path) }
    guard Foundation.rename(temporary, path) == 0 else {
      throw CodecError.system("cannot rename \(temporary)", at: path)
    }
    let folder = open(
      URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }
}
