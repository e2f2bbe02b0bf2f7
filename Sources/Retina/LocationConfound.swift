import Numerics

/// Where a cell's receptive field is, pixels of the stimulus.
public struct ReceptiveFieldCentre: Sendable, Equatable {
  /// Row of the frame, fractions included.
  public let y: Double
  /// Column of the frame.
  public let x: Double

  /// A centre.
  public init(y: Double, x: Double) { (self.y, self.x) = (y, x) }
}

/// Whether cells that look alike are cells that are near each other.
///
/// Modes of a population's surprisal follow where receptive fields are, so clusters by modes can be
/// neighbourhoods rather than types.
public struct LocationConfound: Sendable, Equatable {
  /// Pearson correlation over pairs of cells of profile distance with receptive-field distance.
  public let correlation: Double
  /// The share of shuffles of the cells with a correlation at least as large (Mantel's test).
  public let probability: Double

  /// Whether like cells are neighbours, beyond chance and by more than a little.
  public var suggestsPlaces: Bool { probability < 0.01 && correlation > 0.3 }

  init(correlation: Double, probability: Double) {
    (self.correlation, self.probability) = (correlation, probability)
  }

  /// - Parameters:
  ///   - centres: one for each cell; nil where it is not known.
  /// - Returns: nil below four cells with profile and place, or where all distances are equal.
  public init?(
    _ profiles: CellProfiles, centres: [ReceptiveFieldCentre?], draws: Int = 999, seed: UInt64 = 0
  ) {
    let cells = profiles.usable.filter { centres[$0] != nil }
    guard cells.count >= 4 else { return nil }
    let apart = Clustering.distances(profiles.values.rows(cells))
    let places = Matrix(
      rows: cells.count, columns: 2, elements: cells.compactMap { centres[$0] }.flatMap { [$0.y, $0.x] })
    let away = Clustering.distances(places)
    func correlation(_ order: [Int]) -> Double {
      var (first, second): ([Double], [Double]) = ([], [])
      for row in 1..<cells.count {
        for column in 0..<row {
          first.append(apart[order[row], order[column]])
          second.append(away[row, column])
        }
      }
      return Statistics.pearson(first, second)
    }
    let observed = correlation(Array(cells.indices))
    guard observed.isFinite else { return nil }
    let stream = RandomStream(seed: seed).split("location confound")
    let larger = (0..<draws).count { draw in
      var stream = stream.split(draw)
      return correlation(stream.permutation(cells.count)) >= observed
    }
    self.correlation = observed
    probability = Double(1 + larger) / Double(1 + draws)
  }
}
