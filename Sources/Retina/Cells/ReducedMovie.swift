import Numerics
import Stimuli

/// Pieces of a movie at low resolution, small enough to be held: for questions that ask for many local quantities.
struct ReducedMovie: Sendable {
  /// Consecutive frames.
  struct Piece: Sendable {
    let range: Range<Int>
    /// `[frame, y, x]`.
    let frames: [Float]
  }

  let height: Int
  let width: Int
  /// Side of the squares of pixels that are averaged.
  let block: Int
  /// Frames before a response; every piece begins with as many whose own responses do not count.
  let history: Int
  let pieces: [Piece]

  /// Pixels of the longer side.
  private static let side = 32
  /// Frames with responses that count, spread over the movie where it is longer.
  private static let frameLimit = 10_000
  /// Of each piece.
  private static let pieceLength = 500

  init(_ source: any StimulusSource, history: Int) throws {
    let (rows, columns) = (source.frameShape[1], source.frameShape[2])
    let block = (max(rows, columns) + Self.side - 1) / Self.side
    // One-dimensional stimuli are one pixel high whatever the width.
    let across = min(block, rows)
    (height, width, self.block, self.history) = (rows / across, columns / block, block, history)
    let (height, width) = (height, width)
    pieces = try Self.ranges(source.segments, history).map { range in
      let frames = try source.frames(range).elements
      guard block > 1 else { return Piece(range: range, frames: frames) }
      var means = [Float](repeating: 0, count: range.count * height * width)
      let scale = 1 / Float(across * block)
      for frame in 0..<range.count {
        for y in 0..<height * across {
          let source = (frame * rows + y) * columns
          let target = (frame * height + y / across) * width
          for x in 0..<width * block { means[target + x / block] += scale * frames[source + x] }
        }
      }
      return Piece(range: range, frames: means)
    }
  }

  private static func ranges(_ segments: [Range<Int>], _ history: Int) -> [Range<Int>] {
    let all = segments.flatMap { segment in
      stride(from: segment.lowerBound, to: segment.upperBound - history, by: pieceLength).map {
        $0..<min($0 + history + pieceLength, segment.upperBound)
      }
    }
    let frames = all.reduce(0) { $0 + $1.count - history }
    guard frames > frameLimit else { return all }
    let wanted = max(1, all.count * frameLimit / frames)
    return (0..<wanted).map { all[$0 * all.count / wanted] }
  }
}

/// A change of brightness over time: the mean over some frames less that over as many before.
struct ChangeFilter: Sendable {
  /// Frames from the latest that counts to the response; 1 is the frame before.
  let delay: Int
  /// Frames of either mean.
  let length: Int

  /// All that fit into a history.
  static func all(history: Int) -> [ChangeFilter] {
    [1, 2, 4, 8].flatMap { length in
      stride(from: 1, through: 13, by: max(1, length / 2)).map { ChangeFilter(delay: $0, length: length) }
    }.filter { $0.delay + 2 * $0.length - 1 <= history }
  }

  /// The change that a response at `time` of a series sees.
  func change(_ series: [Float], at time: Int) -> Float {
    let end = time - delay + 1
    let late = series[end - length..<end].reduce(0, +)
    return (late - series[end - 2 * length..<end - length].reduce(0, +)) / Float(length)
  }

  /// The same for responses at many times and in many places, `[time, place]`.
  /// - Parameter running: sums of all frames before each, `[frame + 1, place]`.
  func changes(_ running: [Float], places: Int, times: Range<Int>) -> [Float] {
    var result = [Float](repeating: 0, count: times.count * places)
    let scale = 1 / Float(length)
    for (row, time) in times.enumerated() {
      let end = (time - delay + 1) * places
      let (middle, start) = (end - length * places, end - 2 * length * places)
      for place in 0..<places {
        result[row * places + place] =
          scale * (running[end + place] - 2 * running[middle + place] + running[start + place])
      }
    }
    return result
  }
}

/// Squares of one size over a reduced movie.
struct ChangeSquares: Sendable {
  private let height: Int
  private let width: Int
  private let step: Int
  private let rows: Int
  private let columns: Int
  /// Brightness of each square summed over all frames before each, `[frame + 1, place]`, for each piece.
  let running: [[Float]]

  /// Number of squares.
  var places: Int { rows * columns }

  /// - Parameter side: pixels of the reduced movie, clipped to its frame.
  init(_ movie: ReducedMovie, side: Int) {
    (height, width, step) = (min(side, movie.height), min(side, movie.width), max(1, side / 2))
    (rows, columns) = ((movie.height - height) / step + 1, (movie.width - width) / step + 1)
    let (height, width, step, rows, columns) = (height, width, step, rows, columns)
    running = movie.pieces.map { piece in
      let size = movie.height * movie.width
      let level = piece.frames.reduce(0, +) / Float(piece.frames.count)
      var sums = [Float](repeating: 0, count: (piece.range.count + 1) * rows * columns)
      for frame in 0..<piece.range.count {
        for place in 0..<rows * columns {
          let corner = frame * size + place / columns * step * movie.width + place % columns * step
          var sum: Float = 0
          for y in 0..<height { for x in 0..<width { sum += piece.frames[corner + y * movie.width + x] } }
          sums[(frame + 1) * rows * columns + place] =
            sums[frame * rows * columns + place] + sum / Float(height * width) - level
        }
      }
      return sums
    }
  }

  /// The brightness of one square over a piece.
  func series(_ piece: ReducedMovie.Piece, _ movie: ReducedMovie, at place: Int) -> [Float] {
    (0..<piece.range.count).map { frame in
      let corner =
        (frame * movie.height + place / columns * step) * movie.width + place % columns * step
      var sum: Float = 0
      for y in 0..<height { for x in 0..<width { sum += piece.frames[corner + y * movie.width + x] } }
      return sum / Float(height * width)
    }
  }

  /// The ellipse around the weight of a map over the places, pixels of the whole movie.
  func ellipse(_ map: [Double], _ movie: ReducedMovie) -> FieldEllipse? {
    guard let found = FieldEllipse(energy: map.map { max($0, 0) * max($0, 0) }, width: columns) else {
      return nil
    }
    func pixel(_ place: Double, _ side: Int, _ block: Int) -> Double {
      (place * Double(step) + Double(side) / 2) * Double(block) - 0.5
    }
    let scale = Double(step * movie.block)
    return FieldEllipse(
      y: pixel(found.y, height, movie.height == 1 ? 1 : movie.block), x: pixel(found.x, width, movie.block),
      major: scale * found.major, minor: scale * found.minor, angle: found.angle)
  }
}
