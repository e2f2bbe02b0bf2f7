import Runtime

extension SimulatedRetina {
  /// What moves in front of the simulated retina.
  public enum Stimulus: Sendable, Equatable {
    /// Checkers of `checker` pixels, black or white, drawn anew every `hold` frames.
    case binaryNoise(checker: Int, hold: Int)
    /// Checkers of normally distributed brightness, drawn anew every `hold` frames.
    case gaussianNoise(checker: Int, hold: Int)
    /// Scenes of one second with the 1/f amplitudes of natural images, their contrast and brightness changing
    /// from scene to scene, drifting and jittering as on a moving eye.
    case naturalMovie
  }

  /// What to simulate.
  public struct Options: Sendable, Equatable {
    /// Number of ganglion cells; types are dealt to them in turn.
    public var cells = 18
    /// The types present.
    public var types: [SimulatedCellType] = [.onSustained, .offTransient, .onOff]
    /// Frame height, pixels.
    public var height = 24
    /// Frame width, pixels.
    public var width = 24
    /// Frames per second.
    public var frameRate = 100.0
    /// Frames before a response that it depends on.
    public var history = 20
    /// Side of the first layer's kernels, pixels (odd); a third of the shorter side where nil.
    public var firstKernel: Int?
    /// Side of the second layer's kernels (odd); a fifth of the shorter side where nil.
    public var secondKernel: Int?
    /// Frames of the training movie, seen once.
    public var trainingFrames = 4500
    /// Frames of the test movie, seen `repeats` times.
    public var testFrames = 900
    /// How often the test movie is shown.
    public var repeats = 6
    /// What is shown.
    public var stimulus = Stimulus.naturalMovie
    /// How much cells of one type differ: the standard deviation of the logarithm of each of a cell's input
    /// strengths, gain and receptive-field size; 0 makes them equal but for their place.
    public var spread = 0.25
    /// Decides everything random.
    public var seed: UInt64 = 0

    /// The defaults: 18 cells of three types on 24×24 pixels at 100 Hz.
    public init() {}
  }
}

extension SimulatedRetina.Options {
  /// The kernel sides in use.
  var kernels: (first: Int, second: Int) {
    let side = min(height, width)
    return (firstKernel ?? Self.odd(Double(side) * 0.3), secondKernel ?? Self.odd(Double(side) * 0.22))
  }

  private static func odd(_ size: Double) -> Int { max(3, 2 * Int(size / 2) + 1) }

  /// - Throws: `CodecError` (usage) naming the option that cannot be simulated.
  func validate() throws {
    func require(_ holds: Bool, _ what: String, _ remedy: String) throws {
      if !holds { throw CodecError(.usage, what, at: "simulated retina", remedy: remedy) }
    }
    try require(cells >= 1, "\(cells) cells", "ask for one cell or more")
    try require(!types.isEmpty, "no cell types", "name at least one")
    try require(Set(types).count == types.count, "a cell type is named twice", "name each type once")
    try require(frameRate > 0 && frameRate.isFinite, "frame rate \(frameRate)", "give a rate above 0 Hz")
    try require(history >= 2, "history \(history)", "give at least two frames")
    try require(
      trainingFrames > history && testFrames > history,
      "\(trainingFrames) training and \(testFrames) test frames for a history of \(history)",
      "make both movies longer than the history")
    try require(repeats >= 1, "\(repeats) repeats", "ask for one or more")
    try require(spread >= 0 && spread < 2, "spread \(spread)", "choose from 0 to 2")
    let (first, second) = kernels
    try require(
      first % 2 == 1 && second % 2 == 1 && first > 0 && second > 0,
      "kernels \(first) and \(second)", "kernel sides are odd")
    try require(
      min(height, width) - first - second + 2 >= 4,
      "a frame of \(height)×\(width) with kernels \(first) and \(second)",
      "leave at least 4 pixels of the second layer: a larger frame or smaller kernels")
    if case .binaryNoise(let checker, let hold) = stimulus {
      try require(
        checker > 0 && hold > 0,
        "checkers of \(checker) pixels held for \(hold) frames", "both are at least 1")
    }
    if case .gaussianNoise(let checker, let hold) = stimulus {
      try require(
        checker > 0 && hold > 0,
        "checkers of \(checker) pixels held for \(hold) frames", "both are at least 1")
    }
  }
}
