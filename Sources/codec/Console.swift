import Foundation
import Logging
import Runtime
import Synchronization

/// Everything the program says: progress and warnings on standard error, summaries on standard output.
enum Console {
  /// Sets up logging and signals.
  static func start() {
    LoggingSystem.bootstrap { _ in PlainLogHandler() }
    Interrupt.installSignalHandlers()
    // A closed pipe or a full disk is an error to report, not a silent death.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  static let log = Logger(label: "codec")

  /// Prints `error: …` and ends with the error's exit code.
  static func fail(_ error: CodecError) -> Never {
    ProgressLine.shared.clear()
    write("error: \(error)\n")
    if error.kind == .bug { write("This is a bug of ours: please report it with the command you ran.\n") }
    exit(error.exitCode)
  }

  /// A line the reader should not miss.
  static func warn(_ text: String) { log.warning("\(text)") }

  /// A line on standard error.
  static func note(_ text: String) { log.notice("\(text)") }

  /// The command line as result files record it: file names without their folders.
  static var commandLine: String {
    let words = CommandLine.arguments.dropFirst().map {
      $0.hasPrefix("-") ? $0 : URL(filePath: $0).lastPathComponent
    }
    return (["codec"] + words).joined(separator: " ")
  }

  /// Prints a result on standard output, as JSON for programs or in words.
  static func print<Summary: Encodable>(
    _ summary: Summary, json: Bool, words: (Summary) -> String
  ) throws {
    guard json else { return Swift.print(words(summary)) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    Swift.print(String(decoding: try encoder.encode(summary), as: UTF8.self))
  }

  static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// `warning: …` on standard error, without time stamps; notices come bare.
private struct PlainLogHandler: LogHandler {
  var metadata = Logger.Metadata()
  var logLevel = Logger.Level.notice

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    ProgressLine.shared.clear()
    let prefix = event.level >= .warning ? "\(event.level.rawValue): " : ""
    Console.write("\(prefix)\(event.message)\n")
  }
}

/// One line of progress with the time left, rewritten in place; silent where standard error is no terminal.
///
/// Work that goes on side by side (layers trained at once) shares the line.
final class ProgressLine: Sendable {
  static let shared = ProgressLine()

  /// A piece of work under way.
  private struct Work {
    let start: ContinuousClock.Instant
    let firstFinished: Int
    var report: ProgressReport

    /// What is left at this run's own pace: what a resumed run found done does not count.
    func timeLeft(at now: ContinuousClock.Instant) -> Duration? {
      let done = report.finished - firstFinished
      guard done > 0, report.finished < report.total else { return nil }
      return start.duration(to: now) * (Double(report.total - report.finished) / Double(done))
    }
  }

  private struct State {
    var works: [Work] = []
    var lastPrinted: ContinuousClock.Instant?
    var isShown = false
  }

  private let state = Mutex(State())
  private let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1

  /// The handler to hand to long work.
  static let handler: ProgressHandler = { shared.show($0) }

  private func show(_ report: ProgressReport) {
    guard isTerminal else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      let index = state.works.firstIndex { $0.report.task == report.task }
      if report.finished >= report.total {
        if let index { state.works.remove(at: index) }
        Console.write("\r\u{1B}[K\(ProgressText(report, timeLeft: nil).line)\n")
        state.isShown = false
      } else if let index {
        state.works[index].report = report
      } else {
        state.works.append(Work(start: now, firstFinished: report.finished, report: report))
      }
      if let last = state.lastPrinted, last.duration(to: now) < .milliseconds(100) { return }
      guard !state.works.isEmpty else { return }
      state.lastPrinted = now
      state.isShown = true
      let texts = state.works.map { ProgressText($0.report, timeLeft: $0.timeLeft(at: now)).line }
      Console.write("\r\u{1B}[K\(texts.joined(separator: "  |  ").prefix(Terminal.columns - 1))")
    }
  }

  /// Removes the line, so that a message can take its place.
  func clear() {
    guard isTerminal else { return }
    state.withLock { state in
      if state.isShown { Console.write("\r\u{1B}[K") }
      state.isShown = false
    }
  }
}

/// How a progress report reads: `contributions  43 %  378 of 880  0:12 left  R² 0.93`.
struct ProgressText {
  let line: String

  init(_ report: ProgressReport, timeLeft: Duration?) {
    let share = report.total > 0 ? 100 * report.finished / report.total : 100
    var parts = [
      report.task, String(repeating: " ", count: max(0, 3 - "\(share)".count)) + "\(share) %",
      "\(report.finished) of \(report.total)",
    ]
    if let timeLeft { parts.append("\(Self.clock(timeLeft)) left") }
    if let detail = report.detail { parts.append(detail) }
    line = parts.joined(separator: "  ")
  }

  /// `0:12`, `12:05` or `1:12:05`.
  static func clock(_ duration: Duration) -> String {
    let seconds = Int(duration.components.seconds)
    return duration < .seconds(3600)
      ? String(format: "%d:%02d", seconds / 60, seconds % 60)
      : String(format: "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
  }
}
