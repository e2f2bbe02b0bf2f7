import COneDNN
import Foundation
import Numerics

/// Which backend was measured to be fastest for what, kept in a file so that a machine always decides the same way.
///
/// Backends differ in rounding, so a choice made anew in each process would make seeds irreproducible. One process
/// measures at a time. Where the file cannot be read or written, a fixed rule decides instead.
package final class BackendTimings: @unchecked Sendable {
  /// A backend to try: its name, and how to prepare the work to time.
  package typealias Trial = (name: String, prepare: () throws -> () throws -> Void)

  /// What this user's programs share: `codec/backends.json` in `$XDG_CACHE_HOME` or `~/.cache`.
  package static let shared = BackendTimings(file: userFile)

  private let file: URL?
  private let lock = NSLock()
  /// Choices by machine, then by key.
  private var choices: [String: [String: Choice]] = [:]

  private struct Choice: Codable {
    let backend: String
    let milliseconds: [String: Double]
  }

  /// - Parameters:
  ///   - file: where choices are kept; `nil` lets the rule decide.
  package init(file: URL?) { self.file = file }

  /// The name of the fastest trial.
  /// - Parameters:
  ///   - rule: the name to take where nothing can be kept.
  package func choose(_ key: String, rule: String, trials: [Trial]) -> String {
    guard let file, trials.count > 1 else { return trials.count == 1 ? trials[0].name : rule }
    return lock.withLock {
      if let known = known(key, trials) { return known }
      guard let guardFile = LockedFile(file.appendingPathExtension("lock")) else { return rule }
      defer { guardFile.unlock() }
      guard read(file) else { return rule }
      if let known = known(key, trials) { return known }
      let milliseconds = measure(trials)
      guard let best = milliseconds.min(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key else {
        return rule
      }
      choices[Self.machine, default: [:]][key] = Choice(backend: best, milliseconds: milliseconds)
      return write(file) ? best : rule
    }
  }

  private func known(_ key: String, _ trials: [Trial]) -> String? {
    guard let choice = choices[Self.machine]?[key] else { return nil }
    return trials.contains { $0.name == choice.backend } ? choice.backend : nil
  }

  /// The best of a few runs of each, in milliseconds; without those that refuse the shape.
  private func measure(_ trials: [Trial]) -> [String: Double] {
    var best: [String: Double] = [:]
    for trial in trials {
      guard let work = try? trial.prepare(), (try? work()) != nil else { continue }
      for _ in 0..<5 {
        let start = DispatchTime.now().uptimeNanoseconds
        guard (try? work()) != nil else { break }
        let elapsed = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-6
        best[trial.name] = min(best[trial.name] ?? .infinity, elapsed)
      }
    }
    return best
  }

  /// Reads what other processes have measured; `false` where the file is there but not ours to understand.
  private func read(_ file: URL) -> Bool {
    guard FileManager.default.fileExists(atPath: file.path) else { return true }
    guard let data = try? Data(contentsOf: file),
      let found = try? JSONDecoder().decode([String: [String: Choice]].self, from: data)
    else { return false }
    choices = found
    return true
  }

  private func write(_ file: URL) -> Bool {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return (try? encoder.encode(choices).write(to: file, options: .atomic)) != nil
  }

  private static let userFile: URL = {
    let environment = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
    let folder =
      environment.map { URL(filePath: $0) }
      ?? FileManager.default.homeDirectoryForCurrentUser.appending(path: ".cache")
    return folder.appending(path: "codec/backends.json")
  }()

  /// Processor and library versions: what measurements hold for.
  private static let machine: String = {
    var text = [CChar](repeating: 0, count: 32)
    codec_dnnl_version(&text)
    let dnnl = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return "\(processor); \(BLAS.version); oneDNN \(dnnl); \(FourierWisdom.version)"
  }()

  private static var processor: String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    func value(_ name: String) -> String {
      lines.first { $0.hasPrefix(name) }?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
        ?? "?"
    }
    return "\(value("model name")), family \(value("cpu family")), model \(value("model\t"))"
  }
}

/// A file held locked against other processes.
private struct LockedFile {
  private let descriptor: Int32

  /// Waits for the lock; `nil` where the file cannot be made.
  init?(_ file: URL) {
    try? FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    descriptor = open(file.path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return nil }
    guard flock(descriptor, LOCK_EX) == 0 else {
      close(descriptor)
      return nil
    }
  }

  func unlock() { close(descriptor) }
}
