/// A series of frames summed with the weights of times to come: for each row r of weights and each lag l of H,
/// `Σ_t r(t) s(t − H + l)`. Frames come in blocks, in order; they are never held whole.
///
///     var sums = DirectLaggedSums(weights: counts, history: 20, pixels: 2500)
///     for block in blocks { sums.add(block.frames, block.range) }
///     let averages = sums.finished()            // [row, lag, pixel]
public protocol LaggedSums {
  /// Frames of a block; the last may be shorter.
  var block: Int { get }
  /// Adds a block.
  /// - Parameters:
  ///   - frames: `[frame, pixel]`.
  ///   - range: which frames of the series they are.
  mutating func add(_ frames: [Float], _ range: Range<Int>)
  /// The sums of all blocks, `[row, lag, pixel]`; lag 0 is the oldest.
  mutating func finished() -> [Double]
}

/// The sums as one product of matrices for each block, [rows · lags, frames] · [frames, pixels].
public struct DirectLaggedSums: LaggedSums {
  private let weights: Tensor
  private let history: Int
  private let pixels: Int
  private var sums: [Double]

  /// Numbers a product may hold beside the sums.
  private static let room = 1 << 22

  /// - Parameters:
  ///   - weights: `[row, time]`, a time for every frame.
  ///   - history: H.
  public init(weights: Tensor, history: Int, pixels: Int) {
    (self.weights, self.history, self.pixels) = (weights, history, pixels)
    sums = [Double](repeating: 0, count: weights.rows * history * pixels)
  }

  /// Operations for one pixel of one frame.
  public static func cost(rows: Int, history: Int) -> Int { 2 * rows * history }

  /// 512 frames, or as many as fit into memory where they are large.
  public var block: Int { max(1, min(512, (1 << 24) / pixels)) }

  /// Adds a block.
  public mutating func add(_ frames: [Float], _ range: Range<Int>) {
    let matrix = shifted(range)
    // Some rows at a time: averages of whole screens are as large as memory allows.
    let step = max(1, Self.room / pixels)
    for first in stride(from: 0, to: weights.rows * history, by: step) {
      let rows = first..<min(first + step, weights.rows * history)
      var product = [Float](repeating: 0, count: rows.count * pixels)
      BLAS.gemm(
        rows.count, pixels, range.count,
        a: matrix[rows.lowerBound * range.count..<rows.upperBound * range.count], b: frames, c: &product)
      let start = rows.lowerBound * pixels
      for index in product.indices { sums[start + index] += Double(product[index]) }
    }
  }

  /// The sums of all blocks.
  public mutating func finished() -> [Double] { sums }

  /// The weight that each frame of a block has for each row and lag, `[(row, lag), frame]`.
  private func shifted(_ range: Range<Int>) -> [Float] {
    let length = weights.shape[1]
    var matrix = [Float](repeating: 0, count: weights.rows * history * range.count)
    for lag in 0..<history {
      // Frame f is seen at this lag by the weight at f + history − lag.
      let shift = history - lag
      let end = min(range.upperBound, length - shift)
      guard range.lowerBound < end else { continue }
      for row in 0..<weights.rows {
        let place = (row * history + lag) * range.count - range.lowerBound
        for frame in range.lowerBound..<end {
          matrix[place + frame] = weights.elements[row * length + frame + shift]
        }
      }
    }
    return matrix
  }
}
