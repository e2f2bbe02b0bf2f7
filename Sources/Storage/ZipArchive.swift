import CZip
import Foundation
import Runtime

/// A zip archive open for reading; closed in `deinit`.
final class ZipArchive: @unchecked Sendable {
  let path: String
  private let handle: OpaquePointer
  /// libzip takes one thread at a time.
  fileprivate let lock = NSRecursiveLock()

  /// - Throws: `CodecError`: `fileSystem` where there is no readable file, `data` where it is no zip archive.
  init(reading path: String) throws {
    self.path = path
    // Says plainly what is wrong with folders, pipes and missing files.
    guard try ReadableFile(path).count > 0 else { throw CodecError(.data, "the file is empty", at: path) }
    var code: Int32 = 0
    guard let handle = zip_open(path, Int32(ZIP_RDONLY), &code) else {
      var error = zip_error_t()
      zip_error_init_with_code(&error, code)
      defer { zip_error_fini(&error) }
      throw CodecError(
        .data, "cannot open the archive", at: path, remedy: String(cString: zip_error_strerror(&error)))
    }
    self.handle = handle
  }

  deinit { zip_discard(handle) }

  /// The members' names, sorted.
  func names() -> [String] {
    lock.withLock {
      (0..<max(0, zip_get_num_entries(handle, 0))).compactMap { index in
        zip_get_name(handle, zip_uint64_t(index), 0).map { String(cString: $0) }
      }.sorted()
    }
  }

  /// A member by name.
  /// - Throws: `CodecError` of kind `data` where there is none, or its size is not known.
  func member(_ name: String) throws -> ZipMember {
    try lock.withLock {
      let place = "\(path): \(name)"
      var status = zip_stat_t()
      zip_stat_init(&status)
      guard zip_stat(handle, name, 0, &status) == 0, let size = Int(exactly: status.size) else {
        throw failure("cannot find the member", at: place)
      }
      return ZipMember(
        of: self, index: status.index, count: size, isStored: codec_zip_is_stored(status) != 0, place: place)
    }
  }

  fileprivate func open(_ index: zip_uint64_t, at place: String) throws -> OpaquePointer {
    guard let file = zip_fopen_index(handle, index, 0) else {
      throw failure("cannot open the member", at: place)
    }
    return file
  }

  private func failure(_ what: String, at place: String) -> CodecError {
    CodecError(.data, what, at: place, remedy: String(cString: zip_strerror(handle)))
  }
}

/// The bytes of an archive's member, decompressed as they are asked for.
///
/// Asked for in order, each is decompressed once; going back in a compressed member starts anew. A stored one is read
/// at any offset.
final class ZipMember: ByteSource, @unchecked Sendable {
  let path: String
  let count: Int
  private let archive: ZipArchive
  private let index: zip_uint64_t
  private let isStored: Bool
  private var file: OpaquePointer?
  private var position = 0

  fileprivate init(of archive: ZipArchive, index: zip_uint64_t, count: Int, isStored: Bool, place: String) {
    (self.archive, self.index, self.count, self.isStored) = (archive, index, count, isStored)
    path = place
  }

  deinit { archive.lock.withLock { close() } }

  func bytes(at offset: Int, count length: Int) throws -> [UInt8] {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else {
      throw CodecError(
        .data, "the member is truncated", at: path,
        remedy: "it has \(count) bytes; \(offset + length) are expected")
    }
    return try archive.lock.withLock {
      try move(to: offset)
      return try read(length)
    }
  }

  private func move(to offset: Int) throws {
    if offset < position { close() }
    let file = try file ?? archive.open(index, at: path)
    self.file = file
    if isStored, offset != position, zip_fseek(file, zip_int64_t(offset), SEEK_SET) == 0 { position = offset }
    while position < offset { _ = try read(min(offset - position, 1 << 20)) }
  }

  private func read(_ length: Int) throws -> [UInt8] {
    var isWhole = true
    let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
      while filled < length {
        let got = zip_fread(file, buffer.baseAddress! + filled, zip_uint64_t(length - filled))
        guard got > 0 else {
          isWhole = false
          return
        }
        filled += Int(got)
      }
    }
    guard isWhole else {
      let reason = file.map { String(cString: zip_file_strerror($0)) } ?? "it ends early"
      close()
      throw CodecError(.data, "cannot read the member", at: path, remedy: reason)
    }
    position += length
    return bytes
  }

  private func close() {
    if let file { zip_fclose(file) }
    (file, position) = (nil, 0)
  }
}
