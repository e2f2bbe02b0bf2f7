import Foundation
import Runtime

/// What a running program prints, read as it comes; the program ends with its reader.
///
/// Started through the shell's pipe, not `Process`: there a child inherits what tells of the others' end, so that
/// waiting for one program while another waits for its reader would last for ever.
public final class ProgramOutput: @unchecked Sendable {
  private var stream: UnsafeMutablePointer<FILE>?
  private let complaints: URL
  /// For messages.
  private let place: String

  /// - Parameters:
  ///   - words: the program and its arguments.
  ///   - place: the file it reads, for messages.
  /// - Throws: `CodecError` of kind `fileSystem` where no program can be started.
  public init(_ words: [String], at place: String) throws {
    self.place = place
    complaints = FileManager.default.temporaryDirectory.appending(path: "codec-\(UUID().uuidString).log")
    let quoted = words.map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
    stream = popen("exec \(quoted) 2>'\(complaints.path)' </dev/null", "re")
    guard stream != nil else {
      throw CodecError.system("cannot start \(words.first ?? "a program")", at: place)
    }
  }

  deinit {
    // A program that still writes finds its pipe closed, and ends.
    if let stream { pclose(stream) }
    unlink(complaints.path)
  }

  /// Up to `count` bytes; fewer only at the end.
  public func read(_ count: Int) -> [UInt8] {
    guard let stream else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = fread(buffer.baseAddress, 1, count, stream)
    }
  }

  /// Waits for the end.
  /// - Throws: `CodecError` of kind `data` with the program's complaint where it failed.
  public func finish() throws {
    guard let open = stream else { return }
    stream = nil
    if pclose(open) != 0 { throw failure("cannot read the file") }
  }

  /// The program's latest complaint, where it has any.
  public var complaint: String? {
    let text = (try? String(contentsOf: complaints, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").last.map(String.init)
  }

  /// An error with the program's latest complaint.
  public func failure(_ what: String) -> CodecError { CodecError(.data, what, at: place, remedy: complaint) }
}
