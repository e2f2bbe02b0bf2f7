import Numerics
import Runtime
import Stimuli
import Storage

/// What the report's page shows beside the other results, streamed to `explorer.h5`: the movie, every cell's
/// receptive field at moments spread over it, and the recorded repeats.
///
/// The layout of the receptive fields is that of `irf.h5`. What a long movie has too much of is thinned here, by taking
/// every n-th frame, so that the file (and the page) stays small whatever the recording's length.
public struct ExplorerRun: Sendable {
  /// The `schema` of such files.
  public static let schema = "explorer"
  /// The version of the layout written here.
  public static let schemaVersion = 1

  /// What is kept at most.
  public struct Limits: Sendable, Encodable, Equatable {
    /// Pixels of receptive fields, over all moments and cells.
    public var receptiveFieldPixels = 8 << 20
    /// Pixels of the movie.
    public var moviePixels = 4 << 20

    /// Limits that keep the page under 25 MB.
    public init() {}
  }

  private let receptiveFields: InstantaneousReceptiveFields
  private let input: RecordedInput
  /// The stimulus frames with receptive fields, ascending.
  public let frames: [Int]
  /// Every n-th frame of the movie is kept.
  public let movieStride: Int

  /// - Parameters:
  ///   - frames: stimulus frames that are kept in any case.
  public init(
    _ receptiveFields: InstantaneousReceptiveFields, input: RecordedInput, frames wanted: [Int],
    limits: Limits = Limits()
  ) {
    (self.receptiveFields, self.input) = (receptiveFields, input)
    let pixels = receptiveFields.frameSize.height * receptiveFields.frameSize.width
    let most = max(1, limits.receptiveFieldPixels / max(1, pixels * receptiveFields.cells.count))
    let all = receptiveFields.allFrames
    let stride = (all.count + most - 1) / most
    let spread = Swift.stride(from: 0, to: all.count, by: max(1, stride)).map { all[$0] }
    frames = Set(spread).union(wanted).sorted()
    movieStride = max(1, (input.split.frameCount * pixels + limits.moviePixels - 1) / limits.moviePixels)
  }

  /// Computes what the writer does not hold yet, and completes the file.
  /// - Throws: as `ReceptiveFieldRun.write`.
  public func write(to writer: ResultWriter, progress: ProgressHandler? = nil) throws {
    try ReceptiveFieldRun(receptiveFields, frames: frames, task: "explorer")
      .append(to: writer, progress: progress)
    try writeMovie(to: writer)
    try writeRepeats(to: writer)
    try writer.commit()
  }

  private func writeMovie(to writer: ResultWriter) throws {
    let (source, size) = (input.split, receptiveFields.frameSize)
    var kept: [Float] = []
    let block = 256
    for first in stride(from: 0, to: source.frameCount, by: block) {
      let frames = try source.frames(first..<min(first + block, source.frameCount))
      for row in 0..<frames.rows where (first + row) % movieStride == 0 {
        kept.append(contentsOf: frames.row(row).prefix(size.height * size.width))
      }
    }
    let (low, high) = (kept.min() ?? 0, kept.max() ?? 0)
    let scale = high > low ? 255 / (high - low) : 0
    let count = kept.count / (size.height * size.width)
    try writer.write(
      (0..<count).map { $0 * movieStride }, shape: [count], to: "/movie/frame", axes: ["frame"],
      units: "frame of the stimulus")
    try writer.write(
      kept.map { UInt8((scale * ($0 - low)).rounded()) }, shape: [count, size.height, size.width],
      to: "/movie/stimulus", axes: ["frame", "y", "x"], units: "of 255 from minimum to maximum",
      attributes: [
        "minimum": .number(Double(low)), "maximum": .number(Double(high)), "stride": .integer(movieStride),
        "frames": .integer(source.frameCount),
      ])
  }

  /// `[repeat, cell, sample]` of the model's cells in the frames that have a predicted response.
  private func writeRepeats(to writer: ResultWriter) throws {
    guard let repeats = try input.split.repeats() else { return }
    let rows = try receptiveFields.cells.map { cell in
      guard let row = input.split.cellIDs.firstIndex(of: cell) else {
        throw CodecError(.bug, "cell \(cell) is not in the recording")
      }
      return row
    }
    let (count, frames) = (repeats.shape[1], input.split.frameCount)
    let samples = receptiveFields.allFrames
    var values: [Float] = []
    values.reserveCapacity(count * rows.count * samples.count)
    for one in 0..<count {
      for row in rows {
        let start = (row * count + one) * frames
        values.append(contentsOf: samples.lazy.map { repeats.elements[start + $0] })
      }
    }
    try writer.write(
      values, shape: [count, rows.count, samples.count], to: "/repeats", axes: ["repeat", "cell", "sample"],
      units: "as recorded")
  }
}
