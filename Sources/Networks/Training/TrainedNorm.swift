import CKernels

/// A batch norm during training: of each unit over samples, or of each channel over samples and positions.
///
/// Treats a matrix `[row][column]`: samples × units, or samples and positions × channels. Sums over a batch are those of its
/// tiles, added in their order.
final class TrainedNorm: @unchecked Sendable {
  /// Columns, a multiple of eight.
  let width: Int
  /// Rows of a tile.
  let rows: Int
  private let tiles: Int
  private let epsilon: Float
  /// The column of each of the norm's numbers.
  private let columns: [Int]

  private let means: SharedFloats
  private let squares: SharedFloats
  private let mean: SharedFloats
  private let variance: SharedFloats
  private let narrow: SharedFloats
  private let scale: SharedFloats
  private let shift: SharedFloats
  private let factor: SharedFloats
  private let offset: SharedFloats
  private let sums: (slopes: SharedFloats, products: SharedFloats)

  /// - Parameters:
  ///   - columns: where each of the norm's numbers lies among the columns; the others stay zero.
  init(width: Int, rows: Int, tiles: Int, columns: [Int], epsilon: Float) {
    (self.width, self.rows, self.tiles) = (width, rows, tiles)
    (self.columns, self.epsilon) = (columns, epsilon)
    func numbers(_ count: Int = 1) -> SharedFloats { SharedFloats(width * count) }
    (means, squares, mean, variance) = (numbers(tiles), numbers(tiles), numbers(), numbers())
    (narrow, scale, shift, factor, offset) = (numbers(), numbers(), numbers(), numbers(), numbers())
    sums = (numbers(), numbers())
  }

  /// The norm of a hidden layer.
  convenience init(_ stack: ConvolutionalStack, _ output: ImageLayout, tiles: Int) {
    let isUnit = stack.norm == .unit
    self.init(
      width: isUnit ? output.count : output.pixel,
      rows: isUnit ? tileSamples : tileSamples * output.height * output.width, tiles: tiles,
      columns: isUnit ? output.places : Array(0..<output.channels), epsilon: stack.epsilon)
  }

  /// Takes the norm's trained numbers.
  func take(scale: ArraySlice<Float>, shift: ArraySlice<Float>) {
    spread(scale, to: self.scale)
    spread(shift, to: self.shift)
  }

  // MARK: Forward

  func takeMoments(tile: Int, _ x: UnsafePointer<Float>) {
    codec_column_moments(rows, width, x, means.start + tile * width, squares.start + tile * width)
  }

  /// The batch's moments from those of its tiles.
  func combineMoments() {
    codec_combine_moments(tiles, rows, width, means.start, squares.start, mean.start, variance.start)
    prepare()
  }

  /// Given moments instead of a batch's.
  func use(mean: ArraySlice<Float>, variance: ArraySlice<Float>) {
    spread(mean, to: self.mean)
    spread(variance, to: self.variance)
    prepare()
  }

  private func prepare() {
    for column in 0..<width {
      narrow.start[column] = 1 / (variance.start[column] + epsilon).squareRoot()
      factor.start[column] = scale.start[column] * narrow.start[column]
      offset.start[column] = shift.start[column] - mean.start[column] * factor.start[column]
    }
  }

  /// A tile's values after the norm, noise and rectifier.
  func apply(
    _ x: UnsafePointer<Float>, noise: UnsafePointer<Float>?, rectifies: Bool,
    to y: UnsafeMutablePointer<Float>
  ) {
    codec_column_affine(rows, width, x, factor.start, offset.start, noise, rectifies ? 1 : 0, y)
  }

  /// The whole batch's values after the norm.
  func applyToBatch(_ x: SharedFloats, to y: SharedFloats) {
    codec_column_affine(rows * tiles, width, x.start, factor.start, offset.start, nil, 0, y.start)
  }

  /// The batch's moments, in the order of the norm's numbers.
  func giveMoments(mean: Range<Int>, variance: Range<Int>, to moments: inout [Float]) {
    gather(self.mean, to: &moments, mean)
    gather(self.variance, to: &moments, variance)
  }

  // MARK: Reverse

  /// Takes a tile's slopes; those after a rectifier, whose values are `y`, become those before it.
  func takeSlopes(
    tile: Int, x: UnsafePointer<Float>, rectified y: UnsafePointer<Float>?, activity: Float,
    _ slopes: UnsafeMutablePointer<Float>
  ) {
    codec_column_slopes(
      rows, width, x, y, mean.start, narrow.start, activity, slopes, means.start + tile * width,
      squares.start + tile * width)
  }

  /// The batch's sums from those of its tiles: the slopes of shift and scale.
  func combineSlopes(scale: Range<Int>, shift: Range<Int>, to gradient: inout [Float]) {
    codec_sum_parts(tiles, width, means.start, sums.slopes.start)
    codec_sum_parts(tiles, width, squares.start, sums.products.start)
    gather(sums.slopes, to: &gradient, shift)
    gather(sums.products, to: &gradient, scale)
    let share = 1 / Float(tiles * rows)
    codec_scaled(width, share, sums.slopes.start, sums.slopes.start, 0)
    codec_scaled(width, share, sums.products.start, sums.products.start, 0)
  }

  /// A tile's slopes after the norm become those before it.
  func reverse(x: UnsafePointer<Float>, _ slopes: UnsafeMutablePointer<Float>) {
    codec_column_reverse(
      rows, width, x, mean.start, narrow.start, factor.start, sums.slopes.start, sums.products.start, slopes)
  }

  // MARK: Order

  private func spread(_ numbers: ArraySlice<Float>, to target: SharedFloats) {
    numbers.withUnsafeBufferPointer { numbers in
      for (index, column) in columns.enumerated() { target.start[column] = numbers[index] }
    }
  }

  private func gather(_ source: SharedFloats, to target: inout [Float], _ range: Range<Int>) {
    target.withUnsafeMutableBufferPointer { target in
      for (index, column) in columns.enumerated() {
        target[range.lowerBound + index] = source.start[column]
      }
    }
  }
}

/// Where the numbers of a layer's norm are in the flat arrays.
struct NormPlaces {
  let scale: Range<Int>
  let shift: Range<Int>
  let mean: Range<Int>
  let variance: Range<Int>

  /// Of every norm, in the layers' order.
  static func all(_ stack: ConvolutionalStack) -> [NormPlaces] {
    let parameters = stack.parameters.filter { $0.shape.count == 1 }.map(\.range)
    let statistics = stack.statistics.map(\.range)
    return (0...stack.layers.count).map { layer in
      NormPlaces(
        scale: parameters[2 * layer], shift: parameters[2 * layer + 1], mean: statistics[2 * layer],
        variance: statistics[2 * layer + 1])
    }
  }
}
