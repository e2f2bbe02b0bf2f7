import Numerics

/// A normalised movie in memory and its windows: what a network is trained on.
public struct MovieWindows: Sendable {
  /// All frames, `[frame, channel, y, x]`.
  public let frames: [Float]
  /// Shape of one window, `[history × channel, y, x]`.
  public let shape: [Int]
  /// The frame each window begins at.
  public let starts: [Int]
  /// Every frame's transform.
  let spectra: FrameSpectra
  private let channels: Int

  /// - Parameters:
  ///   - frames: `[frame, channel, y, x]`, normalised.
  ///   - starts: the first frame of each window.
  public init(frames: Tensor, history: Int, starts: [Int]) {
    precondition(frames.shape.count == 4 && starts.allSatisfy { $0 >= 0 && $0 + history <= frames.rows })
    shape = [history * frames.shape[1], frames.shape[2], frames.shape[3]]
    (self.frames, self.starts, channels) = (frames.elements, starts, frames.shape[1])
    spectra = FrameSpectra(
      images: frames.rows * channels, height: frames.shape[2], width: frames.shape[3], frames.elements)
  }

  /// Where a window's numbers begin in the frames' spectra.
  func place(_ window: Int) -> Int { 2 * starts[window] * channels }
}

/// The Fourier transforms of a movie's images. Frames never change, so one transform serves every window and epoch.
///
/// `[frequency][image][re, im]`: the images of a window lie side by side.
final class FrameSpectra: Sendable {
  private let numbers: SharedFloats
  private let frequency: Int

  /// - Parameter frames: `[image, y, x]`.
  init(images: Int, height: Int, width: Int, _ frames: [Float]) {
    let circle = ImageCircle(height: height, width: width)
    frequency = 16 * ((2 * images + 15) / 16 | 1)
    numbers = SharedFloats(circle.frequencies * frequency)
    fill(images, ImageLayout([8, height, width]), circle, frames)
  }

  var spectra: Spectra { Spectra(start: numbers.start, frequency: frequency) }

  /// Transforms images by 128: eight lie in the lanes of each of sixteen.
  private func fill(_ images: Int, _ layout: ImageLayout, _ circle: ImageCircle, _ frames: [Float]) {
    let pixels = layout.height * layout.width
    let lanes = SharedFloats(tileSamples * layout.count)
    let scratch = SharedFloats(circle.scratch)
    let stride = Spectra.stride(images: tileSamples, groups: 1)
    let block = SharedFloats(circle.frequencies * stride)
    frames.withUnsafeBufferPointer { frames in
      for first in Swift.stride(from: 0, to: images, by: 8 * tileSamples) {
        let count = min(8 * tileSamples, images - first)
        for image in 0..<count {
          let source = frames.baseAddress! + (first + image) * pixels
          let target = lanes.start + image / 8 * layout.count + image % 8
          for pixel in 0..<pixels { target[8 * pixel] = source[pixel] }
        }
        circle.transform(
          layout, count: (count + 7) / 8, lanes.start, to: Spectra(start: block.start, frequency: stride),
          scratch: scratch.start)
        for frequency in 0..<circle.frequencies {
          let source = block.start + frequency * stride
          let target = numbers.start + frequency * self.frequency + 2 * first
          for image in 0..<count {
            let number = source + image / 8 * 16 + image % 8
            target[2 * image] = number[0]
            target[2 * image + 1] = number[8]
          }
        }
      }
    }
  }
}
