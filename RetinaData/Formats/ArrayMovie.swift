import Runtime
import Storage

/// A movie that is an array in a file.
struct ArrayMovie: MovieReader {
  let height: Int
  let width: Int
  /// Whether the file's frames are `[x, y]`.
  var isTransposed = false
  /// Whole frames of a range, as in the file.
  let read: @Sendable (Range<Int>) throws -> [Float]

  func pixels(_ frames: Range<Int>, through window: FrameWindow) throws -> [Float] {
    var pixels = try read(frames)
    if isTransposed {
      let stored = pixels
      for frame in 0..<frames.count {
        let start = frame * height * width
        for y in 0..<height {
          for x in 0..<width { pixels[start + y * width + x] = stored[start + x * height + y] }
        }
      }
    }
    return window.apply(to: pixels, height: height, width: width)
  }
}

extension Movie {
  /// A movie in an HDF5 dataset, `[time, y, x]`, or `[time, y, x, colour]`.
  /// - Throws: `CodecError` of kind `data` where the dataset is no movie.
  init(_ dataset: H5Dataset, times: [Double]? = nil, frameRate: Double? = nil) throws {
    let colours = dataset.shape.count == 4 ? dataset.shape[3] : 1
    guard dataset.shape.count == 3 || (dataset.shape.count == 4 && ColourFrames.isColour(colours)) else {
      throw CodecError(
        .data, "a movie of shape \(dataset.shape)", at: dataset.place, remedy: "expected [time, y, x]")
    }
    guard case .number = dataset.elementKind, dataset.count > 0 else {
      throw CodecError(.data, "the stimulus holds no numbers", at: dataset.place)
    }
    let rows = H5RowReader(dataset)
    let (height, width) = (dataset.shape[1], dataset.shape[2])
    try self.init(
      name: dataset.place, frames: dataset.rows, height: height, width: width,
      isBytes: dataset.isUnsignedBytes, times: times, frameRate: frameRate,
      remarks: colours > 1 ? [ColourFrames.remark(dataset.place)] : [],
      reader: ArrayMovie(height: height, width: width) {
        ColourFrames.luminance(try rows.numbers(rows: $0), colours: colours)
      })
  }

  /// A movie in a NumPy array: `[time, y, x]`; `[channel, time, y, x]` of which one channel is taken; or, where there
  /// are more than four of the first axis, `[time, y, x, colour]`.
  /// - Parameter channel: which, where there are several; nil takes the only one.
  /// - Throws: `CodecError`: `data` for another number of axes, `usage` for a channel that is not there.
  init(_ array: NpyFile, channel: Int? = nil) throws {
    let shape = array.shape
    let isColour = shape.count == 4 && shape[0] > 4 && ColourFrames.isColour(shape[3])
    if shape.count == 4, !isColour {
      let channel = try Self.channel(channel, of: shape[0], at: array.path)
      try self.init(
        name: array.path, frames: shape[1], height: shape[2], width: shape[3], isBytes: array.isUnsignedBytes,
        reader: ArrayMovie(height: shape[2], width: shape[3]) {
          try array.numbers(row: channel, entries: $0)
        })
      return
    }
    guard shape.count == 3 || isColour else {
      throw CodecError(
        .data, "a movie of shape \(shape)", at: array.path, remedy: "expected [time, y, x]")
    }
    try self.init(
      name: array.path, frames: shape[0], height: shape[1], width: shape[2], isBytes: array.isUnsignedBytes,
      remarks: isColour ? [ColourFrames.remark(array.path)] : [],
      reader: ArrayMovie(height: shape[1], width: shape[2]) {
        ColourFrames.luminance(try array.numbers(rows: $0), colours: isColour ? shape[3] : 1)
      })
  }

  /// A channel of a movie of several.
  /// - Throws: `CodecError` of kind `usage` where the choice is missing or not there.
  static func channel(_ channel: Int?, of count: Int, at place: String) throws -> Int {
    guard let channel = channel ?? (count == 1 ? 0 : nil) else {
      throw CodecError(
        .usage, "a movie of \(count) channels", at: place, remedy: "choose one with --channel 0, 1, …")
    }
    guard (0..<count).contains(channel) else {
      throw CodecError.unknown("channel", "\(channel)", valid: (0..<count).map(String.init), at: place)
    }
    return channel
  }
}
