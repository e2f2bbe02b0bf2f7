import Foundation
import Runtime

/// A NumPy archive of named arrays (`.npz`, compressed or not); arrays are read as needed.
///
///     let archive = try NpzFile(reading: "session.npz")
///     let movie = try archive.array("stimulus")
public struct NpzFile: Sendable {
  /// The file it was read from.
  public let path: String
  /// Names of the arrays, sorted.
  public let names: [String]
  private let archive: ZipArchive
  private static let suffix = ".npy"

  /// Opens an archive; its arrays are checked when asked for.
  /// - Throws: `CodecError`: `fileSystem` where it cannot be read, `data` where it is no zip archive of arrays.
  public init(reading path: String) throws {
    self.path = path
    archive = try ZipArchive(reading: path)
    names = archive.names().filter { $0.hasSuffix(Self.suffix) }.map {
      String($0.dropLast(Self.suffix.count))
    }
    guard !names.isEmpty else {
      throw CodecError(.data, "the archive holds no NumPy arrays", at: path)
    }
  }

  /// An array by name.
  /// - Throws: `CodecError`: `usage` for an unknown name, listing those that are there; `data` as for `NpyFile`.
  public func array(_ name: String) throws -> NpyFile {
    guard names.contains(name) else {
      throw CodecError.unknown("array", name, valid: names, at: path)
    }
    return try NpyFile(archive.member(name + Self.suffix))
  }
}
