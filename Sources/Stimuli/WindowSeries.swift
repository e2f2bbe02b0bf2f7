import Numerics
import Runtime

/// Windows of `history` consecutive frames over a source: the samples of an analysis.
///
/// Within a segment that starts at frame `s`, sample `i` sees frames `s + i ..< s + i + history`, oldest first, and
/// belongs to frame `s + i + responseOffset`. For recordings the offset is the history (the response at frame `t`
/// is predicted from the `history` frames before it, paper §7); for images history is 1 and the offset 0.
public struct WindowSeries: Sendable {
  /// The frames seen through the windows.
  public let source: any StimulusSource
  /// Frames in a window.
  public let history: Int
  /// From a window's first frame to the frame its sample belongs to.
  public let responseOffset: Int
  /// Subtracted from every pixel.
  public let mean: Float
  /// Every pixel is divided by it.
  public let standardDeviation: Float
  /// Number of windows.
  public let sampleCount: Int

  /// A segment that is long enough for a window.
  private struct Run: Sendable {
    let segment: Int
    let frames: Range<Int>
    let samples: Range<Int>
  }
  private let runs: [Run]

  /// - Parameters:
  ///   - history: frames in a window, at least one.
  ///   - mean: mean of the frames the network was trained on, in the stimulus's units.
  ///   - standardDeviation: their standard deviation, above zero.
  ///   - responseOffset: nil stands for `history`.
  /// - Throws: `CodecError` of kind `data` where no segment is long enough for one window, or where the
  ///   normalisation is no number.
  public init(
    source: any StimulusSource, history: Int, mean: Float, standardDeviation: Float,
    responseOffset: Int? = nil
  ) throws {
    let offset = responseOffset ?? history
    precondition(history > 0 && offset >= 0)
    guard mean.isFinite, standardDeviation.isFinite, standardDeviation > 0 else {
      throw CodecError(
        .data, "frames cannot be normalised with mean \(mean) and standard deviation \(standardDeviation)",
        at: source.name, remedy: "the model's metadata must hold finite numbers, the second above zero")
    }
    let needed = max(history, offset + 1)
    var runs: [Run] = []
    for (segment, frames) in source.segments.enumerated() where frames.count >= needed {
      let first = runs.last?.samples.upperBound ?? 0
      runs.append(Run(segment: segment, frames: frames, samples: first..<first + frames.count - needed + 1))
    }
    guard let last = runs.last else {
      let longest = source.segments.map(\.count).max() ?? 0
      throw CodecError(
        .data, "no continuous run of frames is long enough for the model's history of \(history)",
        at: source.name,
        remedy: "the longest has \(longest) frames; at least \(needed) are needed")
    }
    (self.source, self.history, self.responseOffset) = (source, history, offset)
    (self.mean, self.standardDeviation, self.runs) = (mean, standardDeviation, runs)
    sampleCount = last.samples.upperBound
  }

  /// The first frame a sample's window sees.
  public func firstFrame(ofSample sample: Int) -> Int {
    let run = run(ofSample: sample)
    return run.frames.lowerBound + sample - run.samples.lowerBound
  }

  /// The frame a sample belongs to: where its response is recorded.
  public func responseFrame(ofSample sample: Int) -> Int { firstFrame(ofSample: sample) + responseOffset }

  /// The index of the source's segment that a sample lies in.
  public func segment(ofSample sample: Int) -> Int { run(ofSample: sample).segment }

  /// The sample that belongs to a frame; nil where no window does.
  public func sample(ofResponseFrame frame: Int) -> Int? {
    guard let run = runs.last(where: { $0.frames.lowerBound + responseOffset <= frame }) else { return nil }
    let sample = run.samples.lowerBound + frame - run.frames.lowerBound - responseOffset
    return run.samples.contains(sample) ? sample : nil
  }

  /// All samples cut into blocks of `samples` (the last of a segment may be shorter), each inside one segment.
  ///
  /// The cut depends on nothing else, so runs that stop and go on see the same blocks.
  public func blocks(of samples: Int) -> [Range<Int>] {
    precondition(samples > 0)
    return runs.flatMap { run in
      stride(from: run.samples.lowerBound, to: run.samples.upperBound, by: samples).map {
        $0..<min($0 + samples, run.samples.upperBound)
      }
    }
  }

  /// The frames that some samples' windows see, normalised: `[range.count + history - 1, channel, y, x]`.
  /// - Parameter range: samples of one segment, at least one.
  /// - Throws: the source's errors.
  public func normalisedFrames(forSamples range: Range<Int>) throws -> Tensor {
    precondition(!range.isEmpty && range.upperBound <= run(ofSample: range.lowerBound).samples.upperBound)
    let first = firstFrame(ofSample: range.lowerBound)
    var frames = try source.frames(first..<first + range.count + history - 1)
    for index in frames.elements.indices {
      frames.elements[index] = (frames.elements[index] - mean) / standardDeviation
    }
    return frames
  }

  private func run(ofSample sample: Int) -> Run {
    precondition(sample >= 0 && sample < sampleCount, "sample \(sample) of \(sampleCount)")
    var (low, high) = (0, runs.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sample < runs[middle].samples.upperBound { high = middle } else { low = middle + 1 }
    }
    return runs[low]
  }
}
