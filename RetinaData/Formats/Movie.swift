import Numerics
import Runtime
import Stimuli

/// Gives the pixels of a movie's frames, from whatever file they are in.
protocol MovieReader: Sendable {
  /// Frames seen through a window, `[frame, y, x]`, row-major.
  func pixels(_ frames: Range<Int>, through window: FrameWindow) throws -> [Float]
}

/// A stimulus movie in any file: frames are read as they are needed, memory never holds the movie.
///
///     let movie = try MovieFile.open("stimulus.mp4").cropped(y: 0..<600, x: 100..<700, block: 10)
public struct Movie: StimulusSource {
  /// File and dataset, for messages.
  public let name: String
  /// Number of frames.
  public var frameCount: Int { selection.reduce(0) { $0 + $1.count } }
  /// The part of the recorded frames that is seen.
  public private(set) var window: FrameWindow
  /// When each frame was shown, seconds, where the file says.
  public internal(set) var times: [Double]?
  /// Frames per second, where the file says.
  public internal(set) var frameRate: Double?
  /// Whether frames lasted differently long by the movie's own times, which a projector may not have followed.
  public internal(set) var isVariable = false
  /// Whether pixels are whole numbers from 0 to 255.
  public let isBytes: Bool
  /// What was noticed and dealt with, one sentence each.
  public internal(set) var remarks: [String]

  let reader: any MovieReader
  /// Frames of the file, one run after the other.
  private var selection: [Range<Int>]

  init(
    name: String, frames: Int, height: Int, width: Int, isBytes: Bool, times: [Double]? = nil,
    frameRate: Double? = nil, remarks: [String] = [], reader: any MovieReader
  ) throws {
    guard frames > 0, height > 0, width > 0 else {
      throw CodecError(.data, "a movie of \(frames) frames of \(height)×\(width)", at: name)
    }
    (self.name, window, self.isBytes) = (name, FrameWindow(height: height, width: width), isBytes)
    (self.times, self.frameRate, self.remarks, self.reader) = (times, frameRate, remarks, reader)
    selection = [0..<frames]
  }

  /// Shape of one frame: `[1, y, x]`.
  public var frameShape: [Int] { [1, window.height, window.width] }
  /// One run: what follows what in time is known to the recording.
  public var segments: [Range<Int>] { [0..<frameCount] }
  /// Seconds between frames, where the file says.
  public var frameInterval: Double? { frameRate.map { 1 / $0 } }

  /// A part of every frame, squares of pixels averaged to one.
  /// - Throws: `CodecError` of kind `usage` where the part lies outside the frame.
  public func cropped(y: Range<Int>? = nil, x: Range<Int>? = nil, block: Int = 1) throws -> Movie {
    let (y, x) = (y ?? window.y, x ?? window.x)
    guard block > 0, y.upperBound <= window.y.upperBound, x.upperBound <= window.x.upperBound,
      y.lowerBound >= 0, x.lowerBound >= 0, y.count >= block, x.count >= block
    else {
      throw CodecError(
        .usage,
        "rows \(y) and columns \(x) in squares of \(block) of frames of \(window.y.count)×\(window.x.count)",
        at: name, remedy: "choose a part inside the frame, at least one square large")
    }
    var movie = self
    movie.window = FrameWindow(y: y, x: x, block: block)
    let (rows, columns) = (y.count % block, x.count % block)
    if rows + columns > 0 {
      movie.remarks.append("\(rows) rows and \(columns) columns that fill no square of \(block) are left out")
    }
    return movie
  }

  /// Some runs of the frames, one after the other; their times go along.
  func selecting(_ runs: [Range<Int>]) -> Movie {
    var movie = self
    movie.selection = runs.flatMap { pieces(of: $0) }
    movie.times = times.map { times in runs.flatMap { times[$0] } }
    return movie
  }

  /// Where a run of frames lies in the file.
  private func pieces(of range: Range<Int>) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var first = 0
    for run in selection {
      let part = range.clamped(to: first..<first + run.count)
      if !part.isEmpty {
        let shift = run.lowerBound - first
        pieces.append(part.lowerBound + shift..<part.upperBound + shift)
      }
      first += run.count
    }
    return pieces
  }

  /// Frames as recorded, `[frame, 1, y, x]`.
  /// - Throws: `CodecError` of kind `data` naming the frame that is not finite.
  public func frames(_ range: Range<Int>) throws -> Tensor {
    let pixels = try pieces(of: range).flatMap { try reader.pixels($0, through: window) }
    let frames = Tensor(shape: [range.count] + frameShape, elements: pixels)
    if !isBytes, let index = frames.elements.firstNonFiniteIndex {
      throw CodecError(
        .data, "the stimulus is not finite in frame \(range.lowerBound + index / frames.rowCount)", at: name,
        remedy: "replace NaN and infinite pixels")
    }
    return frames
  }
}
