import Numerics
import Runtime
import Storage

extension RecordingWriter {
  /// Pixels held at a time.
  private static let pixels = 1 << 22

  /// Writes any recording in the layout that `Recording` reads; frames stream through.
  /// - Parameters:
  ///   - spikes: spike times of the cells, where they are known.
  ///   - provenance: how the file was made.
  /// - Throws: `CodecError` where a source cannot be read or the disk refuses.
  public static func write(
    _ recording: Recording, spikes: [SpikeTrain] = [], provenance: Provenance, to path: String,
    force: Bool = false, progress: ProgressHandler? = nil
  ) throws {
    guard let frameRate = recording.splits.lazy.compactMap(\.frameRate).first else {
      throw CodecError(
        .usage, "how many frames a second?", at: recording.name, remedy: "give --frame-rate HZ")
    }
    let writer = try RecordingWriter(
      path: path, cells: recording.cellIDs.count, frameRate: frameRate, force: force)
    try provenance.write(to: writer.file)
    try writer.writeIDs(recording.cellIDs)
    let total = recording.splits.reduce(0) { $0 + $1.frameCount }
    var finished = 0
    for split in recording.splits {
      try writer.write(split) { count in
        finished += count
        progress?(ProgressReport(task: "importing", finished: finished, total: total))
      }
    }
    for (cell, train) in spikes.enumerated() { try writer.writeSpikeTimes(train.times, ofCell: cell) }
    try writer.commit()
  }

  private func writeIDs(_ ids: [Int]) throws {
    guard ids != Array(0..<ids.count) else { return }
    let dataset = try file.write(ids, shape: [ids.count], to: "/cell_id")
    try dataset.setAttribute("axes", to: .texts(["cell"]))
    try dataset.setAttribute("units", to: "id")
  }

  private func write(_ split: RecordingSplit, progress: (Int) -> Void) throws {
    let window = split.movie.window
    let isBytes = split.movie.isBytes
    try beginSplit(
      split.splitName, frames: split.frameCount, height: window.height, width: window.width,
      as: isBytes ? .uint8 : .float32, times: split.times)
    let block = max(1, min(256, Self.pixels / (window.y.count * window.x.count)))
    for first in stride(from: 0, to: split.frameCount, by: block) {
      try Interrupt.check()
      let range = first..<min(first + block, split.frameCount)
      let pixels = try split.frames(range).elements
      if isBytes { try append(pixels.map { UInt8($0.rounded()) }) } else { try append(pixels) }
      progress(range.count)
    }
    try writeResponse(split.rates().elements, named: split.rateName, units: "Hz")
    if let counts = try split.counts() {
      try writeResponse(counts.elements, named: "binned", units: "spikes in a frame, mean over repeats")
    }
    if let repeats = try split.repeats() {
      let size = repeats.rowCount
      for cell in 0..<repeats.rows {
        let values = Array(repeats.elements[cell * size..<(cell + 1) * size])
        try writeRepeats(values, ofCell: cell, units: try split.counts() == nil ? "Hz" : "spikes in a frame")
      }
    }
    if split.segments.count > 1 { try writeSegmentStarts(split.segments.map(\.lowerBound)) }
  }
}
