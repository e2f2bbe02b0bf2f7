import CKernels

/// The Fourier transforms of some stretches of a movie.
///
/// `[frequency][image][re, im]`: the images of a window, frame by frame and channel by channel, lie side by side.
final class FrameSpectra: @unchecked Sendable {
  private let numbers: SharedFloats
  private let frequency: Int
  private let channels: Int
  /// Which of the transformed frames each frame of the movie is; −1 where it is none.
  private var positions: [Int32]

  /// Bytes of the transforms of one frame `[channel, y, x]`.
  static func bytes(ofFrame shape: [Int]) -> Int {
    8 * shape[0] * ImageCircle(height: shape[1], width: shape[2]).frequencies
  }

  /// - Parameters:
  ///   - stretches: ascending, apart from each other.
  ///   - frameShape: `[channel, y, x]`.
  ///   - read: gives frames, `[frame, channel, y, x]`.
  init(
    of stretches: [Range<Int>], frameCount: Int, frameShape: [Int],
    _ read: (Range<Int>) throws -> [Float]
  ) throws {
    channels = frameShape[0]
    let count = stretches.reduce(0) { $0 + $1.count }
    let transform = FrameTransform(height: frameShape[1], width: frameShape[2])
    frequency = 16 * ((2 * count * channels + 15) / 16 | 1)
    numbers = SharedFloats(transform.circle.frequencies * frequency)
    positions = Array(repeating: -1, count: frameCount)
    var next = 0
    for stretch in stretches {
      for first in stride(from: stretch.lowerBound, to: stretch.upperBound, by: 512) {
        let range = first..<min(first + 512, stretch.upperBound)
        transform.run(try read(range), to: spectra, from: next * channels)
        for frame in range { positions[frame] = Int32(next + frame - first) }
        next += range.count
      }
    }
  }

  var spectra: Spectra { Spectra(start: numbers.start, frequency: frequency) }

  /// Whether the frames of a window are among these.
  func covers(_ start: Int, history: Int) -> Bool {
    positions[start] >= 0 && positions[start + history - 1] == positions[start] + Int32(history - 1)
  }

  /// Where the numbers of a window begin at each frequency.
  func place(ofWindowAt start: Int) -> Int { 2 * Int(positions[start]) * channels }
}

/// Transforms images by 128: eight lie in the lanes of each of sixteen.
private struct FrameTransform {
  let circle: ImageCircle
  private let layout: ImageLayout
  private let lanes: SharedFloats
  private let block: SharedFloats
  private let scratch: SharedFloats

  init(height: Int, width: Int) {
    (circle, layout) = (ImageCircle(height: height, width: width), ImageLayout([8, height, width]))
    lanes = SharedFloats(tileSamples * layout.count)
    block = SharedFloats(circle.frequencies * Spectra.stride(images: tileSamples, groups: 1))
    scratch = SharedFloats(circle.scratch)
  }

  /// Spectra of images `[image, y, x]`, the first of them number `place`.
  func run(_ images: [Float], to spectra: Spectra, from place: Int) {
    let pixels = layout.height * layout.width
    images.withUnsafeBufferPointer { images in
      for first in stride(from: 0, to: images.count / pixels, by: 8 * tileSamples) {
        let count = min(8 * tileSamples, images.count / pixels - first)
        run(count, images.baseAddress! + first * pixels, to: spectra, place + first)
      }
    }
  }

  private func run(_ count: Int, _ images: UnsafePointer<Float>, to spectra: Spectra, _ place: Int) {
    let pixels = layout.height * layout.width
    for image in 0..<count {
      let (source, target) = (images + image * pixels, lanes.start + image / 8 * layout.count + image % 8)
      for pixel in 0..<pixels { target[8 * pixel] = source[pixel] }
    }
    let stride = Spectra.stride(images: tileSamples, groups: 1)
    circle.transform(
      layout, count: (count + 7) / 8, lanes.start, to: Spectra(start: block.start, frequency: stride),
      scratch: scratch.start)
    for frequency in 0..<circle.frequencies {
      let source = block.start + frequency * stride
      let target = spectra.start + frequency * spectra.frequency + 2 * place
      for image in 0..<count {
        let number = source + image / 8 * 16 + image % 8
        target[2 * image] = number[0]
        target[2 * image + 1] = number[8]
      }
    }
  }
}
