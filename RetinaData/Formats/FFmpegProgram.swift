import Foundation
import Runtime
import Storage

/// The programs `ffmpeg` and `ffprobe`, which decode movies for us.
struct FFmpegProgram {
  private let path: String
  private let movie: String

  /// - Parameter movie: the file it reads, for messages.
  /// - Throws: `CodecError` of kind `fileSystem` with the install command where the program is missing.
  init(_ name: String, for movie: String) throws {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
    let candidates = folders.map { URL(filePath: String($0)).appending(path: name).path }
    guard let path = candidates.first(where: FileManager.default.isExecutableFile) else {
      throw CodecError(
        .fileSystem, "the program \(name), which reads movies, is not installed", at: movie,
        remedy: "sudo apt-get install ffmpeg")
    }
    (self.path, self.movie) = (path, movie)
  }

  /// Starts the program.
  func start(_ arguments: [String]) throws -> ProgramOutput {
    try ProgramOutput([path] + arguments, at: movie)
  }

  /// All that the program prints, and its last complaint where it goes on in spite of one.
  /// - Throws: `CodecError` of kind `data` with the program's complaint where it fails.
  func output(_ arguments: [String]) throws -> (text: String, complaint: String?) {
    let running = try start(arguments)
    var bytes: [UInt8] = []
    while case let more = running.read(1 << 16), !more.isEmpty { bytes += more }
    try running.finish()
    return (String(decoding: bytes, as: UTF8.self), running.complaint)
  }
}
