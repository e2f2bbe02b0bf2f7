import CKernels

/// Samples that one thread treats together.
let tileSamples = 16

/// How images lie in memory during training: `[y][x][channel]`, channels filled up to whole groups of eight with
/// channels that stay zero.
struct ImageLayout: Sendable {
  let channels: Int
  let height: Int
  let width: Int

  /// - Parameter shape: `[channel, y, x]`.
  init(_ shape: [Int]) { (channels, height, width) = (shape[0], shape[1], shape[2]) }

  /// Groups of eight channels.
  var groups: Int { (channels + 7) / 8 }
  /// Numbers of a pixel.
  var pixel: Int { 8 * groups }
  /// Numbers of an image.
  var count: Int { height * width * pixel }

  /// Where the numbers of `[channel, y, x]` lie in an image, in their order.
  var places: [Int] {
    (0..<channels).flatMap { channel in (0..<height * width).map { $0 * pixel + channel } }
  }

  /// The images as transforms see them, one group of channels at a time.
  var images: codec_images {
    codec_images(height: Int32(height), width: Int32(width), image: count, pixel: pixel)
  }
}

/// Numbers that several threads write, each its own; zero at first.
final class SharedFloats: @unchecked Sendable {
  let start: UnsafeMutablePointer<Float>
  let count: Int
  private let memory: UnsafeMutableBufferPointer<Float>

  init(_ count: Int) {
    memory = allocateAligned(max(count, 1))
    (start, self.count) = (memory.baseAddress!, count)
  }

  deinit { memory.deallocate() }
}

/// A circle of points that images of a size fit on, and Fourier transforms of such images.
final class ImageCircle: @unchecked Sendable {
  private let across: LaneTransform
  private let down: LaneTransform
  let frequencies: Int
  private var circle: codec_circle

  init(height: Int, width: Int) {
    (across, down) = (LaneTransform(atLeast: width), LaneTransform(atLeast: height))
    frequencies = (across.length / 2 + 1) * down.length
    circle = codec_circle(
      across: across.plan, down: down.plan, columns: Int32(across.length), rows: Int32(down.length))
  }

  /// Number of points: what a transform and back multiply by.
  var points: Int { across.length * down.length }

  /// Numbers of scratch that transforms need.
  var scratch: Int { withUnsafePointer(to: circle) { codec_circle_scratch($0) } }

  /// Spectra `[frequency][image][group][8 re, 8 im]` of `count` images that lie one after the other.
  func transform(
    _ layout: ImageLayout, count: Int, _ images: UnsafePointer<Float>, to spectra: Spectra,
    scratch: UnsafeMutablePointer<Float>
  ) {
    var (circle, sizes) = (circle, layout.images)
    for group in 0..<layout.groups {
      codec_images_to_spectra(
        &circle, &sizes, count, images + 8 * group, spectra.frequency, 16 * layout.groups,
        spectra.start + 16 * group, scratch)
    }
  }

  /// The images of such spectra.
  func restore(
    _ layout: ImageLayout, count: Int, _ spectra: Spectra, to images: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    var (circle, sizes) = (circle, layout.images)
    for group in 0..<layout.groups {
      codec_spectra_to_images(
        &circle, &sizes, count, spectra.start + 16 * group, spectra.frequency, 16 * layout.groups,
        images + 8 * group, scratch)
    }
  }
}

/// Where spectra lie: from some image on, `frequency` numbers from one frequency to the next.
struct Spectra: @unchecked Sendable {
  let start: UnsafeMutablePointer<Float>
  let frequency: Int

  /// From one frequency to the next where each has `images` images: an odd number of cache lines, so that walking over
  /// frequencies meets all cache sets.
  static func stride(images: Int, groups: Int) -> Int { 16 * (images * groups | 1) }

  /// The same from another image on.
  func from(image: Int, groups: Int) -> Spectra {
    Spectra(start: start + 16 * groups * image, frequency: frequency)
  }
}
