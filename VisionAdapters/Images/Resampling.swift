import Networks
import Storage

extension Picture {
  /// The picture at another size, antialiased exactly as Pillow does it: each output pixel is a weighted mean over the
  /// input pixels under a filter that widens with the reduction, with weights of 22 binary places and 8-bit results of
  /// both passes. Since Pillow 13, columns come first where the height shrinks by more than twice what the width does;
  /// elsewhere rows do. The order shows where 8 bits clip what a bicubic filter overshoots.
  public func resized(width newWidth: Int, height newHeight: Int, _ filter: ImagePreprocessing.Interpolation)
    -> Picture
  {
    precondition(newWidth > 0 && newHeight > 0)
    let columnsFirst = newHeight < height && height - newHeight > 2 * (width - newWidth)
    return columnsFirst
      ? withHeight(newHeight, filter).withWidth(newWidth, filter)
      : withWidth(newWidth, filter).withHeight(newHeight, filter)
  }

  /// The part of a picture in the middle; what lies outside it is black.
  ///
  /// The first row and column are half the difference, rounded to the even neighbour, as torchvision's.
  public func centreCropped(width newWidth: Int, height newHeight: Int) -> Picture {
    let left = Int((Double(width - newWidth) / 2).rounded(.toNearestOrEven))
    let top = Int((Double(height - newHeight) / 2).rounded(.toNearestOrEven))
    var result = [UInt8](repeating: 0, count: 3 * newWidth * newHeight)
    for y in max(0, -top)..<min(newHeight, height - top) {
      for x in max(0, -left)..<min(newWidth, width - left) {
        let (to, from) = (3 * (y * newWidth + x), 3 * ((y + top) * width + x + left))
        for colour in 0..<3 { result[to + colour] = pixels[from + colour] }
      }
    }
    return Picture(width: newWidth, height: newHeight, pixels: result)
  }

  private func withWidth(_ newWidth: Int, _ filter: ImagePreprocessing.Interpolation) -> Picture {
    newWidth == width ? self : filteredRows(by: ResamplingWeights(from: width, to: newWidth, filter))
  }

  private func withHeight(_ newHeight: Int, _ filter: ImagePreprocessing.Interpolation) -> Picture {
    newHeight == height ? self : filteredColumns(by: ResamplingWeights(from: height, to: newHeight, filter))
  }

  private func filteredRows(by weights: ResamplingWeights) -> Picture {
    let newWidth = weights.starts.count
    var result = [UInt8](repeating: 0, count: 3 * newWidth * height)
    var target = result.mutableSpan
    let source = pixels.span
    let factors = weights.factors.span
    for y in 0..<height {
      for x in 0..<newWidth {
        var (red, green, blue) = (ResamplingWeights.half, ResamplingWeights.half, ResamplingWeights.half)
        var place = 3 * (y * width + weights.starts[x])
        for index in x * weights.taps..<x * weights.taps + weights.counts[x] {
          let factor = factors[index]
          red &+= Int(source[place]) &* factor
          green &+= Int(source[place + 1]) &* factor
          blue &+= Int(source[place + 2]) &* factor
          place += 3
        }
        let to = 3 * (y * newWidth + x)
        target[to] = ResamplingWeights.byte(red)
        target[to + 1] = ResamplingWeights.byte(green)
        target[to + 2] = ResamplingWeights.byte(blue)
      }
    }
    return Picture(width: newWidth, height: height, pixels: result)
  }

  private func filteredColumns(by weights: ResamplingWeights) -> Picture {
    let (newHeight, row) = (weights.starts.count, 3 * width)
    var result = [UInt8](repeating: 0, count: row * newHeight)
    var target = result.mutableSpan
    let source = pixels.span
    for y in 0..<newHeight {
      for x in 0..<row {
        var sum = ResamplingWeights.half
        var place = weights.starts[y] * row + x
        for index in y * weights.taps..<y * weights.taps + weights.counts[y] {
          sum &+= Int(source[place]) &* weights.factors[index]
          place += row
        }
        target[y * row + x] = ResamplingWeights.byte(sum)
      }
    }
    return Picture(width: width, height: newHeight, pixels: result)
  }
}

/// How one axis is resampled: for each output pixel the input pixels under its filter and their weights.
private struct ResamplingWeights {
  /// First input pixel of each output pixel.
  let starts: [Int]
  /// Number of input pixels of each output pixel.
  let counts: [Int]
  /// Weights that stand side by side for one output pixel, at least as many as counted.
  let taps: Int
  /// `[output][taps]`, in units of 2⁻²²; each output's sum to about 1.
  let factors: [Int]

  static let binaryPlaces = 22
  /// Rounds the shift to the nearest.
  static let half = 1 << (binaryPlaces - 1)

  static func byte(_ sum: Int) -> UInt8 { UInt8(min(255, max(0, sum >> binaryPlaces))) }

  init(from input: Int, to output: Int, _ filter: ImagePreprocessing.Interpolation) {
    let scale = Double(input) / Double(output)
    let width = max(scale, 1)
    let support = filter.support * width
    taps = Int(support.rounded(.up)) * 2 + 1
    var (starts, counts): ([Int], [Int]) = ([], [])
    var factors = [Int](repeating: 0, count: taps * output)
    for index in 0..<output {
      let centre = (Double(index) + 0.5) * scale
      let first = max(0, Int(centre - support + 0.5))
      let count = min(input, Int(centre + support + 0.5)) - first
      let weights = (0..<count).map { filter.weight((Double($0 + first) - centre + 0.5) / width) }
      let sum = weights.reduce(0, +)
      for (tap, weight) in weights.enumerated() {
        let scaled = (sum == 0 ? weight : weight / sum) * Double(1 << Self.binaryPlaces)
        factors[index * taps + tap] = Int(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
      }
      starts.append(first)
      counts.append(count)
    }
    (self.starts, self.counts, self.factors) = (starts, counts, factors)
  }
}

extension ImagePreprocessing.Interpolation {
  /// Where the filter ends, in pixels of the coarser picture.
  fileprivate var support: Double {
    switch self {
    case .bilinear: 1
    case .bicubic: 2
    }
  }

  /// The filter at a distance: a triangle, or Keys' cubic convolution with a = −½.
  fileprivate func weight(_ distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .bilinear: return max(0, 1 - x)
    case .bicubic:
      if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
    }
  }
}
