import Foundation

/// The sums as correlations in the frequency domain.
///
/// A piece of B = 2H frames, with H zeros after it, against the N = 3H weights from the same frame on: at lags 1…H their
/// circular correlation does not wrap. The spectra of K pieces are multiplied and summed as products of matrices
/// [2 · rows, 2K] · [2K, pixels] at each frequency, and transformed back once in a while. So few points are transformed
/// fastest by matrices too: frames lie as [time, pixel], and a fast transform over time is bound by its strides.
public struct FourierLaggedSums: LaggedSums {
  private let weights: Tensor
  private let history: Int
  private let pixels: Int
  /// K.
  private let pieces: Int
  /// The transform of N points, `[frequency, real and imaginary part, time]`.
  private let transform: [Float]
  /// Real and imaginary parts of pieces' spectra, `[frequency, part, piece, pixel]`.
  private var spectra: [Float]
  /// Spectra of the sums, `[frequency, part, row, pixel]`.
  private var product: [Float]
  private var blocks = 0
  private var sums: [Double]

  private var length: Int { 3 * history }
  private var piece: Int { 2 * history }
  private var frequencies: Int { length / 2 + 1 }

  /// Blocks whose products are summed in single precision.
  private static let blocksAtOnce = 16

  /// - Parameters:
  ///   - weights: `[row, time]`, a time for every frame.
  ///   - history: H.
  public init(weights: Tensor, history: Int, pixels: Int) {
    (self.weights, self.history, self.pixels) = (weights, history, pixels)
    pieces = max(1, min(32, (1 << 23) / (pixels * 3 * history)))
    let (length, frequencies) = (3 * history, 3 * history / 2 + 1)
    transform = Self.transform(length)
    spectra = [Float](repeating: 0, count: 2 * frequencies * pieces * pixels)
    product = [Float](repeating: 0, count: 2 * frequencies * weights.rows * pixels)
    sums = [Double](repeating: 0, count: weights.rows * history * pixels)
  }

  private static func transform(_ length: Int) -> [Float] {
    var matrix: [Float] = []
    for frequency in 0...length / 2 {
      // cos(x + π/2) is −sin(x).
      for shift in [0.0, 0.25] {
        for time in 0..<length {
          let turns = Double(frequency * time % length) / Double(length) + shift
          matrix.append(Float(cos(2 * Double.pi * turns)))
        }
      }
    }
    return matrix
  }

  /// Operations for one pixel of one frame.
  public static func cost(rows: Int, history: Int) -> Int {
    let parts = 3 * history + 2
    return 2 * parts + 4 * rows * parts / (2 * history)
  }

  /// K pieces.
  public var block: Int { pieces * piece }

  /// Adds a block.
  public mutating func add(_ frames: [Float], _ range: Range<Int>) {
    transformFrames(frames, range.count)
    let weights = weightSpectra(from: range.lowerBound)
    let (rows, columns) = (2 * self.weights.rows, 2 * pieces)
    for frequency in 0..<frequencies {
      let (first, offset) = (frequency * rows * columns, frequency * rows * pixels)
      let seen = frequency * columns * pixels
      BLAS.gemm(
        rows, pixels, columns, a: weights[first..<first + rows * columns],
        b: spectra[seen..<seen + columns * pixels], beta: 1, c: &product, offset: offset)
    }
    blocks += 1
    if blocks.isMultiple(of: Self.blocksAtOnce) { transformBack() }
  }

  /// The sums of all blocks.
  public mutating func finished() -> [Double] {
    transformBack()
    return sums
  }

  private mutating func transformFrames(_ frames: [Float], _ count: Int) {
    let (pixels, pieces, piece, rows, length) = (pixels, pieces, piece, 2 * frequencies, length)
    spectra.withUnsafeMutableBufferPointer { spectra in
      transform.withUnsafeBufferPointer { transform in
        frames.withUnsafeBufferPointer { frames in
          for number in 0..<pieces {
            // Fewer frames at the end, and none after it: zeros, which the product with no columns gives.
            let part = max(0, min(piece, count - number * piece))
            BLAS.gemm(
              rows, pixels, part, a: transform.baseAddress!, leadingA: length,
              b: frames.baseAddress! + min(number * piece, count) * pixels,
              c: spectra.baseAddress! + number * pixels, leadingC: pieces * pixels)
          }
        }
      }
    }
  }

  /// What a piece's spectrum is multiplied by, `[frequency, part of the product and row, part and piece]`: for
  /// conj(S) R the real part is [Re R, Im R] · S and the imaginary one [Im R, −Re R] · S.
  private func weightSpectra(from first: Int) -> [Float] {
    let (rows, total, columns) = (weights.rows, weights.shape[1], weights.rows * pieces)
    var windows = [Float](repeating: 0, count: length * columns)
    for row in 0..<rows {
      for number in 0..<pieces {
        let start = first + number * piece
        for time in 0..<max(0, min(length, total - start)) {
          windows[time * columns + row * pieces + number] = weights.elements[row * total + start + time]
        }
      }
    }
    var found = [Float](repeating: 0, count: 2 * frequencies * columns)
    BLAS.gemm(2 * frequencies, columns, length, a: transform, b: windows, c: &found)
    var result = [Float](repeating: 0, count: 4 * frequencies * columns)
    for frequency in 0..<frequencies {
      for row in 0..<rows {
        for number in 0..<pieces {
          let real = found[2 * frequency * columns + row * pieces + number]
          let imaginary = found[(2 * frequency + 1) * columns + row * pieces + number]
          let (upper, lower) = (2 * frequency * rows + row, (2 * frequency + 1) * rows + row)
          result[upper * 2 * pieces + number] = real
          result[(upper * 2 + 1) * pieces + number] = imaginary
          result[lower * 2 * pieces + number] = imaginary
          result[(lower * 2 + 1) * pieces + number] = -real
        }
      }
    }
    return result
  }

  /// Adds what was multiplied so far, at the lags that are wanted.
  private mutating func transformBack() {
    let (rows, pixels, history, parts) = (weights.rows, pixels, history, 2 * frequencies)
    let inverse = inverse()
    var lags = [Float](repeating: 0, count: history * pixels)
    for row in 0..<rows {
      product.withUnsafeBufferPointer { product in
        inverse.withUnsafeBufferPointer { inverse in
          lags.withUnsafeMutableBufferPointer { lags in
            BLAS.gemm(
              history, pixels, parts, a: inverse.baseAddress!, b: product.baseAddress! + row * pixels,
              leadingB: rows * pixels, c: lags.baseAddress!)
          }
        }
      }
      for index in lags.indices { sums[row * history * pixels + index] += Double(lags[index]) }
    }
    for index in product.indices { product[index] = 0 }
  }

  /// From spectra to lags, oldest first, `[lag, frequency and part]`.
  private func inverse() -> [Float] {
    (0..<history).flatMap { lag in
      (0..<frequencies).flatMap { frequency -> [Float] in
        // Frequencies between the first and the middle stand for their mirror images too.
        let isSingle = frequency == 0 || 2 * frequency == length
        let scale: Float = (isSingle ? 1 : 2) / Float(length)
        let place = 2 * frequency * length + history - lag
        return [scale * transform[place], scale * transform[place + length]]
      }
    }
  }
}
