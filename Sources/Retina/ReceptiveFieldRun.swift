import Numerics
import Runtime
import Storage

/// Instantaneous receptive fields of some frames and cells, streamed to `irf.h5`.
///
///     let run = ReceptiveFieldRun(receptiveFields, frames: [4563, 4657])
///     let writer = try ResultWriter(path: "irf.h5", provenance: provenance, resume: true)
///     try run.write(to: writer)
///
/// `/spatial` times `/temporal` is the best separable approximation of a field; `/irf` holds the fields themselves
/// where asked for. Memory does not grow with the number of frames.
public struct ReceptiveFieldRun: Sendable {
  /// The `schema` of such files.
  public static let schema = "irf"
  /// The version of the layout written here.
  public static let schemaVersion = 1

  /// The machinery.
  public let receptiveFields: InstantaneousReceptiveFields
  /// The stimulus frames, in the order of the file.
  public let frames: [Int]
  /// Whether the fields themselves are kept beside their components.
  public let includesFields: Bool

  /// What the progress calls the work.
  private let task: String

  /// A run over some frames.
  public init(
    _ receptiveFields: InstantaneousReceptiveFields, frames: [Int], includesFields: Bool = false,
    task: String = "receptive fields"
  ) {
    (self.receptiveFields, self.frames, self.includesFields) = (receptiveFields, frames, includesFields)
    self.task = task
  }

  /// Computes what the writer does not hold yet, and completes the file.
  /// - Throws: `CodecError`: `usage` naming a frame that has no whole history before it, `data` where a number is not
  ///   finite, `fileSystem` where the disk refuses, `interrupted`; after each of these the file can be resumed.
  public func write(to writer: ResultWriter, progress: ProgressHandler? = nil) throws {
    try append(to: writer, progress: progress)
    try writer.commit()
  }

  /// Appends the rows that the writer does not hold yet.
  /// - Parameters:
  ///   - block: called whenever a block of frames is safe; its error ends the work.
  package func append(
    to writer: ResultWriter, progress: ProgressHandler? = nil, afterBlock block: () throws -> Void = {}
  ) throws {
    try define(writer)
    var finished = writer.finishedSamples
    try receptiveFields.forEachBlock(frames, after: finished, withComponents: true) { rows in
      try writer.append(rows.frames, to: "/frame")
      try writer.append(rows.rates, to: "/rate")
      if includesFields { try writer.append(rows.fields, to: "/irf") }
      try writer.append(rows.components.flatMap(\.spatial), to: "/spatial")
      try writer.append(rows.components.flatMap(\.temporal), to: "/temporal")
      try writer.append(rows.components.map(\.singularValueShare), to: "/singular_value_share")
      finished += rows.frames.count
      try writer.flush(finishedSamples: finished)
      progress?(ProgressReport(task: task, finished: finished, total: frames.count))
      try block()
    }
  }

  private func define(_ writer: ResultWriter) throws {
    let cells = receptiveFields.cells
    let (height, width) = receptiveFields.frameSize
    let (lags, unit) = (receptiveFields.history, "Hz per standard deviation of the stimulus")
    try writer.write(cells, shape: [cells.count], to: "/cell_id", axes: ["cell"], units: "id")
    try writer.createDataset("/frame", .int64, axes: ["frame"], units: "frame of the stimulus")
    try writer.createDataset("/rate", rowShape: [cells.count], axes: ["frame", "cell"], units: "Hz")
    if includesFields {
      try writer.createDataset(
        "/irf", rowShape: [cells.count, lags, height, width], axes: ["frame", "cell", "lag", "y", "x"],
        units: unit, attributes: ["lag": "0 is the oldest frame"])
    }
    try writer.createDataset(
      "/spatial", rowShape: [cells.count, height, width], axes: ["frame", "cell", "y", "x"], units: unit)
    try writer.createDataset(
      "/temporal", rowShape: [cells.count, lags], axes: ["frame", "cell", "lag"], units: "1",
      attributes: ["lag": "0 is the oldest frame"])
    try writer.createDataset(
      "/singular_value_share", .float64, rowShape: [cells.count], axes: ["frame", "cell"], units: "1",
      attributes: [
        "description": "first squared singular value over their sum: 1 where space and time separate"
      ])
  }
}
