import Contributions
import Foundation
import Networks
import Numerics
import Retina
import Storage
import Stimuli
import Synchronization
import TestSupport
import Testing

/// A movie in an HDF5 dataset `[time, y, x]`, one segment.
struct MovieDataset: StimulusSource {
  let movie: Tensor
  let name: String

  init(_ path: String, dataset: String) throws {
    let file = try H5File(reading: path)
    movie = try file.dataset(dataset).tensor()
    name = file.name
  }

  var frameShape: [Int] { [1, movie.shape[1], movie.shape[2]] }
  var frameCount: Int { movie.rows }
  var segments: [Range<Int>] { [0..<frameCount] }
  var frameInterval: Double? { nil }
  func frames(_ range: Range<Int>) throws -> Tensor {
    let frames = movie.rows(range)
    return frames.reshaped([range.count] + frameShape)
  }
}

/// A movie whose file breaks at one read.
final class BrokenMovie: StimulusSource {
  struct Failure: Error {}

  private let movie: any StimulusSource
  private let last: Int
  private let reads = Mutex(0)

  init(_ movie: any StimulusSource, atRead last: Int) { (self.movie, self.last) = (movie, last) }

  var name: String { movie.name }
  var frameShape: [Int] { movie.frameShape }
  var frameCount: Int { movie.frameCount }
  var segments: [Range<Int>] { movie.segments }
  var frameInterval: Double? { movie.frameInterval }
  func frames(_ range: Range<Int>) throws -> Tensor {
    let read = reads.withLock { count in
      count += 1
      return count
    }
    guard read < last else { throw Failure() }
    return try movie.frames(range)
  }
}

/// A trained network, the test movie it sees, and what must come out.
struct RetinaFixture {
  let model: LoadedModel
  let series: WindowSeries
  let expected: H5File

  private init(model: LoadedModel, series: WindowSeries, expected: H5File) {
    (self.model, self.series, self.expected) = (model, series, expected)
  }

  /// The same with a movie that cannot be read to the end.
  func failing(atRead read: Int) throws -> RetinaFixture {
    RetinaFixture(
      model: model, series: try model.windows(over: BrokenMovie(series.source, atRead: read)),
      expected: expected)
  }

  /// The first windows as an array of inputs, taken as it is.
  func asArray(samples: Int) throws -> RetinaFixture {
    let frames = try series.normalisedFrames(forSamples: 0..<samples)
    let windows = Tensor(
      shape: [samples] + model.network.inputShape,
      elements: (0..<samples).flatMap { frames.rows($0..<$0 + series.history).elements })
    let array = try ArraySource(name: "windows", shape: windows.shape) { windows.rows($0) }
    return RetinaFixture(model: model, series: try array.windows(), expected: expected)
  }

  init(model: String, recording: String, expected: String) throws {
    self.model = try ModelFile.load(model, architectures: [RetinaCNN()])
    series = try self.model.windows(over: try MovieDataset(recording, dataset: "test/stimulus"))
    self.expected = try H5File(reading: expected)
  }

  /// The simulated recording of the samples.
  static func retina() throws -> RetinaFixture {
    let samples = Fixtures.folder.deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "RetinaData/Samples")
    return try RetinaFixture(
      model: samples.appending(path: "model.safetensors").path,
      recording: samples.appending(path: "recording.h5").path, expected: Fixtures.path("retina/expected.h5"))
  }

  /// The real recording; `nil` where it is not at hand (an error in CI).
  static func movingBar() throws -> RetinaFixture? {
    let checkout = Fixtures.folder.deletingLastPathComponent().deletingLastPathComponent()
    let recording = checkout.appending(path: "../shared/recordings/moving_bar.h5").standardized.path
    guard FileManager.default.fileExists(atPath: recording) else {
      #expect(ProcessInfo.processInfo.environment["CI"] != "true", "\(recording) is missing")
      return nil
    }
    return try RetinaFixture(
      model: Fixtures.path("moving_bar/model.safetensors"), recording: recording,
      expected: Fixtures.path("moving_bar/expected.h5"))
  }

  /// A fixture by its folder's name.
  static func named(_ name: String) throws -> RetinaFixture? { try name == "retina" ? retina() : movingBar() }

  /// The statistics the expected values were computed with.
  func statistics() throws -> PrecisionEstimate {
    try PrecisionEstimate(samples: try expected.dataset("rate").matrix(), shrinkage: .none)
  }

  /// First layer of some windows, and the network from there.
  func firstLayer(of samples: [Int]) throws -> (tail: Network, inputs: Tensor) {
    let plan = try SeriesPlan(
      network: model.network, frameShape: series.source.frameShape, history: series.history, maxSamples: 1)
    let rows = try samples.map { try plan.firstLayer(series.normalisedFrames(forSamples: $0..<$0 + 1)) }
    return (
      plan.tail,
      Tensor(shape: [samples.count] + rows[0].shape.dropFirst(), elements: rows.flatMap(\.elements))
    )
  }

  /// Some windows, `[sample, history, y, x]`.
  func windows(of samples: [Int]) throws -> Tensor {
    let frames = try samples.map { try series.normalisedFrames(forSamples: $0..<$0 + 1).elements }
    return Tensor(shape: [samples.count] + model.network.inputShape, elements: frames.flatMap { $0 })
  }

  /// x0 as the tail sees it: the first layer of the mean stimulus.
  func baseline() throws -> Tensor {
    let plan = try SeriesPlan(
      network: model.network, frameShape: series.source.frameShape, history: series.history, maxSamples: 1)
    return try plan.firstLayer(Tensor(shape: [series.history] + series.source.frameShape))
  }
}

/// The largest difference in units of the largest expected magnitude.
func worstDifference(_ found: some Sequence<Double>, _ expected: [Double]) -> Double {
  let found = Array(found)
  guard found.count == expected.count, !expected.isEmpty, found.allSatisfy(\.isFinite) else {
    return .infinity
  }
  let scale = expected.reduce(0) { max($0, abs($1)) }
  return zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
}
