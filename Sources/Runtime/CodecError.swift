/// What went wrong, where, and what to do about it: the one error type of the project.
///
/// `description` reads `what (place): remedy`, ready for standard error.
public struct CodecError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Who can mend it; decides the process's exit code (BSD sysexits).
  public enum Kind: Int32, Sendable {
    /// The command line asks for something impossible (an unknown layer, cell or option).
    case usage = 64
    /// An input holds something the analysis cannot use.
    case data = 65
    /// A bug of ours.
    case bug = 70
    /// The file system refused (full disk, read-only folder, missing file).
    case fileSystem = 74
    /// The user or the system stopped the run.
    case interrupted = 130
  }

  /// Who can mend it.
  public let kind: Kind
  /// What failed, in one phrase.
  public let what: String
  /// File, dataset, layer or frame.
  public let place: String?
  /// What the reader can do.
  public let remedy: String?

  /// - Parameters:
  ///   - what: what failed, in one phrase.
  ///   - place: file, dataset, layer or frame.
  ///   - remedy: what the reader can do.
  public init(_ kind: Kind, _ what: String, at place: String? = nil, remedy: String? = nil) {
    self.kind = kind
    self.what = what
    self.place = place
    self.remedy = remedy
  }

  /// The process's exit code for this error.
  public var exitCode: Int32 { kind.rawValue }

  /// `what (place): remedy`.
  public var description: String {
    var text = what
    if let place { text += " (\(place))" }
    if let remedy { text += ": \(remedy)" }
    return text
  }
}

extension CodecError {
  /// The error for an id that is not there; lists the valid ones (shortened past forty).
  /// - Parameters:
  ///   - noun: what is addressed, such as "cell" or "layer".
  public static func unknown(
    _ noun: String, _ id: String, valid: [String], at place: String? = nil
  ) -> CodecError {
    let shown = valid.prefix(40).joined(separator: ", ") + (valid.count > 40 ? ", …" : "")
    return CodecError(.usage, "unknown \(noun) \(id)", at: place, remedy: "choose from \(shown)")
  }
}
