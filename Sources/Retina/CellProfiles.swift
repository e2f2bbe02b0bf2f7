import Numerics
import Runtime

/// Which numbers describe a cell when cells are clustered.
public enum CellFeatures: String, Sendable, CaseIterable {
  /// The correlation of its rate with each mode's loading (the paper's).
  case modes
  /// What each signed channel contributes to it on average.
  case contributions
}

/// Numbers describing each cell, ready to be clustered.
public struct CellProfiles: Sendable, Equatable {
  /// What the numbers are.
  public let features: CellFeatures
  /// `[cell, feature]`, scaled for clustering.
  public let values: Matrix
  /// Rows of cells that have no profile: they never change, or nothing contributes to them.
  public let silent: [Int]

  /// Profiles from a cell × mode matrix: each mode's column standardised over the cells (divisor n, as the
  /// paper's; constant columns become 0).
  public init(_ correlation: CellModeCorrelation) {
    features = .modes
    silent = correlation.constantCells
    let used = (0..<correlation.values.rows).filter { !correlation.constantCells.contains($0) }
    var scaled = correlation.values
    for column in 0..<scaled.columns {
      let values = used.map { correlation.values[$0, column] }
      let deviation = used.isEmpty ? 0 : Statistics.standardDeviation(values, divisor: .n)
      let mean = used.isEmpty ? 0 : Statistics.mean(values)
      for row in 0..<scaled.rows {
        scaled[row, column] = deviation > 0 ? (scaled[row, column] - mean) / deviation : 0
      }
    }
    values = scaled
  }

  /// Profiles from each cell's own contributions, averaged over time: C⁻ then C⁺ of each layer, the whole scaled
  /// to unit norm.
  /// - Parameters:
  ///   - layers: `negative` and `positive` `[cell, channel]` of each layer.
  /// - Throws: `CodecError` of kind data where a number is not finite.
  public init(contributions layers: [(negative: Matrix, positive: Matrix)]) throws {
    features = .contributions
    let cells = layers[0].negative.rows
    var elements: [Double] = []
    var silent: [Int] = []
    for cell in 0..<cells {
      let profile = layers.flatMap { Array($0.negative.row(cell)) + Array($0.positive.row(cell)) }
      guard profile.allSatisfy(\.isFinite) else {
        throw CodecError(.data, "the contributions to cell row \(cell) are not finite")
      }
      let norm = profile.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if norm <= 0 { silent.append(cell) }
      elements += profile.map { norm > 0 ? $0 / norm : 0 }
    }
    values = Matrix(rows: cells, columns: elements.count / max(cells, 1), elements: elements)
    self.silent = silent
  }

  /// The rows of cells that have a profile.
  public var usable: [Int] { (0..<values.rows).filter { !silent.contains($0) } }

  /// Groups of cells whose profiles are the same.
  public var duplicates: [[Int]] { alike.filter { $0.count > 1 } }

  /// The usable cells in groups of the same profile, but for rounding.
  var alike: [[Int]] {
    var groups: [[Int]] = []
    for cell in usable {
      if let group = groups.firstIndex(where: { isSame(cell, $0[0]) }) {
        groups[group].append(cell)
      } else {
        groups.append([cell])
      }
    }
    return groups
  }

  /// Single precision adds up the inputs of two equal units in an order that depends on their places.
  private func isSame(_ cell: Int, _ other: Int) -> Bool {
    var (difference, size) = (0.0, 0.0)
    for (a, b) in zip(values.row(cell), values.row(other)) {
      difference += (a - b) * (a - b)
      size += a * a
    }
    return difference <= 1e-10 * size
  }
}

/// How each cell's firing goes with each mode: the matrix of Fig. 8C.
public struct CellModeCorrelation: Sendable, Equatable {
  /// Pearson correlation of rate and loading over time, `[cell, mode]`; 0 where it is undefined.
  public let values: Matrix
  /// How many of them are undefined because a rate or a loading never changes.
  public let undefinedCount: Int
  /// Rows of cells whose rate never changes.
  public let constantCells: [Int]

  /// - Parameters:
  ///   - rates: `[sample, cell]`.
  ///   - loadings: `[sample, mode]`.
  public init(rates: Matrix, loadings: Matrix) {
    var correlation = Statistics.correlationMatrix(rates, loadings)
    let undefined = correlation.elements.indices.filter { correlation.elements[$0].isNaN }
    for index in undefined { correlation.elements[index] = 0 }
    values = correlation
    undefinedCount = undefined.count
    constantCells = (0..<rates.columns).filter { cell in
      let first = rates[0, cell]
      return (0..<rates.rows).allSatisfy { rates[$0, cell] == first }
    }
  }
}
