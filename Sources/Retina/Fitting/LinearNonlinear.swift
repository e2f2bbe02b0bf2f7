import Networks
import Numerics
import Runtime

/// A linear filter and a static nonlinearity for each cell: what a network is compared with.
///
/// The filters are least squares by conjugate gradients, stopped for each cell where held-out windows are predicted best
/// (which regularises as a ridge does); the nonlinearity is the mean rate in bins of equally many training windows, joined by
/// straight lines.
struct LinearNonlinear: Sendable {
  /// Steps of conjugate gradients at most.
  static let steps = 12
  private static let bins = 30

  private let cells: Int
  /// `[pixel of a frame, lag, cell]`.
  private var filters: [Float]
  /// For each cell, filter output and rate of each bin.
  private var curves: [[(output: Double, rate: Double)]] = []

  /// - Parameters:
  ///   - train: windows to fit.
  ///   - heldOut: windows that say when to stop.
  /// - Throws: `CodecError` of kind `interrupted`; what reading the movie throws.
  init(_ data: FitData, train: [Int], heldOut: [Int]) throws {
    cells = data.cells
    let products = WindowProducts(data)
    let count = products.count
    filters = Array(repeating: 0, count: count)
    let means = data.meanRates(train)
    var solution = filters
    let centred = train.flatMap { window -> [Float] in
      let rates = data.rates[window * data.cells..<(window + 1) * data.cells]
      return zip(rates, means).map { $0 - Float($1) }
    }
    var residual = try products.sums(train, centred)
    var direction = residual
    var squares = Self.columnProducts(residual, residual, cells)
    var best = Array(repeating: -Double.infinity, count: cells)
    for _ in 0..<Self.steps {
      try Interrupt.check()
      let image = try products.sumsOfOutputs(train, direction)
      let curvature = Self.columnProducts(direction, image, cells)
      let lengths = zip(squares, curvature).map { $1 > 0 ? $0 / $1 : 0 }
      for index in solution.indices {
        let length = Float(lengths[index % cells])
        solution[index] += length * direction[index]
        residual[index] -= length * image[index]
      }
      let next = Self.columnProducts(residual, residual, cells)
      for index in direction.indices {
        let cell = index % cells
        direction[index] =
          residual[index] + Float(squares[cell] > 0 ? next[cell] / squares[cell] : 0) * direction[index]
      }
      squares = next
      let outputs = try products.outputs(heldOut, solution)
      for cell in 0..<cells {
        let score = Statistics.pearson(
          heldOut.indices.map { Double(outputs[$0 * data.cells + cell]) },
          heldOut.map { Double(data.rates[$0 * data.cells + cell]) })
        guard score > best[cell] else { continue }
        best[cell] = score
        for index in stride(from: cell, to: count, by: cells) { filters[index] = solution[index] }
      }
    }
    curves = Self.curves(data, train, outputs: try products.outputs(train, filters))
  }

  /// Predicted rates in Hz of every window, `[window, cell]`.
  /// - Throws: what reading the movie throws.
  func rates(_ data: FitData) throws -> [Float] {
    try WindowProducts(data).outputs(Array(0..<data.count), filters).enumerated().map { index, output in
      Float(Self.rate(Double(output), curves[index % cells]))
    }
  }

  private static func curves(_ data: FitData, _ windows: [Int], outputs: [Float]) -> [[(
    output: Double, rate: Double
  )]] {
    let bins = min(bins, max(1, windows.count / 20))
    return (0..<data.cells).map { cell in
      let pairs = windows.indices.map { place in
        (Double(outputs[place * data.cells + cell]), Double(data.rates[windows[place] * data.cells + cell]))
      }.sorted { $0.0 < $1.0 }
      return (0..<bins).map { bin in
        let part = pairs[bin * pairs.count / bins..<(bin + 1) * pairs.count / bins]
        return (Statistics.mean(part.map(\.0)), Statistics.mean(part.map(\.1)))
      }
    }
  }

  private static func rate(_ output: Double, _ curve: [(output: Double, rate: Double)]) -> Double {
    guard let above = curve.firstIndex(where: { $0.output > output }) else {
      return curve[curve.count - 1].rate
    }
    guard above > 0 else { return curve[0].rate }
    let (left, right) = (curve[above - 1], curve[above])
    return left.rate + (right.rate - left.rate) * (output - left.output) / (right.output - left.output)
  }

  private static func columnProducts(_ a: [Float], _ b: [Float], _ columns: Int) -> [Double] {
    var sums = Array(repeating: 0.0, count: columns)
    for index in a.indices { sums[index % columns] += Double(a[index]) * Double(b[index]) }
    return sums
  }
}
