import Networks
import Numerics
import Retina
import Stimuli
import Storage
import TestSupport

/// A movie in an HDF5 dataset `[time, y, x]`.
struct MovieDataset: StimulusSource {
  let movie: Tensor
  let name: String
  var segments: [Range<Int>]

  init(_ path: String, dataset: String) throws {
    let file = try H5File(reading: path)
    movie = try file.dataset(dataset).tensor()
    name = file.name
    segments = [0..<movie.rows]
  }

  var frameShape: [Int] { [1, movie.shape[1], movie.shape[2]] }
  var frameCount: Int { movie.rows }
  var frameInterval: Double? { nil }
  func frames(_ range: Range<Int>) throws -> Tensor { movie.rows(range).reshaped([range.count] + frameShape) }
}

/// A fitted network, the test movie it sees, and what must come out.
struct RetinaFixture {
  let model: LoadedModel
  let windows: WindowSeries
  let recording: H5File
  let expected: H5File

  init(model: String, recording: String, expected: String) throws {
    let file = try Safetensors(reading: model)
    let tensors = try Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.tensor($0)) })
    self.model = try RetinaCNN().load(
      ModelWeights(name: "model.safetensors", tensors: tensors, metadata: file.metadata))
    windows = try self.model.windows(over: MovieDataset(recording, dataset: "test/stimulus"))
    self.recording = try H5File(reading: recording)
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
}
