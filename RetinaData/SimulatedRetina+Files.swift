import Foundation
import Runtime
import Storage

extension SimulatedRetina {
  /// Writes the recording as an HDF5 file; the name holds a whole recording or nothing.
  /// - Parameters:
  ///   - force: replace a file of that name.
  /// - Throws: `CodecError` of kind `fileSystem` where the name is taken or the folder refuses.
  public func writeRecording(to path: String, force: Bool = false, progress: ProgressHandler? = nil) throws {
    try Self.requireFree(path, force: force)
    let partial = path + ".partial"
    do {
      let file = try H5File(creating: partial)
      try write(into: file, progress: progress)
      try file.flush()
    } catch {
      try? FileManager.default.removeItem(atPath: partial)
      throw error
    }
    try AtomicFile.rename(partial, to: path)
  }

  /// Writes the circuit as a retina CNN in safetensors: the model a perfect fit to the recording would be.
  /// - Parameters:
  ///   - force: replace a file of that name.
  /// - Throws: `CodecError` of kind `fileSystem` where the name is taken or the folder refuses.
  public func writeModel(to path: String, force: Bool = false) throws {
    try Self.requireFree(path, force: force)
    try Safetensors.write(modelTensors, metadata: modelMetadata, to: path)
  }

  /// Refuses before the work begins.
  private static func requireFree(_ path: String, force: Bool) throws {
    guard !force, FileManager.default.fileExists(atPath: path) else { return }
    throw CodecError(
      .fileSystem, "the file is there already", at: path, remedy: "choose another name, or --force")
  }
}
