import Numerics
import Runtime
import Stimuli
import Testing

@Suite struct ArraySourceTests {
  private func source(_ samples: Tensor) throws -> ArraySource {
    try ArraySource(name: "array.npy", shape: samples.shape) { samples.rows($0) }
  }

  @Test func windows_areTheSamplesThemselves() throws {
    let samples = Tensor(shape: [5, 2, 1, 3], elements: (0..<30).map(Float.init))
    let windows = try source(samples).windows()
    #expect(windows.sampleCount == 5)
    #expect((0..<5).map(windows.responseFrame(ofSample:)) == Array(0..<5))
    #expect(try windows.normalisedFrames(forSamples: 1..<4) == samples.rows(1..<4))
  }

  @Test func otherShapes_areRefused() {
    #expect(throws: CodecError.self) { try source(Tensor(shape: [5, 6])) }
    #expect(throws: CodecError.self) { try source(Tensor(shape: [0, 2, 1, 3])) }
  }

  @Test func numbersThatAreNotFinite_nameTheSample() throws {
    var samples = Tensor(shape: [4, 1, 1, 2], repeating: 1)
    samples.elements[5] = .nan
    let array = try source(samples)
    #expect {
      _ = try array.frames(1..<4)
    } throws: {
      "\($0)".contains("sample 2") && "\($0)".contains("array.npy")
    }
  }
}
