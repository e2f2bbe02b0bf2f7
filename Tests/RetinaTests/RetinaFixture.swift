import Networks
import Numerics
import Retina
import RetinaData
import Stimuli
import Storage
import TestSupport

/// A fitted network, the test movie it sees, and what must come out.
struct RetinaFixture {
  let model: LoadedModel
  let windows: WindowSeries
  let test: RecordingSplit
  let expected: H5File

  init(model: String, recording: String, expected: String) throws {
    self.model = try ModelFile.load(model, architectures: [RetinaCNN()])
    test = try Recording(path: recording).split("test")
    windows = try self.model.windows(over: test)
    self.expected = try H5File(reading: expected)
  }

  /// The real recording beside the checkout; nil where it is absent.
  static func movingBar() throws -> RetinaFixture? {
    guard let recording = Fixtures.shared("recordings/moving_bar.h5") else { return nil }
    return try RetinaFixture(
      model: Fixtures.path("moving_bar/model.safetensors"), recording: recording,
      expected: Fixtures.path("moving_bar/expected.h5"))
  }

  /// The recorded rates of the windows, `[sample, cell]`.
  func recordedRates() throws -> Matrix {
    let rates = Matrix(try test.rates())
    return Matrix(
      rows: windows.sampleCount, columns: rates.rows,
      elements: (0..<windows.sampleCount).flatMap { sample in
        (0..<rates.rows).map { rates[$0, windows.responseFrame(ofSample: sample)] }
      })
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
