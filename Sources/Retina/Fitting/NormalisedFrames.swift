import RetinaData

/// A split's frames, normalised: kept where they are few, else read whenever they are wanted.
struct NormalisedFrames: Sendable {
  private let split: RecordingSplit
  private let normalisation: (mean: Float, deviation: Float)
  private var kept: [Float]?

  /// - Parameter budget: the most bytes that are kept.
  init(_ split: RecordingSplit, normalisation: (mean: Float, deviation: Float), budget: Int) throws {
    (self.split, self.normalisation) = (split, normalisation)
    let count = split.frameCount * split.frameShape.reduce(1, *)
    guard 4 * count <= budget else { return }
    var frames: [Float] = []
    frames.reserveCapacity(count)
    for start in stride(from: 0, to: split.frameCount, by: 512) {
      frames += try read(start..<min(start + 512, split.frameCount))
    }
    kept = frames
  }

  /// Frames `[frame, channel, y, x]`.
  func frames(_ range: Range<Int>) throws -> [Float] {
    guard let kept else { return try read(range) }
    let pixels = split.frameShape.reduce(1, *)
    return Array(kept[range.lowerBound * pixels..<range.upperBound * pixels])
  }

  private func read(_ range: Range<Int>) throws -> [Float] {
    try split.frames(range).elements.map { ($0 - normalisation.mean) / normalisation.deviation }
  }
}
