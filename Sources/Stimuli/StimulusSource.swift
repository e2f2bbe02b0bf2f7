import Numerics

/// A time series of stimulus frames, read as needed: a recorded movie, or images of which each is a sample.
///
/// A source is a series, never a stack of windows; `WindowSeries` views it through a history.
public protocol StimulusSource: Sendable {
  /// The file's name, for messages.
  var name: String { get }
  /// Shape of one frame: `[channel, y, x]`.
  var frameShape: [Int] { get }
  /// Number of frames.
  var frameCount: Int { get }
  /// Continuous runs of frames in ascending order, covering all; no window crosses from one to the next.
  var segments: [Range<Int>] { get }
  /// Time between frames, in seconds; nil where frames have no time.
  var frameInterval: Double? { get }

  /// Frames as recorded, before any normalisation: `[frame, channel, y, x]`.
  /// - Throws: `CodecError` of kind `data` naming dataset and frame where one holds NaN or infinity.
  func frames(_ range: Range<Int>) throws -> Tensor
}
