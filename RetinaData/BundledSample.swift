import Foundation
import Runtime

/// The recording and model that come with the toolkit: nine simulated ganglion cells of three types.
public enum BundledSample {
  /// Path of the recording, in the 2023 layout.
  /// - Throws: `CodecError` of kind `fileSystem` where the samples are not beside the program.
  public static func recording() throws -> String { try path(of: "recording.h5") }

  /// Path of the three-layer network trained on it.
  /// - Throws: `CodecError` of kind `fileSystem` where the samples are not beside the program.
  public static func model() throws -> String { try path(of: "model.safetensors") }

  /// Looks in `CODEC_SAMPLES`, then for `RetinaData/Samples` or `share/codec` in every folder above the
  /// program and above the working folder: a checkout, an installed program and a moved one all find them.
  private static func path(of file: String) throws -> String {
    let searched = candidates()
    for folder in searched {
      let path = folder.appending(path: file).path
      if FileManager.default.fileExists(atPath: path) { return path }
    }
    throw CodecError(
      .fileSystem, "the bundled \(file) was not found", at: searched.first?.path,
      remedy: "run inside a checkout, or set CODEC_SAMPLES to its RetinaData/Samples folder")
  }

  private static func candidates() -> [URL] {
    if let given = ProcessInfo.processInfo.environment["CODEC_SAMPLES"] { return [URL(filePath: given)] }
    let program = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent()
    let working = URL(filePath: FileManager.default.currentDirectoryPath)
    return [program, working].compactMap { $0 }.flatMap { start in
      sequence(first: start) { $0.path == "/" ? nil : $0.deletingLastPathComponent() }.flatMap {
        [$0.appending(path: "RetinaData/Samples"), $0.appending(path: "share/codec")]
      }
    }
  }
}
