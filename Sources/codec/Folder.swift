import Foundation
import Runtime

/// Output folders.
enum Folder {
  /// Whether there is a folder of that name.
  static func exists(_ path: String) -> Bool {
    (try? URL(filePath: path).resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
  }

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
