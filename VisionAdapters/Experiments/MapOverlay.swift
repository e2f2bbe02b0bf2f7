import Numerics
import Storage

/// How a contribution map is shown over its picture (paper §10.8).
package enum MapOverlay {
  /// How much of each pixel is shown, 0…1, `[y, x]`: |C|, a median filter of size 4 for each colour, the mean over
  /// colours, stretched to 0…1, times the contrast, cut at 1.
  /// - Parameter contribution: `[channel, y, x]`.
  package static func mask(_ contribution: Tensor, contrast: Float = 7) -> Tensor {
    let (channels, height, width) = (contribution.shape[0], contribution.shape[1], contribution.shape[2])
    var mean = [Float](repeating: 0, count: height * width)
    for channel in 0..<channels {
      let filtered = medianFiltered(contribution.row(channel).map { abs($0) }, height: height, width: width)
      for pixel in mean.indices { mean[pixel] += filtered[pixel] / Float(channels) }
    }
    let (low, high) = (mean.min() ?? 0, mean.max() ?? 0)
    let scale = high > low ? contrast / (high - low) : 0
    return Tensor(shape: [height, width], elements: mean.map { min(1, ($0 - low) * scale) })
  }

  /// A median filter of size 4 (the window reaches two pixels back and one ahead, the upper of the two middle values
  /// counts, borders are mirrored), as SciPy's.
  package static func medianFiltered(_ values: [Float], height: Int, width: Int) -> [Float] {
    func mirrored(_ place: Int, _ count: Int) -> Int {
      var place = place
      while place < 0 || place >= count { place = place < 0 ? -1 - place : 2 * count - 1 - place }
      return place
    }
    var result = [Float](repeating: 0, count: values.count)
    var window = [Float](repeating: 0, count: 16)
    for y in 0..<height {
      for x in 0..<width {
        for dy in 0..<4 {
          let row = mirrored(y + dy - 2, height) * width
          for dx in 0..<4 { window[4 * dy + dx] = values[row + mirrored(x + dx - 2, width)] }
        }
        window.sort()
        result[y * width + x] = window[8]
      }
    }
    return result
  }

  /// The picture, and beside it what the mask leaves of it.
  static func picture(_ picture: Picture, mask: Tensor) -> Picture {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(2 * picture.pixels.count)
    let row = 3 * picture.width
    for y in 0..<picture.height {
      let own = picture.pixels[y * row..<(y + 1) * row]
      pixels += own
      pixels += own.enumerated().map { place, byte in
        UInt8((Float(byte) * mask.elements[y * picture.width + place / 3]).rounded())
      }
    }
    return Picture(width: 2 * picture.width, height: picture.height, pixels: pixels)
  }
}
