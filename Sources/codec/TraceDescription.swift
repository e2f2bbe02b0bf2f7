import Foundation
import RetinaData
import Runtime
import Storage

/// A file of analog traces in few words.
struct TraceDescription: Encodable {
  let file: String
  let format: String
  let channels: Int
  let sampleRate: Double
  let samples: Int
  let seconds: Double
  let units: String
  /// Of each channel.
  let levels: [TraceStatistics]
  let remarks: [String]

  private static let audio: Set = ["wav", "flac", "w64", "rf64", "aif", "aiff", "caf", "au"]

  /// What a file of traces holds; nil where it is none.
  init?(_ path: String) throws {
    guard try Self.isTrace(path) else { return nil }
    let traces = try TraceFile(reading: path)
    let levels = try (0..<traces.channels).map { try TraceStatistics(of: traces.channel($0)) }
    (file, format, channels) = (URL(filePath: path).lastPathComponent, traces.format, traces.channels)
    (sampleRate, samples, units) = (traces.sampleRate, traces.sampleCount, traces.units)
    (seconds, self.levels, remarks) = (Double(samples) / sampleRate, levels, traces.remarks)
  }

  private static func isTrace(_ path: String) throws -> Bool {
    if audio.contains(URL(filePath: path).pathExtension.lowercased()) { return true }
    guard try H5File.isHDF5(path) else { return false }
    let contents = try H5File(reading: path)
    guard contents.kind(of: "/data") == .dataset else { return false }
    // A result or a recording may hold a dataset of that name too.
    return try contents.attribute("schema") == nil
      && !["/train", "/test", "/units"].contains(where: contents.contains)
  }

  var text: String {
    func number(_ value: Double) -> String { String(format: "%.4g", value) }
    let count = "\(channels) channel\(channels == 1 ? "" : "s")"
    let length = String(format: "%g Hz, %.3f s (%d samples)", sampleRate, seconds, samples)
    let header = ["channel", "lowest", "highest", "mean", "standard deviation"]
    let rows = levels.enumerated().map { channel, levels in
      ["\(channel)"] + [levels.minimum, levels.maximum, levels.mean, levels.deviation].map(number)
    }
    let read = levels.first.map { $0.samples } ?? samples
    var lines = ["\(file): \(count) at \(length), \(format); in \(units)"]
    lines += (remarks + TextTable.lines([header] + rows)).map { "  \($0)" }
    if read < samples { lines.append("  levels of \(read) of \(samples) samples, spread over the file") }
    return lines.joined(separator: "\n")
  }
}
