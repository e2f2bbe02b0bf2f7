import Foundation
import Synchronization

/// A wish to stop (Ctrl-C): long work asks between batches and leaves a resumable file.
public enum Interrupt {
  private static let requested = Atomic<Bool>(false)

  /// Whether somebody asked the run to stop.
  public static var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Asks running work to stop at its next batch. Safe inside a signal handler.
  public static func request() { requested.store(true, ordering: .relaxed) }

  /// Takes the wish back (tests).
  public static func clear() { requested.store(false, ordering: .relaxed) }

  /// - Throws: `CodecError` of kind `interrupted` once a stop was asked for.
  public static func check() throws {
    if isRequested {
      throw CodecError(
        .interrupted, "stopped before the end",
        remedy: "run again; with --resume, where the command has it, to go on")
    }
  }

  /// Makes the process's first Ctrl-C (or SIGTERM) a wish to stop; a second one ends it at once.
  public static func installSignalHandlers() {
    // Whoever started us may have blocked them: threads of task queues do.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&signals, number)
      signal(number) { number in
        Interrupt.request()
        signal(number, SIG_DFL)
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }
}
