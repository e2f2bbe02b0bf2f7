import Foundation
import Numerics
import Runtime
import Stimuli
import Storage

/// A recorded experiment: splits `train` and `test`, each a stimulus movie with the cells' responses, whatever
/// files they come from.
///
/// `init(path:)` reads the HDF5 layout of Maheswaranathan et al. (2023), in which recordings are kept;
/// `RecordingFile` the formats of others.
///
///     let recording = try Recording(path: "recording.h5")
///     let test = try recording.split("test")
///     let rates = try test.rates()          // [cell, time], Hz
public final class Recording: Sendable {
  /// The names a split can have.
  static let splitNames = ["train", "test"]

  /// The file or folder it comes from, without its path.
  public let name: String
  /// The splits that are there, in the order train, test.
  public let splits: [RecordingSplit]
  /// The format it was read from, in words.
  public let format: String
  /// Where it comes from, for messages.
  private let place: String
  private let trueTypes: [Int]?

  /// Opens a recording and checks its structure; frames are read later, as they are needed.
  /// - Parameters:
  ///   - rate: which dataset of `response` holds the rates; nil takes the only `firing_rate_*`, else
  ///     `firing_rate_10ms`.
  ///   - frameRate: frames per second, overriding the file's.
  /// - Throws: `CodecError` naming file and dataset with what was expected and found.
  public init(path: String, rate: String? = nil, frameRate: Double? = nil) throws {
    if let frameRate, !(frameRate > 0 && frameRate.isFinite) {
      throw CodecError(.usage, "a frame rate of \(frameRate) Hz", remedy: "give a number above 0")
    }
    let file = try H5File(reading: path)
    (name, place, format) = (file.name, file.path, "HDF5 layout of Maheswaranathan et al. (2023)")
    let present = Self.splitNames.filter { file.kind(of: "/\($0)") == .group }
    guard !present.isEmpty else {
      let found = try file.children().joined(separator: ", ")
      throw CodecError(
        .data, "no group train or test; found \(found.isEmpty ? "an empty file" : found)", at: file.path,
        remedy: "convert the recording to the layout described in the README")
    }
    let layout = RecordingLayout(file: file, rate: rate, frameRate: frameRate)
    splits = try present.map { try RecordingSplit(named: $0, layout) }
    trueTypes = try layout.cellTypes(count: splits[0].cellIDs.count)
    try requireAlike()
  }

  /// A recording put together from parts.
  init(name: String, at place: String, format: String, splits: [RecordingSplit]) throws {
    precondition(!splits.isEmpty)
    (self.name, self.place, self.format, self.splits) = (name, place, format, splits)
    trueTypes = nil
    try requireAlike()
  }

  /// Both splits show the same kind of frames to the same cells.
  private func requireAlike() throws {
    guard let first = splits.first, let last = splits.last else { return }
    if first.cellIDs.count != last.cellIDs.count {
      throw CodecError(
        .data, "\(first.cellIDs.count) cells in train but \(last.cellIDs.count) in test", at: place)
    }
    if first.frameShape != last.frameShape {
      let (train, test) = (first.frameShape.dropFirst(), last.frameShape.dropFirst())
      throw CodecError(.data, "frames of \(train) in train but of \(test) in test [y, x]", at: place)
    }
  }

  /// A split by name.
  /// - Throws: `CodecError` of kind `usage` listing those that are there.
  public func split(_ name: String) throws -> RecordingSplit {
    guard let split = splits.first(where: { $0.splitName == name }) else {
      throw CodecError.unknown("split", name, valid: splits.map(\.splitName), at: place)
    }
    return split
  }

  /// Ids of the cells, in the order of the responses' rows.
  public var cellIDs: [Int] { splits[0].cellIDs }

  /// The true type of each cell where the recording is simulated (`cell_type`), else nil.
  public func cellTypes() -> [Int]? { trueTypes }
}

/// What every split of a recording shares: the file and the user's choices.
struct RecordingLayout: Sendable {
  let file: H5File
  let rate: String?
  let frameRate: Double?

  /// Path of the dataset that holds a split's rates.
  func ratePath(inSplit split: String) throws -> String {
    let group = "/\(split)/response"
    guard file.kind(of: group) == .group else {
      throw CodecError(.data, "no responses", at: file.place(group), remedy: "rates are read from there")
    }
    let names = try file.children(of: group)
    let candidates = names.filter { $0.hasPrefix("firing_rate_") }
    if let rate {
      guard let name = [rate, "firing_rate_\(rate)"].first(where: names.contains) else {
        throw CodecError.unknown("rate", rate, valid: names, at: file.place(group))
      }
      return "\(group)/\(name)"
    }
    if candidates.count == 1 { return "\(group)/\(candidates[0])" }
    if candidates.contains("firing_rate_10ms") { return "\(group)/firing_rate_10ms" }
    guard !candidates.isEmpty else {
      throw CodecError(
        .data, "no firing_rate_* dataset; found \(names.joined(separator: ", "))", at: file.place(group),
        remedy: "name one with --rate")
    }
    throw CodecError(
      .usage, "several rates: \(candidates.joined(separator: ", "))", at: file.place(group),
      remedy: "choose one with --rate")
  }

  /// The true type of each cell, where the file has `cell_type`.
  func cellTypes(count: Int) throws -> [Int]? { try perCell("/cell_type", "cell types", count) }

  /// Ids of the cells: `cell_id`, else their places in the response datasets, from 0.
  func cellIDs(count: Int) throws -> [Int] {
    guard let ids = try perCell("/cell_id", "cell ids", count) else { return Array(0..<count) }
    guard Set(ids).count == count else {
      throw CodecError(.data, "a cell id occurs twice", at: file.place("/cell_id"))
    }
    return ids
  }

  private func perCell(_ path: String, _ noun: String, _ count: Int) throws -> [Int]? {
    guard file.contains(path) else { return nil }
    let numbers: [Int] = try file.dataset(path, rank: 1).numbers()
    guard numbers.count == count else {
      throw CodecError(.data, "\(numbers.count) \(noun) for \(count) cells", at: file.place(path))
    }
    return numbers
  }
}
