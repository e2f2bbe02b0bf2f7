import Foundation
import Numerics
import Runtime
import Storage

/// Writes a recording in the layout that `Recording` reads; frames stream through, memory never holds a movie.
///
///     let writer = try RecordingWriter(path: "recording.h5", cells: 9, frameRate: 100)
///     try writer.beginSplit("train", frames: 4500, height: 24, width: 24)
///     for block in movie { try writer.append(block) }
///     try writer.writeResponse(rates, named: "firing_rate_10ms", units: "Hz")
///     try writer.commit()
///
/// Until `commit` the file has a temporary name; a writer that is dropped before leaves nothing. Not for sharing
/// between threads.
public final class RecordingWriter {
  /// The name the complete file will have.
  public let path: String
  /// Number of cells in every response.
  public let cells: Int
  /// Frames per second.
  public let frameRate: Double
  /// The file being written, for datasets beyond the layout; closed by `commit`.
  public var file: H5File {
    guard let openFile else { preconditionFailure("the recording is committed") }
    return openFile
  }

  /// The movie being written: its group, its dataset and the next frame.
  private struct Split {
    let group: String
    let stimulus: H5Dataset
    var next = 0
  }
  private var split: Split?
  private var openFile: H5File?
  private var partial: String { path + ".partial" }

  /// - Parameters:
  ///   - frameRate: frames per second, stored as the attribute `frame_rate`.
  ///   - force: replace a file of that name.
  /// - Throws: `CodecError` of kind `fileSystem` where the name is taken or the folder refuses.
  public init(path: String, cells: Int, frameRate: Double, force: Bool = false) throws {
    if !force, FileManager.default.fileExists(atPath: path) {
      throw CodecError(
        .fileSystem, "the file is there already", at: path, remedy: "choose another name, or --force")
    }
    (self.path, self.cells, self.frameRate) = (path, cells, frameRate)
    openFile = try H5File(creating: path + ".partial")
    try file.setAttribute("frame_rate", to: .number(frameRate))
  }

  deinit { if openFile != nil { try? FileManager.default.removeItem(atPath: partial) } }

  /// Begins a movie; its frames, responses and repeats are written before the next begins.
  /// - Parameters:
  ///   - name: `train` or `test`.
  ///   - frames: its length.
  ///   - type: the type of the pixels in the file.
  ///   - times: when each frame began, seconds; nil counts from 0 at the frame rate.
  public func beginSplit(
    _ name: String, frames: Int, height: Int, width: Int, as type: NumberType = .uint8, times: [Double]? = nil
  ) throws {
    finishSplit()
    let stimulus = try file.createDataset("/\(name)/stimulus", type, shape: [frames, height, width])
    try describe(stimulus, axes: ["time", "y", "x"], units: "grey levels")
    split = Split(group: "/\(name)", stimulus: stimulus)
    try write(
      times ?? (0..<frames).map { Double($0) / frameRate }, shape: [frames], to: "time", axes: ["time"],
      units: "s")
  }

  /// Adds whole frames to the movie begun last.
  /// - Parameter pixels: `[frame, y, x]`, row-major.
  public func append<Number: StoredNumber>(_ pixels: [Number]) throws {
    guard let current = split else { preconditionFailure("no split was begun") }
    let shape = current.stimulus.shape
    let added = pixels.count / (shape[1] * shape[2])
    precondition(
      added * shape[1] * shape[2] == pixels.count && current.next + added <= shape[0], "whole frames fit")
    try current.stimulus.write(pixels, in: [current.next..<current.next + added, 0..<shape[1], 0..<shape[2]])
    split?.next += added
  }

  /// Writes a response to the movie begun last.
  /// - Parameter values: `[cell, time]`, row-major.
  public func writeResponse<Number: StoredNumber>(_ values: [Number], named name: String, units: String)
    throws
  {
    try write(
      values, shape: [cells, frameCount], to: "response/\(name)", axes: ["cell", "time"], units: units)
  }

  /// Writes a cell's responses to every repeat of the movie begun last.
  /// - Parameters:
  ///   - values: `[repeat, time]`, row-major.
  ///   - cell: the cell's id, from 0; names in the file count from 1.
  public func writeRepeats<Number: StoredNumber>(_ values: [Number], ofCell cell: Int, units: String) throws {
    let shape = [values.count / frameCount, frameCount]
    try write(
      values, shape: shape, to: "repeats/\(Self.name(ofCell: cell))", axes: ["repeat", "time"], units: units)
  }

  /// Says where the continuous runs of frames of the movie begun last start: ascending, from 0.
  public func writeSegmentStarts(_ starts: [Int]) throws {
    try write(starts, shape: [starts.count], to: "segment_start", axes: ["segment"], units: "frame")
  }

  /// Writes a cell's spike times.
  /// - Parameters:
  ///   - times: in seconds, ascending.
  ///   - cell: the cell's id, from 0.
  public func writeSpikeTimes(_ times: [Double], ofCell cell: Int) throws {
    let dataset = try file.write(times, shape: [times.count], to: "/spikes/\(Self.name(ofCell: cell))")
    try describe(dataset, axes: ["spike"], units: "s")
  }

  /// Completes the file and gives it its name.
  /// - Throws: `CodecError` of kind `fileSystem` where the disk refuses; nothing is left under the name.
  public func commit() throws {
    finishSplit()
    try file.flush()
    (split, openFile) = (nil, nil)
    do { try AtomicFile.rename(partial, to: path) } catch {
      try? FileManager.default.removeItem(atPath: partial)
      throw error
    }
  }

  private var frameCount: Int {
    guard let split else { preconditionFailure("no split was begun") }
    return split.stimulus.rows
  }

  private func finishSplit() {
    guard let split else { return }
    precondition(split.next == split.stimulus.rows, "\(split.group) has \(split.next) of its frames")
  }

  private func write<Number: StoredNumber>(
    _ values: [Number], shape: [Int], to name: String, axes: [String], units: String
  ) throws {
    guard let split else { preconditionFailure("no split was begun") }
    try describe(try file.write(values, shape: shape, to: "\(split.group)/\(name)"), axes: axes, units: units)
  }

  private func describe(_ dataset: H5Dataset, axes: [String], units: String) throws {
    try dataset.setAttribute("axes", to: .texts(axes))
    try dataset.setAttribute("units", to: .text(units))
  }

  /// The layout counts cells from one in names.
  private static func name(ofCell cell: Int) -> String { String(format: "cell%02d", cell + 1) }
}
