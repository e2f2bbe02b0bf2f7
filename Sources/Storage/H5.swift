import CHDF5
import Foundation
import Runtime

/// The HDF5 library: entered by one thread at a time, silent, its complaints turned into `CodecError`.
enum H5 {
  private static let lock = NSRecursiveLock()

  /// Prepares the library once: no flushing at exit (files close in `deinit`).
  private static let isReady: Bool = {
    H5dont_atexit()
    return H5open() >= 0
  }()

  /// Runs `body` while no other thread is inside the library.
  static func locked<Value>(_ body: () throws -> Value) rethrows -> Value {
    lock.lock()
    defer { lock.unlock() }
    precondition(isReady, "the HDF5 library does not start")
    // Each thread has an error stack of its own, which prints until told otherwise.
    H5Eset_auto2(0, nil, nil)
    return try body()
  }

  /// Passes a handle or status on, or throws what the library says about its failure.
  /// - Parameters:
  ///   - result: a negative number means failure.
  ///   - what: the failed action, such as "cannot read".
  ///   - place: file and dataset.
  @discardableResult
  static func check<Status: SignedInteger>(_ result: Status, _ what: String, at place: String) throws
    -> Status
  {
    guard result < 0 else { return result }
    throw failure(what, at: place)
  }

  /// The library's latest complaint as an error; forgets it.
  static func failure(_ what: String, at place: String) -> CodecError {
    let reasons = errorStack()
    H5Eclear2(0)
    if let refusal = reasons.lazy.compactMap(systemRefusal).first {
      return CodecError(.fileSystem, what, at: place, remedy: refusal)
    }
    return CodecError(.data, what, at: place, remedy: "HDF5 says: \(reasons.first ?? "nothing")")
  }

  /// Descriptions on the error stack, innermost first.
  private static func errorStack() -> [String] {
    let reasons = Reasons()
    H5Ewalk2(
      0, H5E_WALK_DOWNWARD,
      { _, entry, client in
        guard let entry, let client, let text = entry.pointee.desc else { return 0 }
        Unmanaged<Reasons>.fromOpaque(client).takeUnretainedValue().texts.append(String(cString: text))
        return 0
      }, Unmanaged.passUnretained(reasons).toOpaque())
    return reasons.texts.reversed()
  }

  private final class Reasons { var texts: [String] = [] }

  /// The operating system's words inside a description such as
  /// "file write failed: … errno = 28, error message = 'No space left on device', …".
  private static func systemRefusal(_ reason: String) -> String? {
    guard reason.contains("errno = "), let start = reason.range(of: "error message = '") else { return nil }
    return String(reason[start.upperBound...].prefix { $0 != "'" })
  }
}

/// An HDF5 handle: closed once, when the last user lets go.
final class H5Handle: @unchecked Sendable {
  let id: hid_t
  private let close: @Sendable (hid_t) -> herr_t

  /// - Throws: `CodecError` with the library's reason where `id` says that opening failed.
  init(
    _ id: hid_t, _ what: String, at place: String, closedBy close: @escaping @Sendable (hid_t) -> herr_t
  ) throws {
    self.id = try H5.check(id, what, at: place)
    self.close = close
  }

  deinit { _ = H5.locked { close(id) } }
}
