import Foundation
import Runtime

/// Output folders.
enum Folder {
  /// Makes a folder where it is missing.
  /// - Throws: `CodecError` of kind `fileSystem` naming the folder.
  static func create(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw CodecError(
        .fileSystem, "cannot make the folder", at: path, remedy: (error as NSError).localizedDescription)
    }
  }
}
