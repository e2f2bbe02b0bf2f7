import Foundation
import Numerics

/// A movie and its windows: what a network is trained on.
///
/// Frames are read when they are needed. Training needs their Fourier transforms, which never change: those of the whole
/// movie are kept where they fit a budget, else those of a portion of the windows at a time.
public final class MovieWindows: Sendable {
  /// Shape of one window, `[history × channel, y, x]`.
  public let shape: [Int]
  /// The frame each window begins at.
  public let starts: [Int]
  /// Shape of one frame, `[channel, y, x]`.
  public let frameShape: [Int]
  let history: Int
  private let frameCount: Int
  private let budget: Int
  private let frameBytes: Int
  private let read: @Sendable (Range<Int>) throws -> [Float]
  private let held = HeldSpectra()

  /// - Parameters:
  ///   - frameCount: frames of the movie.
  ///   - frameShape: `[channel, y, x]`.
  ///   - starts: the first frame of each window.
  ///   - budget: the most bytes of transforms that are kept; 0 keeps none.
  ///   - read: gives normalised frames, `[frame, channel, y, x]`.
  public init(
    frameCount: Int, frameShape: [Int], history: Int, starts: [Int], budget: Int = 384 << 20,
    read: @escaping @Sendable (Range<Int>) throws -> [Float]
  ) {
    precondition(frameShape.count == 3 && starts.allSatisfy { $0 >= 0 && $0 + history <= frameCount })
    shape = [history * frameShape[0], frameShape[1], frameShape[2]]
    (self.frameCount, self.frameShape, self.history) = (frameCount, frameShape, history)
    (self.starts, self.budget, self.read) = (starts, budget, read)
    frameBytes = FrameSpectra.bytes(ofFrame: frameShape)
  }

  /// Windows of a movie in memory.
  /// - Parameter frames: `[frame, channel, y, x]`, normalised.
  public convenience init(frames: Tensor, history: Int, starts: [Int], budget: Int = 384 << 20) {
    precondition(frames.shape.count == 4)
    let count = frames.rowCount
    self.init(
      frameCount: frames.rows, frameShape: Array(frames.shape.dropFirst()), history: history, starts: starts,
      budget: budget
    ) { Array(frames.elements[$0.lowerBound * count..<$0.upperBound * count]) }
  }

  /// Normalised frames, `[frame, channel, y, x]`.
  /// - Throws: what reading throws.
  public func frames(_ range: Range<Int>) throws -> [Float] { try read(range) }

  // MARK: Transforms

  /// Whether the transforms of the whole movie are kept.
  private var isKept: Bool { frameCount * frameBytes <= budget }

  /// The transforms that some windows need: those that are kept where they are enough, else read for this call.
  func spectra(of windows: some Sequence<Int>) throws -> FrameSpectra {
    if let held = held.value, windows.allSatisfy({ held.covers(starts[$0], history: history) }) {
      return held
    }
    guard isKept else { return try transform(windows) }
    let all = try transform(starts.indices)
    held.value = all
    return all
  }

  private func transform(_ windows: some Sequence<Int>) throws -> FrameSpectra {
    var stretches: [Range<Int>] = []
    for start in windows.map({ starts[$0] }).sorted() {
      if let last = stretches.last, start <= last.upperBound {
        stretches[stretches.count - 1] = last.lowerBound..<max(last.upperBound, start + history)
      } else {
        stretches.append(start..<start + history)
      }
    }
    return try FrameSpectra(of: stretches, frameCount: frameCount, frameShape: frameShape, read)
  }

  // MARK: Portions

  /// Blocks of a portion: each portion has windows of so many places of the recording.
  private static let blocks = 16

  /// Windows in random order, as portions whose transforms fit the budget: one where the movie fits, else as many as it
  /// takes, each of at least four batches, of random blocks of neighbouring windows.
  /// - Parameter windows: in ascending order.
  public func portions(of windows: [Int], batch: Int, random: inout RandomStream) -> [[Int]] {
    let frames = budget / frameBytes - Self.blocks * history
    let needed = frames > 0 ? (windows.count + frames - 1) / frames : windows.count
    let count = isKept ? 1 : max(1, min(needed, windows.count / (4 * batch)))
    guard count > 1 else { return [random.permutation(windows.count).map { windows[$0] }] }
    let blocks = random.permutation(Self.blocks * count).map { block in
      windows[
        block * windows.count / (Self.blocks * count)..<(block + 1) * windows.count / (Self.blocks * count)]
    }
    return (0..<count).map { portion in
      let chosen = blocks[portion * Self.blocks..<(portion + 1) * Self.blocks].flatMap { $0 }
      return random.permutation(chosen.count).map { chosen[$0] }
    }
  }

  /// Calls `body` while the transforms of a portion are kept.
  public func holding<Result>(_ portion: [Int], _ body: () throws -> Result) throws -> Result {
    let earlier = held.value
    // Before others are read: the two need not fit together.
    if !isKept { held.value = nil }
    held.value = try spectra(of: portion)
    defer { if !isKept { held.value = earlier } }
    return try body()
  }
}

/// Transforms that are kept.
private final class HeldSpectra: @unchecked Sendable {
  private let lock = NSLock()
  private var spectra: FrameSpectra?

  var value: FrameSpectra? {
    get { lock.withLock { spectra } }
    set { lock.withLock { spectra = newValue } }
  }
}
