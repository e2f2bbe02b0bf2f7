import Foundation
import RetinaData
import Stimuli

/// A part of a recording, such as a movie or a spike list, in few words.
struct SourceDescription: Encodable {
  let file: String
  let text: String

  /// What a movie, an array or a spike list holds; nil where the name is that of none.
  init?(_ path: String) throws {
    switch URL(filePath: path).pathExtension.lowercased() {
    case "csv", "txt", "tsv": text = try Self.spikes(SpikeFile(reading: path))
    case "npy", "mp4", "mkv", "avi", "mov", "webm", "mpg", "mpeg", "m4v", "wmv", "gif":
      text = Self.movie(try MovieFile.open(path))
    default: return nil
    }
    file = URL(filePath: path).lastPathComponent
  }

  private static func movie(_ movie: Movie) -> String {
    let rate = movie.frameRate.map { String(format: " at %g Hz", $0) } ?? ""
    let size = "\(movie.frameCount) frames of \(movie.frameShape[1])×\(movie.frameShape[2])\(rate)"
    return (["a movie of \(size)"] + movie.remarks).joined(separator: "\n  ")
  }

  private static func spikes(_ file: SpikeFile) -> String {
    let times = file.trains.flatMap(\.times)
    let span = String(format: "%g to %g s", times.min() ?? 0, times.max() ?? 0)
    let cells = file.trains.map { "\($0.cell): \($0.times.count)" }.joined(separator: ", ")
    return "\(times.count) spikes from \(span); by cell \(cells)"
  }
}
