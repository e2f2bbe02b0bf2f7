import Foundation
import Runtime

/// The programs `ffmpeg` and `ffprobe`, which decode movies for us.
struct FFmpegProgram {
  let url: URL
  /// For messages.
  let movie: String

  /// - Throws: `CodecError` of kind `fileSystem` with the install command where the program is missing.
  init(_ name: String, for movie: String) throws {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
    let candidates = folders.map { URL(filePath: String($0)).appending(path: name) }
    guard let url = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
      throw CodecError(
        .fileSystem, "the program \(name), which reads movies, is not installed", at: movie,
        remedy: "sudo apt-get install ffmpeg")
    }
    (self.url, self.movie) = (url, movie)
  }

  /// Starts the program; its output comes through a pipe, its complaints go to a file.
  func start(_ arguments: [String]) throws -> RunningFFmpeg { try RunningFFmpeg(self, arguments) }

  /// All that the program prints.
  /// - Throws: `CodecError` of kind `data` with the program's complaint where it fails.
  func output(_ arguments: [String]) throws -> String {
    let running = try start(arguments)
    var data = Data()
    while let more = try running.read(1 << 20) { data += more }
    try running.finish()
    return String(decoding: data, as: UTF8.self)
  }
}

/// A started program; ended in `deinit`.
final class RunningFFmpeg {
  private let process = Process()
  private let pipe = Pipe()
  private let complaints: URL
  private let movie: String

  fileprivate init(_ program: FFmpegProgram, _ arguments: [String]) throws {
    movie = program.movie
    complaints = FileManager.default.temporaryDirectory.appending(path: "codec-\(UUID().uuidString).log")
    process.executableURL = program.url
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    do {
      try Data().write(to: complaints)
      process.standardError = try FileHandle(forWritingTo: complaints)
      try process.run()
    } catch {
      throw CodecError(
        .fileSystem, "cannot start \(program.url.lastPathComponent)", at: movie,
        remedy: (error as NSError).localizedDescription)
    }
  }

  deinit {
    try? FileManager.default.removeItem(at: complaints)
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
  }

  /// Up to `count` bytes of output; nil at its end.
  func read(_ count: Int) throws -> Data? {
    let data = try pipe.fileHandleForReading.read(upToCount: count)
    return data?.isEmpty == false ? data : nil
  }

  /// Waits for the end.
  /// - Throws: `CodecError` of kind `data` with the program's complaint where it failed.
  func finish() throws {
    process.waitUntilExit()
    if process.terminationStatus != 0 { throw failure("cannot read the movie") }
  }

  /// An error with the program's complaint.
  func failure(_ what: String) -> CodecError {
    let text = (try? String(contentsOf: complaints, encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").last.map(String.init)
    return CodecError(.data, what, at: movie, remedy: "ffmpeg says: \(line ?? "nothing")")
  }
}
