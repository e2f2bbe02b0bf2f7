import Foundation
import Numerics
import Runtime
import Storage

/// A session in the layout of the package open-retina: an HDF5 file with `responses_NAME` [cell, time], and the movie
/// NAME as `stimulus_NAME` in it or as `stimuli/NAME.npy` beside it, [channel, time, y, x].
struct OpenRetinaSession {
  let file: H5File
  /// Which channel of the movies.
  var channel: Int?
  var frameRate: Double?
  private static let prefix = "responses_"

  /// Names of the stimuli that cells responded to.
  static func stimuli(in file: H5File) throws -> [String] {
    try file.children().filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  /// The recording: stimuli with `test` in their name become the test split, one other the training split.
  func recording() throws -> Recording {
    let names = try Self.stimuli(in: file)
    let test = names.filter { $0.lowercased().contains("test") }
    let train = names.filter { !test.contains($0) }
    guard test.count <= 1, train.count <= 1 else {
      throw CodecError(
        .data, "several stimuli: \(names.joined(separator: ", "))", at: file.path,
        remedy: "import them with --movie and --rates FILE.h5:responses_NAME")
    }
    let chosen = zip(["train", "test"], [train.first, test.first]).compactMap { split, name in
      name.map { (split, $0) }
    }
    return try Recording(
      name: file.name, at: file.path, format: "open-retina session",
      splits: chosen.map { try self.split($0.0, stimulus: $0.1) })
  }

  private func split(_ name: String, stimulus: String) throws -> RecordingSplit {
    let movie = try movie(stimulus)
    let dataset = try file.dataset("/\(Self.prefix)\(stimulus)", rank: 2)
    guard dataset.shape[1] == movie.frameCount else {
      throw CodecError(
        .data, "responses of shape \(dataset.shape) to \(movie.frameCount) frames", at: dataset.place,
        remedy: "expected [cell, time]")
    }
    let rates = try dataset.tensor()
    if let index = rates.elements.firstNonFiniteIndex {
      throw CodecError(
        .data,
        "the response of cell \(index / movie.frameCount) is not finite in frame \(index % movie.frameCount)",
        at: dataset.place, remedy: "replace NaN and infinite responses")
    }
    return RecordingSplit(
      named: name, of: file.name, cellIDs: Array(0..<rates.rows), movie: movie, frameRate: frameRate,
      times: nil,
      segments: [0..<movie.frameCount], remarks: ["\(name) is the stimulus \(stimulus)"],
      responses: HeldResponses(rateName: "firing_rate_\(stimulus)", heldRates: rates))
  }

  private func movie(_ name: String) throws -> Movie {
    let inside = "/stimulus_\(name)"
    guard file.contains(inside) else {
      let folder = URL(filePath: file.path).deletingLastPathComponent()
      return try Movie(NpyFile(reading: folder.appending(path: "stimuli/\(name).npy").path), channel: channel)
    }
    let dataset = try file.dataset(inside, rank: 4)
    let shape = dataset.shape
    let channel = try Movie.channel(channel, of: shape[0], at: dataset.place)
    return try Movie(
      name: dataset.place, frames: shape[1], height: shape[2], width: shape[3],
      isBytes: dataset.isUnsignedBytes,
      reader: ArrayMovie(height: shape[2], width: shape[3]) {
        try dataset.numbers(in: [channel..<channel + 1, $0, 0..<shape[2], 0..<shape[3]])
      })
  }
}
