import Networks
import Runtime

/// How a retina network is fitted to a recording: everything but the data and the seed.
public struct FitOptions: Sendable, Equatable, Codable {
  /// Frames a response is predicted from; nil takes 0.4 s of them.
  public var history: Int?
  /// Channels of the two convolutions.
  public var channels = [8, 8]
  /// Height and width of each convolution's kernels; nil takes a third of the frame, then two thirds of that.
  public var kernels: [[Int]]?
  /// What the hidden norms act on.
  public var norm = ConvolutionalStack.Norm.unit
  /// The output nonlinearity.
  public var output = ConvolutionalStack.Output.softplus
  /// What training makes small.
  public var loss = TrainingLoss.poisson
  /// Penalties and noise.
  public var penalties = TrainingPenalties(weights: 0.03, activity: 0, noise: 0.1)
  /// Windows of one step, a multiple of 16.
  public var batch = 64
  /// Adam's step length at the start.
  public var learningRate = 3e-3
  /// The most passes over the training windows.
  public var epochs = 60
  /// Halve the step length after so many epochs without improvement.
  public var halveAfter = 4
  /// Stop after so many epochs without improvement.
  public var patience = 12
  /// Share of the training split held out, in contiguous blocks.
  public var heldOut = 0.1
  /// The weights that are scored and kept are a running average of those of all steps, which keeps this share at each
  /// step; 0 keeps the last.
  public var averaging = 0.98
  /// Megabytes that the movie and what is computed of it may take. A movie that needs more is read in portions, and batches
  /// take their windows from one portion at a time.
  public var memory = 768

  /// The defaults.
  public init() {}

  /// - Throws: `CodecError` of kind `usage` naming the first option that cannot be.
  func check() throws {
    func require(_ holds: Bool, _ what: String, _ remedy: String) throws {
      if !holds { throw CodecError(.usage, what, remedy: remedy) }
    }
    try require(history ?? 1 > 0, "a history of \(history ?? 0) frames", "give at least one")
    try require(
      channels.count == 2 && channels.allSatisfy { $0 > 0 }, "channels \(channels)",
      "give the channels of both layers, such as 8,8")
    try require(
      batch > 0 && batch % 16 == 0, "batches of \(batch)", "give a multiple of 16, such as 128")
    try require(
      learningRate > 0 && learningRate.isFinite, "a learning rate of \(learningRate)", "give one above 0")
    try require(epochs > 0, "\(epochs) epochs", "train for at least one")
    try require(
      halveAfter > 0 && patience > 0, "a patience of \(min(halveAfter, patience))", "give at least 1")
    try require(
      heldOut > 0 && heldOut <= 0.5, "\(heldOut) of the windows held out", "give a share above 0, up to 0.5")
    try require(
      averaging >= 0 && averaging < 1, "averaging by \(averaging)", "give a share from 0 to below 1")
    try require(
      (0...1 << 30).contains(memory), "\(memory) megabytes for the movie", "give a number from 0")
    for (name, value) in [
      ("L2 on weights", penalties.weights), ("L1 on activity", penalties.activity),
      ("noise", penalties.noise),
    ] {
      try require(value >= 0 && value.isFinite, "\(name) of \(value)", "give a number from 0")
    }
  }

  /// The network for frames of a shape `[channel, y, x]`.
  /// - Throws: `CodecError` of kind `usage` where kernels do not fit the frames.
  func stack(frame: [Int], history: Int, cells: Int) throws -> ConvolutionalStack {
    let kernels = kernels ?? Self.kernels(for: Array(frame.dropFirst()))
    var left = Array(frame.dropFirst())
    for (layer, kernel) in kernels.enumerated() {
      guard kernel.count == 2, zip(kernel, left).allSatisfy({ $0 > 0 && $0 <= $1 }) else {
        throw CodecError(
          .usage, "kernels of \(kernel) for layer \(layer + 1), whose input is \(left) [y, x]",
          remedy: "give smaller --kernels")
      }
      left = zip(left, kernel).map { $0 - $1 + 1 }
    }
    return ConvolutionalStack(
      input: [history * frame[0]] + frame.dropFirst(),
      layers: zip(channels, kernels).map { .init(channels: $0, kernel: $1) }, outputs: cells, norm: norm,
      output: output)
  }

  /// Kernels for frames of `[y, x]`: 15 and 11 for 50 pixels, 7 and 5 for 24, 11 and 7 for one row of 31.
  static func kernels(for size: [Int]) -> [[Int]] {
    let share = size.contains(1) ? 0.35 : 0.3
    func odd(_ length: Double) -> Int { 2 * Int(length / 2) + 1 }
    let first = size.map { min($0, odd(share * Double($0))) }
    let left = zip(size, first).map { $0 - $1 + 1 }
    return [first, zip(first, left).map { min($1, odd(0.7 * Double($0))) }]
  }

  /// The history for a frame rate: 0.4 s, between 8 and 60 frames; 20 where nobody knows the rate.
  static func history(frameRate: Double?) -> Int {
    frameRate.map { max(8, min(60, Int((0.4 * $0).rounded()))) } ?? 20
  }
}
