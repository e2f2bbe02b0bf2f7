import Foundation
import Numerics
import Runtime
import Storage

extension SimulatedRetina {
  /// Frames simulated and written at a time.
  private static let block = 256

  /// Writes the training and test movies with the cells' responses, in the layout of Maheswaranathan et al.
  /// 2023, into an empty file.
  ///
  /// Beside a real recording's datasets it holds the truth: `cell_type` and `cell_place` of each cell, and
  /// `{train,test}/response/true_rate`, the rates the spikes were drawn from. Frames stream through: memory
  /// holds some numbers for each frame and cell, never the movie.
  /// - Throws: `CodecError` where the file refuses, or a stop was asked for.
  public func write(into file: H5File, progress: ProgressHandler? = nil) throws {
    let total = options.trainingFrames + options.testFrames
    func report(_ finished: Int) {
      progress?(ProgressReport(task: "simulating", finished: finished, total: total))
    }
    try writeTruth(into: file)
    let training = try writeMovie(trainingMovie, showings: 1, into: file, group: "/train") { report($0) }
    try training.write(into: file, group: "/train", frameRate: options.frameRate)
    try writeSpikeTimes(training.showings[0], into: file)
    let test = try writeMovie(testMovie, showings: options.repeats, into: file, group: "/test") {
      report(options.trainingFrames + $0)
    }
    try test.write(into: file, group: "/test", frameRate: options.frameRate)
    for cell in 0..<options.cells {
      let counts = test.showings.flatMap { showing in
        stride(from: cell, to: showing.count, by: options.cells).map { showing[$0] }
      }
      let shape = [options.repeats, options.testFrames]
      try file.write(counts, shape: shape, to: "/test/repeats/\(Self.name(ofCell: cell))")
        .describe(axes: "repeat, time", units: "spikes")
    }
  }

  /// The 2023 layout counts cells from one in names.
  private static func name(ofCell cell: Int) -> String { String(format: "cell%02d", cell + 1) }

  private func writeTruth(into file: H5File) throws {
    try file.setAttribute("frame_rate", to: .number(options.frameRate))
    try file.setAttribute(
      "simulated", to: .text("subunit LNLN; types \(options.types.map(\.rawValue).joined(separator: ", "))"))
    let types = try file.write(cellTypes.map(\.index), shape: [options.cells], to: "/cell_type")
    try types.describe(axes: "cell", units: "index of the type")
    try types.setAttribute("names", to: .texts(SimulatedCellType.allCases.map(\.rawValue)))
    let shape = [options.cells, 2]
    try file.write(places.flatMap { [$0.y, $0.x] }, shape: shape, to: "/cell_place")
      .describe(axes: "cell, (y, x)", units: "pixels")
  }

  /// Streams a movie and its responses; returns what is kept for each frame and cell.
  private func writeMovie(
    _ movie: SimulatedMovie, showings: Int, into file: H5File, group: String, _ report: (Int) -> Void
  ) throws -> SimulatedResponses {
    let shape = [movie.frameCount, options.height, options.width]
    let stimulus = try file.createDataset("\(group)/stimulus", .uint8, shape: shape)
    try stimulus.describe(axes: "time, y, x", units: "grey levels")
    var responses = SimulatedResponses(cells: options.cells, showings: showings)
    for first in stride(from: 0, to: movie.frameCount, by: Self.block) {
      try Interrupt.check()
      let range = first..<min(first + Self.block, movie.frameCount)
      let pixels = movie.frames(range).elements.map { UInt8($0) }
      try stimulus.write(pixels, in: [range, 0..<options.height, 0..<options.width])
      let rates = rates(of: movie, frames: range)
      responses.append(rates) { spikeCounts(rates, of: movie, from: first, showing: $0) }
      report(range.upperBound)
    }
    return responses
  }

  /// Spike times of the training movie, uniform within their frame.
  private func writeSpikeTimes(_ counts: [UInt8], into file: H5File) throws {
    for cell in 0..<options.cells {
      var random = trainingMovie.stream.split("spike times").split(cell)
      let times = (0..<options.trainingFrames).flatMap { frame in
        (0..<counts[frame * options.cells + cell]).map { _ in random.uniform() }.sorted().map {
          (Double(frame) + $0) / options.frameRate
        }
      }
      try file.write(times, shape: [times.count], to: "/spikes/\(Self.name(ofCell: cell))")
        .describe(axes: "spike", units: "s")
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

  func write(into file: H5File, group: String, frameRate: Double) throws {
    let frames = rates.count / cells
    try file.write((0..<frames).map { Double($0) / frameRate }, shape: [frames], to: "\(group)/time")
      .describe(axes: "time", units: "s")
    func write(_ name: String, _ units: String, _ values: [Float]) throws {
      let byCell = (0..<cells).flatMap { cell in
        stride(from: cell, to: values.count, by: cells).map { values[$0] }
      }
      try file.write(byCell, shape: [cells, frames], to: "\(group)/response/\(name)")
        .describe(axes: "cell, time", units: units)
    }
    var means = [Float](repeating: 0, count: rates.count)
    for showing in showings {
      for (index, count) in showing.enumerated() { means[index] += Float(count) / Float(showings.count) }
    }
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

extension H5Dataset {
  /// Says what the axes and the numbers are.
  fileprivate func describe(axes: String, units: String) throws {
    try setAttribute("axes", to: .text(axes))
    try setAttribute("units", to: .text(units))
  }
}
