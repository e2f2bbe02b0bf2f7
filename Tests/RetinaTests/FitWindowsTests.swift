import Foundation
import Numerics
import Retina
import RetinaData
import Storage
import TestSupport
import Testing

/// The windows that a network is fitted to: within segments, and apart from those held out.
struct FitWindowsTests {
  /// Windows found frame by frame by `scripts/fixtures/linear_nonlinear.py`.
  @Test func windowsAreThoseWithinSegments() throws {
    let path = Fixtures.path("fitting/linear_nonlinear.h5")
    let file = try H5File(reading: path)
    let data = try FitData(
      try Recording(path: path).split("train"), history: 4, normalisation: (mean: 0, deviation: 1),
      memory: 0)
    let (starts, frames): ([Int], [Int]) = (
      try file.dataset("/expected/starts").numbers(), try file.dataset("/expected/response_frame").numbers()
    )
    #expect(data.movie.starts == starts)
    #expect(data.responseFrames == frames)
  }

  /// A movie whose pixels, and rates, are the number of their segment: a window that sees two of them shows it. Segments
  /// begin where the file says and at gaps in time; one is too short for a window.
  @Test(arguments: [1, 5, 20]) func noWindowSeesTwoSegments(history: Int) throws {
    let lengths = [40, 7, 33, 21, 60]
    let segment = lengths.enumerated().flatMap { Array(repeating: Float($0.offset), count: $0.element) }
    let recording = try Recording(path: try recording(segment))
    for split in recording.splits {
      let data = try FitData(split, history: history, normalisation: (mean: 0, deviation: 1), memory: 1 << 20)
      #expect(data.count == lengths.reduce(0) { $0 + max(0, $1 - history) })
      for window in 0..<data.count {
        let first = data.movie.starts[window]
        let seen = Set(try data.movie.frames(first..<first + history))
        #expect(seen == [data.rates[window]], "window \(window) of \(split.splitName)")
        #expect(segment[data.responseFrames[window]] == data.rates[window])
      }
    }
  }

  /// Writes such a movie.
  private func recording(_ segment: [Float]) throws -> String {
    let path = try Fixtures.temporaryFolder().appending(path: "segments.h5").path
    let file = try H5File(creating: path)
    for split in ["train", "test"] {
      try file.write(
        Tensor(shape: [segment.count, 2, 2], elements: segment.flatMap { [$0, $0, $0, $0] }),
        to: "/\(split)/stimulus")
      try file.write(
        Tensor(shape: [1, segment.count], elements: segment), to: "/\(split)/response/firing_rate_10ms")
      // A gap before the last segment.
      let times = segment.indices.map { 0.01 * Double($0) + (segment[$0] == 4 ? 3 : 0) }
      try file.write(times, shape: [times.count], to: "/\(split)/time")
      try file.write([0, 40, 47, 80], shape: [4], to: "/\(split)/segment_start")
    }
    try file.flush()
    return path
  }

  @Test(arguments: [0, 0.4, 0.999]) func heldOutWindowsAreBlocksOfTheirOwn(offset: Double) {
    let (train, heldOut) = FitData.partition(4460, heldOut: 0.1, offset: offset)
    #expect((train + heldOut).sorted() == Array(0..<4460))
    #expect(heldOut.count == 440)
    let ends = zip(heldOut, heldOut.dropFirst()).filter { $1 != $0 + 1 }.count
    #expect(ends <= 9)
  }
}
