import Numerics
import Runtime
import Stimuli
import Testing

/// Frames of one pixel whose value is the frame's index.
private struct CountingSource: StimulusSource {
  let name = "counting"
  let frameShape = [1, 1, 1]
  let segments: [Range<Int>]
  let frameInterval: Double? = 0.01
  var frameCount: Int { segments.last!.upperBound }

  init(lengths: [Int]) {
    var first = 0
    segments = lengths.map { length in
      defer { first += length }
      return first..<first + length
    }
  }

  func frames(_ range: Range<Int>) throws -> Tensor {
    Tensor(shape: [range.count] + frameShape, elements: range.map { Float($0) })
  }
}

@Suite struct WindowSeriesTests {
  @Test(arguments: [[9], [3, 4, 5, 12], [20, 1, 0, 7], [6, 6]], [1, 3, 5])
  func samples_areTheWindowsWhoseResponseFrameIsInTheSameSegment(lengths: [Int], history: Int) throws {
    let source = CountingSource(lengths: lengths)
    let windows = try WindowSeries(source: source, history: history, mean: 2, standardDeviation: 4)
    var sample = 0
    for (segment, run) in source.segments.enumerated() {
      for frame in run {
        guard frame - run.lowerBound >= history else {
          #expect(windows.sample(ofResponseFrame: frame) == nil)
          continue
        }
        #expect(windows.sample(ofResponseFrame: frame) == sample)
        #expect(windows.responseFrame(ofSample: sample) == frame)
        #expect(windows.firstFrame(ofSample: sample) == frame - history)
        #expect(windows.segment(ofSample: sample) == segment)
        let seen = try windows.normalisedFrames(forSamples: sample..<sample + 1)
        #expect(seen.elements == (frame - history..<frame).map { (Float($0) - 2) / 4 })
        sample += 1
      }
    }
    #expect(windows.sampleCount == sample)
    #expect(windows.sample(ofResponseFrame: source.frameCount) == nil)
    #expect(windows.sample(ofResponseFrame: -1) == nil)
  }

  @Test(arguments: [1, 2, 7, 100])
  func blocks_coverAllSamplesOnceWithinSegments(of samples: Int) throws {
    let source = CountingSource(lengths: [10, 3, 25, 4, 5])
    let windows = try WindowSeries(source: source, history: 4, mean: 0, standardDeviation: 1)
    let blocks = windows.blocks(of: samples)
    #expect(blocks.flatMap { Array($0) } == Array(0..<windows.sampleCount))
    for block in blocks {
      #expect(block.count <= samples)
      #expect(windows.segment(ofSample: block.lowerBound) == windows.segment(ofSample: block.upperBound - 1))
      #expect(try windows.normalisedFrames(forSamples: block).shape == [block.count + 3, 1, 1, 1])
    }
  }

  @Test func images_areSamplesOfTheirOwnFrame() throws {
    let source = CountingSource(lengths: [4])
    let windows = try WindowSeries(
      source: source, history: 1, mean: 0, standardDeviation: 1, responseOffset: 0)
    #expect(windows.sampleCount == 4)
    #expect(
      (0..<4).allSatisfy {
        windows.responseFrame(ofSample: $0) == $0 && windows.firstFrame(ofSample: $0) == $0
      })
  }

  @Test func fewerFramesThanHistory_isAnError() throws {
    let error = #expect(throws: CodecError.self) {
      try WindowSeries(source: CountingSource(lengths: [5, 4]), history: 5, mean: 0, standardDeviation: 1)
    }
    #expect(error?.kind == .data)
    #expect(error?.remedy == "the longest has 5 frames; at least 6 are needed")
  }

  @Test(arguments: [0, -1, Float.nan, .infinity])
  func impossibleNormalisation_isAnError(standardDeviation: Float) {
    #expect(throws: CodecError.self) {
      try WindowSeries(
        source: CountingSource(lengths: [9]), history: 2, mean: 0, standardDeviation: standardDeviation)
    }
  }
}
