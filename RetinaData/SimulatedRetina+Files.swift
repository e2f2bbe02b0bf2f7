import Foundation
import Runtime
import Storage

extension SimulatedRetina {
  /// Writes the recording as an HDF5 file; the name holds a whole recording or nothing.
  /// - Parameters:
  ///   - force: replace a file of that name.
  /// - Throws: `CodecError` of kind `fileSystem` where the name is taken or the folder refuses.
  public func writeRecording(to path: String, force: Bool = false, progress: ProgressHandler? = nil) throws {
    let writer = try RecordingWriter(
      path: path, cells: options.cells, frameRate: options.frameRate, force: force)
    try write(with: writer, progress: progress)
    try writer.commit()
  }

  /// Writes the circuit as a retina CNN in safetensors: the model a perfect fit to the recording would be.
  /// - Parameters:
  ///   - force: replace a file of that name.
  /// - Throws: `CodecError` of kind `fileSystem` where the name is taken or the folder refuses.
  public func writeModel(to path: String, force: Bool = false) throws {
    if !force, FileManager.default.fileExists(atPath: path) {
      throw CodecError(
        .fileSystem, "the file is there already", at: path, remedy: "choose another name, or --force")
    }
    try Safetensors.write(modelTensors, metadata: modelMetadata, to: path)
  }
}
