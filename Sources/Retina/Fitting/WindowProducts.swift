import Networks
import Numerics

/// Products of a movie's windows with filters of their size, and the transpose, without laying windows side by side: each
/// frame is multiplied with the filters of all lags at once, and a window's product is a sum over its frames.
///
/// Filters are `[pixel of a frame, lag, cell]`.
struct WindowProducts {
  private static let block = 512

  private let movie: MovieWindows
  private let cells: Int
  private let pixels: Int
  private let history: Int
  /// Columns of the filters of one pixel.
  private var columns: Int { history * cells }

  init(_ data: FitData) {
    (movie, cells) = (data.movie, data.cells)
    pixels = data.movie.frameShape.reduce(1, *)
    history = data.movie.shape[0] / data.movie.frameShape[0]
  }

  /// Numbers of all cells' filters.
  var count: Int { pixels * columns }

  /// Each window's product with each cell's filter, `[window, cell]`.
  /// - Parameter windows: in ascending order.
  /// - Throws: what reading the movie throws.
  func outputs(_ windows: [Int], _ filters: [Float]) throws -> [Float] {
    var outputs = [Float](repeating: 0, count: windows.count * cells)
    try forEachBlock(windows) { block in
      multiply(block, windows, filters, to: &outputs, from: block.places.lowerBound)
    }
    return outputs
  }

  /// The sum of the windows, each times a value for each cell: filters.
  /// - Parameter values: `[window, cell]`.
  func sums(_ windows: [Int], _ values: [Float]) throws -> [Float] {
    var sums = [Float](repeating: 0, count: count)
    try forEachBlock(windows) { block in
      add(block, windows, values[(block.places.lowerBound * cells)...], to: &sums)
    }
    return sums
  }

  /// `sums` of `outputs`, with the movie read once.
  func sumsOfOutputs(_ windows: [Int], _ filters: [Float]) throws -> [Float] {
    var sums = [Float](repeating: 0, count: count)
    try forEachBlock(windows) { block in
      var outputs = [Float](repeating: 0, count: block.places.count * cells)
      multiply(block, windows, filters, to: &outputs, from: 0)
      add(block, windows, outputs[...], to: &sums)
    }
    return sums
  }

  /// Some windows close to each other and the frames they need.
  private struct Block {
    let places: Range<Int>
    let firstFrame: Int
    let frames: [Float]
  }

  private func forEachBlock(_ windows: [Int], _ body: (Block) -> Void) throws {
    var first = 0
    while first < windows.count {
      let start = movie.starts[windows[first]]
      var end = first + 1
      while end < windows.count, movie.starts[windows[end]] < start + Self.block { end += 1 }
      let frames = try movie.frames(start..<movie.starts[windows[end - 1]] + history)
      body(Block(places: first..<end, firstFrame: start, frames: frames))
      first = end
    }
  }

  private func multiply(
    _ block: Block, _ windows: [Int], _ filters: [Float], to outputs: inout [Float], from place: Int
  ) {
    let frames = block.frames.count / pixels
    var products = [Float](repeating: 0, count: frames * columns)
    BLAS.gemm(frames, columns, pixels, a: block.frames, b: filters, c: &products)
    for (index, window) in windows[block.places].enumerated() {
      let first = movie.starts[window] - block.firstFrame
      for lag in 0..<history {
        let source = (first + lag) * columns + lag * cells
        for cell in 0..<cells { outputs[(place + index) * cells + cell] += products[source + cell] }
      }
    }
  }

  private func add(
    _ block: Block, _ windows: [Int], _ values: ArraySlice<Float>, to sums: inout [Float]
  ) {
    let frames = block.frames.count / pixels
    var shares = [Float](repeating: 0, count: frames * columns)
    for (index, window) in windows[block.places].enumerated() {
      let first = movie.starts[window] - block.firstFrame
      let source = values.startIndex + index * cells
      for lag in 0..<history {
        let target = (first + lag) * columns + lag * cells
        for cell in 0..<cells { shares[target + cell] = values[source + cell] }
      }
    }
    BLAS.gemm(pixels, columns, frames, a: block.frames, transposeA: true, b: shares, beta: 1, c: &sums)
  }
}
