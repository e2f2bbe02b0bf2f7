import Foundation
import Numerics
import Runtime
import Storage

extension SimulatedRetina {
  /// Frames simulated and written at a time.
  private static let block = 256

  /// Writes the training and test movies with the cells' responses.
  ///
  /// Beside a real recording's datasets it holds the truth: `cell_type` and `cell_place` of each cell, and
  /// `{train,test}/response/true_rate`, the rates the spikes were drawn from. Frames stream through: memory
  /// holds some numbers for each frame and cell, never the movie.
  /// - Throws: `CodecError` where the file refuses, or a stop was asked for.
  func write(with writer: RecordingWriter, progress: ProgressHandler? = nil) throws {
    let total = options.trainingFrames + options.testFrames
    func report(_ finished: Int) {
      progress?(ProgressReport(task: "simulating", finished: finished, total: total))
    }
    try writeTruth(into: writer.file)
    try writer.beginSplit(
      "train", frames: options.trainingFrames, height: options.height, width: options.width)
    let training = try writeMovie(trainingMovie, showings: 1, with: writer) { report($0) }
    try training.write(with: writer)
    try writeSpikeTimes(training.showings[0], with: writer)
    try writer.beginSplit("test", frames: options.testFrames, height: options.height, width: options.width)
    let test = try writeMovie(testMovie, showings: options.repeats, with: writer) {
      report(options.trainingFrames + $0)
    }
    try test.write(with: writer)
    for cell in 0..<options.cells {
      let counts = test.showings.flatMap { showing in
        stride(from: cell, to: showing.count, by: options.cells).map { showing[$0] }
      }
      try writer.writeRepeats(counts, ofCell: cell, units: "spikes in a frame")
    }
  }

  private func writeTruth(into file: H5File) throws {
    try file.setAttribute(
      "simulated", to: .text("subunit LNLN; types \(options.types.map(\.rawValue).joined(separator: ", "))"))
    let types = try file.write(cellTypes.map(\.index), shape: [options.cells], to: "/cell_type")
    try types.setAttribute("axes", to: .texts(["cell"]))
    try types.setAttribute("units", to: "index of the type")
    try types.setAttribute("names", to: .texts(SimulatedCellType.allCases.map(\.rawValue)))
    let shape = [options.cells, 2]
    let places = try file.write(places.flatMap { [$0.y, $0.x] }, shape: shape, to: "/cell_place")
    try places.setAttribute("axes", to: .texts(["cell", "y, x"]))
    try places.setAttribute("units", to: "pixels")
  }

  /// Streams a movie and its responses; returns what is kept for each frame and cell.
  private func writeMovie(
    _ movie: SimulatedMovie, showings: Int, with writer: RecordingWriter, _ report: (Int) -> Void
  ) throws -> SimulatedResponses {
    var responses = SimulatedResponses(cells: options.cells, showings: showings)
    for first in stride(from: 0, to: movie.frameCount, by: Self.block) {
      try Interrupt.check()
      let range = first..<min(first + Self.block, movie.frameCount)
      try writer.append(movie.frames(range).elements.map { UInt8($0) })
      let rates = rates(of: movie, frames: range)
      responses.append(rates) { spikeCounts(rates, of: movie, from: first, showing: $0) }
      report(range.upperBound)
    }
    return responses
  }

  /// Spike times of the training movie, uniform within their frame.
  private func writeSpikeTimes(_ counts: [UInt8], with writer: RecordingWriter) throws {
    for cell in 0..<options.cells {
      var random = trainingMovie.stream.split("spike times").split(cell)
      let times = (0..<options.trainingFrames).flatMap { frame in
        (0..<counts[frame * options.cells + cell]).map { _ in random.uniform() }.sorted().map {
          (Double(frame) + $0) / options.frameRate
        }
      }
      try writer.writeSpikeTimes(times, ofCell: cell)
    }
  }
}

/// Rates and counts of one movie, time after time.
private struct SimulatedResponses {
  let cells: Int
  /// `[frame, cell]`.
  var rates: [Float] = []
  /// `[frame, cell]` of each showing.
  var showings: [[UInt8]]

  init(cells: Int, showings: Int) {
    self.cells = cells
    self.showings = Array(repeating: [], count: showings)
  }

  mutating func append(_ rates: Tensor, counts: (Int) -> [UInt8]) {
    self.rates += rates.elements
    for showing in showings.indices { showings[showing] += counts(showing) }
  }

  func write(with writer: RecordingWriter) throws {
    func write(_ name: String, _ units: String, _ values: [Float]) throws {
      let byCell = (0..<cells).flatMap { cell in
        stride(from: cell, to: values.count, by: cells).map { values[$0] }
      }
      try writer.writeResponse(byCell, named: name, units: units)
    }
    var means = [Float](repeating: 0, count: rates.count)
    for showing in showings {
      for (index, count) in showing.enumerated() { means[index] += Float(count) / Float(showings.count) }
    }
    let frameRate = writer.frameRate
    try write("true_rate", "Hz", rates)
    try write("binned", "spikes in a frame, mean over repeats", means)
    try write("firing_rate_10ms", "Hz", smoothed(means, deviation: 0.010 * frameRate, scale: frameRate))
  }

  /// Counts smoothed over time by a Gaussian, times `scale`.
  private func smoothed(_ counts: [Float], deviation: Double, scale: Double) -> [Float] {
    let reach = max(1, Int((4 * deviation).rounded(.up)))
    let weights = (-reach...reach).map { exp(-pow(Double($0) / deviation, 2) / 2) }
    let sum = weights.reduce(0, +)
    let frames = counts.count / cells
    var result = [Float](repeating: 0, count: counts.count)
    for (offset, weight) in zip(-reach...reach, weights) {
      let factor = Float(weight / sum * scale)
      for frame in max(0, -offset)..<max(0, min(frames, frames - offset)) {
        for cell in 0..<cells {
          result[frame * cells + cell] += factor * counts[(frame + offset) * cells + cell]
        }
      }
    }
    return result
  }
}
