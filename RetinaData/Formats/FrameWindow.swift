import Runtime

/// The part of a movie's frames that is used, and how many pixels become one.
public struct FrameWindow: Sendable, Equatable {
  /// The rows that are used.
  public let y: Range<Int>
  /// The columns that are used.
  public let x: Range<Int>
  /// Side of the squares of pixels that are averaged to one.
  public let block: Int

  /// Rows of a frame seen through the window.
  public var height: Int { y.count / block }
  /// Columns of a frame seen through the window.
  public var width: Int { x.count / block }

  /// The whole of a frame.
  public init(height: Int, width: Int) { (y, x, block) = (0..<height, 0..<width, 1) }

  /// - Parameters:
  ///   - y: rows; those at the end that fill no whole square are left out.
  ///   - x: columns; likewise.
  public init(y: Range<Int>, x: Range<Int>, block: Int) {
    precondition(block > 0 && y.count >= block && x.count >= block)
    self.y = y.lowerBound..<y.upperBound - y.count % block
    self.x = x.lowerBound..<x.upperBound - x.count % block
    self.block = block
  }

  /// Whether frames of this size are seen whole and as they are.
  func isWhole(height: Int, width: Int) -> Bool {
    self == FrameWindow(height: height, width: width)
  }

  /// Frames seen through the window.
  /// - Parameter pixels: whole frames `[frame, height, width]`.
  /// - Returns: `[frame, y, x]`: means over the squares.
  func apply(to pixels: [Float], height: Int, width: Int) -> [Float] {
    guard !isWhole(height: height, width: width) else { return pixels }
    let frames = pixels.count / (height * width)
    let scale = 1 / Float(block * block)
    var result = [Float](repeating: 0, count: frames * self.height * self.width)
    for frame in 0..<frames {
      for row in 0..<self.height * block {
        let source = (frame * height + y.lowerBound + row) * width + x.lowerBound
        let target = (frame * self.height + row / block) * self.width
        for column in 0..<self.width {
          var sum: Float = 0
          for pixel in 0..<block { sum += pixels[source + column * block + pixel] }
          result[target + column] += sum * scale
        }
      }
    }
    return result
  }
}
