import Foundation
import Runtime

/// A plain file open for reading at any offset; closed in `deinit`.
///
/// Named pipes, folders and missing files are refused with an error, never waited for.
final class ReadableFile: @unchecked Sendable {
  let path: String
  /// Length in bytes when opened.
  let count: Int
  private let descriptor: Int32

  /// - Throws: `CodecError` of kind `fileSystem` with the system's reason.
  init(_ path: String) throws {
    self.path = path
    descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw CodecError.system("cannot open the file", at: path) }
    var status = stat()
    let isKnown = fstat(descriptor, &status) == 0
    guard isKnown, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw CodecError(.fileSystem, "cannot open the file", at: path, remedy: "it is not a plain file")
    }
    count = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// The bytes `offset..<offset + length`.
  /// - Throws: `CodecError`: `data` where the file ends before, `fileSystem` where the disk fails.
  func bytes(at offset: Int, count length: Int) throws -> [UInt8] {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else {
      throw CodecError(
        .data, "the file is truncated", at: path,
        remedy: "it has \(count) bytes; \(offset + length) are expected")
    }
    var failure: CodecError?
    let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
      while filled < length {
        let got = pread(descriptor, buffer.baseAddress! + filled, length - filled, off_t(offset + filled))
        if got < 0 && errno == EINTR { continue }
        guard got > 0 else {
          failure =
            got < 0 ? .system("cannot read", at: path) : CodecError(.data, "the file is truncated", at: path)
          return
        }
        filled += got
      }
    }
    if let failure { throw failure }
    return bytes
  }
}

extension CodecError {
  /// The operating system's latest refusal (`errno`) as an error of kind `fileSystem`.
  static func system(_ what: String, at place: String, code: Int32 = errno) -> CodecError {
    CodecError(.fileSystem, what, at: place, remedy: String(cString: strerror(code)))
  }
}
