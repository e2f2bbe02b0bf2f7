import CHDF5
import Foundation
import Runtime

/// An open HDF5 file; groups and datasets are addressed by path, such as `/train/stimulus`.
///
///     let file = try H5File(reading: "recording.h5")
///     let frames = try file.dataset("/train/stimulus").tensor(rows: 0..<100)
///
/// Every error names the file and the object. Safe to share between threads: one at a time enters the library.
public final class H5File: @unchecked Sendable {
  /// The path it was opened with.
  public let path: String
  let handle: H5Handle

  /// The file's name without its folder.
  public var name: String { URL(filePath: path).lastPathComponent }

  /// Opens a file for reading.
  /// - Throws: `CodecError`: `fileSystem` where there is no readable file, `data` where it is empty, truncated or not HDF5.
  public convenience init(reading path: String) throws {
    try H5File.requireSignature(path)
    try self.init(path, "cannot open the HDF5 file") { access in
      // Readers take no lock: recordings live on read-only and network disks that refuse one.
      H5Pset_file_locking(access, false, true)
      return H5Fopen(path, codec_h5_read_only(), access)
    }
  }

  /// Makes a new file, replacing any of that path.
  /// - Throws: `CodecError` of kind `fileSystem` where the folder refuses.
  public convenience init(creating path: String) throws {
    try self.init(path, "cannot create the file") { access in
      H5Fcreate(path, codec_h5_truncate(), 0, access)
    }
  }

  /// Opens an existing file for reading and writing.
  /// - Throws: `CodecError` as for reading, or `fileSystem` where it cannot be written.
  public convenience init(updating path: String) throws {
    try H5File.requireSignature(path)
    try self.init(path, "cannot open the HDF5 file for writing") { access in
      H5Fopen(path, codec_h5_read_write(), access)
    }
  }

  private init(_ path: String, _ what: String, open: (hid_t) -> hid_t) throws {
    self.path = path
    handle = try H5.locked {
      let access = try H5Handle(
        H5Pcreate(codec_h5_file_access()), "cannot set access properties", at: path, closedBy: H5Pclose)
      return try H5Handle(open(access.id), what, at: path, closedBy: H5Fclose)
    }
  }

  /// Whether a file's first bytes are those of HDF5.
  /// - Throws: `CodecError` of kind `fileSystem` where it cannot be read.
  public static func isHDF5(_ path: String) throws -> Bool {
    let bytes = try ReadableFile(path).prefix(8 << 10)
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    // A user block may precede the signature, which then stands at 512, 1024, 2048, …
    let offsets = [0] + (9..<13).map { 1 << $0 }
    return offsets.contains { bytes.dropFirst($0).starts(with: signature) }
  }

  /// Says plainly what is wrong with a file that HDF5 could not begin to read.
  private static func requireSignature(_ path: String) throws {
    guard try ReadableFile(path).count > 0 else { throw CodecError(.data, "the file is empty", at: path) }
    if try !isHDF5(path) {
      throw CodecError(
        .data, "not an HDF5 file", at: path, remedy: "its first bytes are not HDF5's signature")
    }
  }

  /// Writes everything to the disk's cache.
  /// - Throws: `CodecError` of kind `fileSystem` where the disk refuses (full).
  public func flush() throws {
    try H5.locked { _ = try H5.check(H5Fflush(handle.id, H5F_SCOPE_GLOBAL), "cannot write", at: path) }
  }

  /// `file: object`, for messages.
  public func place(_ object: String) -> String { "\(path): \(H5File.absolute(object))" }

  /// The path from the root, with one leading slash.
  static func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "/" + path }
}
