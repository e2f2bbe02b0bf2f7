import CKernels
import Numerics

/// A normalised movie in memory and its windows: what a network is trained on.
public struct MovieWindows: Sendable {
  /// All frames, `[frame, channel, y, x]`.
  public let frames: [Float]
  /// Shape of one window, `[history × channel, y, x]`.
  public let shape: [Int]
  /// The frame each window begins at.
  public let starts: [Int]
  private let frameCount: Int

  /// - Parameters:
  ///   - frames: `[frame, channel, y, x]`, normalised.
  ///   - starts: the first frame of each window.
  public init(frames: Tensor, history: Int, starts: [Int]) {
    precondition(frames.shape.count == 4 && starts.allSatisfy { $0 >= 0 && $0 + history <= frames.rows })
    shape = [history * frames.shape[1], frames.shape[2], frames.shape[3]]
    (self.frames, self.starts, frameCount) = (frames.elements, starts, frames.rowCount)
  }

  /// Lays sixteen windows side by side, `[lag, channel, y, x, window]`; fewer are filled up with the last.
  func gather(_ windows: ArraySlice<Int>, to tile: UnsafeMutablePointer<Float>) {
    guard let last = windows.last else { return }
    frames.withUnsafeBufferPointer { frames in
      let sources: [UnsafePointer<Float>?] = (0..<tileSamples).map { place in
        let window = place < windows.count ? windows[windows.startIndex + place] : last
        return frames.baseAddress! + starts[window] * frameCount
      }
      codec_tile_gather(elementCount(shape), sources, tile)
    }
  }
}

/// Samples that lie side by side in a tile.
let tileSamples = 16
