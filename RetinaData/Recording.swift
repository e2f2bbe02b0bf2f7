import Foundation
import Numerics
import Runtime
import Stimuli
import Storage

/// A recorded experiment in the HDF5 layout of Maheswaranathan et al. (2023): groups `train` and `test`, each a
/// stimulus movie with the cells' responses.
///
///     let recording = try Recording(path: "recording.h5")
///     let test = try recording.split("test")
///     let rates = try test.rates()          // [cell, time], Hz
public final class Recording: Sendable {
  /// The names a split can have.
  static let splitNames = ["train", "test"]

  /// The open file.
  public let file: H5File
  /// The splits that are there, in the order train, test.
  public let splits: [RecordingSplit]

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
    self.file = file
    let present = Self.splitNames.filter { file.kind(of: "/\($0)") == .group }
    guard !present.isEmpty else {
      let found = try file.children().joined(separator: ", ")
      throw CodecError(
        .data, "no group train or test; found \(found.isEmpty ? "an empty file" : found)", at: file.path,
        remedy: "convert the recording to the layout described in the README")
    }
    let layout = RecordingLayout(file: file, rate: rate, frameRate: frameRate)
    splits = try present.map { try RecordingSplit(named: $0, layout) }
    try requireAlike()
  }

  /// Both splits show the same kind of frames to the same cells.
  private func requireAlike() throws {
    guard let first = splits.first, let last = splits.last else { return }
    if first.cellIDs.count != last.cellIDs.count {
      throw CodecError(
        .data, "\(first.cellIDs.count) cells in train but \(last.cellIDs.count) in test", at: file.path)
    }
    if first.frameShape != last.frameShape {
      let (train, test) = (first.frameShape.dropFirst(), last.frameShape.dropFirst())
      throw CodecError(.data, "frames of \(train) in train but of \(test) in test [y, x]", at: file.path)
    }
  }

  /// A split by name.
  /// - Throws: `CodecError` of kind `usage` listing those that are there.
  public func split(_ name: String) throws -> RecordingSplit {
    guard let split = splits.first(where: { $0.splitName == name }) else {
      throw CodecError.unknown("split", name, valid: splits.map(\.splitName), at: file.path)
    }
    return split
  }

  /// Ids of the cells: their places in the response datasets, from 0.
  public var cellIDs: [Int] { splits[0].cellIDs }

  /// The true type of each cell where the recording is simulated (`cell_type`), else nil.
  public func cellTypes() throws -> [Int]? {
    guard file.contains("/cell_type") else { return nil }
    let types: [Int] = try file.dataset("/cell_type", rank: 1).numbers()
    guard types.count == cellIDs.count else {
      throw CodecError(
        .data, "\(types.count) cell types for \(cellIDs.count) cells", at: file.place("/cell_type"))
    }
    return types
  }
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
}
