/// Frames at which a cell fires while a certain set of modes is on (paper Fig. 8D).
public struct ModeCombination: Sendable, Equatable {
  /// Id of the cell.
  public let cell: Int
  /// Ids of the modes that are on, ascending; all others are off.
  public let modes: [Int]
  /// How many frames have this combination with the cell firing.
  public let count: Int
  /// Up to six of those frames: the one of highest total loading, then each time the farthest in time from
  /// those chosen.
  public let examples: [Int]
}

/// The combinations of modes that drive each cell.
///
/// A mode is on where its loading is not 0.
public struct ModeCombinations: Sendable {
  /// Frames with exactly one mode on, for each cell and mode: the commonest first.
  public let single: [ModeCombination]
  /// The commonest combinations of each cell, of one mode or more up to the largest size.
  public let commonest: [ModeCombination]

  /// What is looked for.
  public struct Options: Sendable, Equatable {
    /// Hz a cell must fire above.
    public var rateThreshold = 1.0
    /// The most modes of a combination.
    public var largestSize = 5
    /// Combinations listed for each cell.
    public var perCell = 8
    /// Example frames of each.
    public var examples = 6

    /// The paper's choices.
    public init() {}
  }

  /// Counts combinations over the samples.
  /// - Parameters:
  ///   - loadings: the modes on at each sample as (mode id, loading), ids ascending.
  ///   - rates: the model's, `[sample][cell]`, Hz.
  ///   - frames: the stimulus frame of each sample.
  public init(
    loadings: [[(mode: Int, loading: Double)]], rates: [[Double]], cells: [Int], frames: [Int],
    options: Options = Options()
  ) {
    var samples: [[Int]: [Int]] = [:]
    for (sample, on) in loadings.enumerated() where (1...options.largestSize).contains(on.count) {
      samples[on.map(\.mode), default: []].append(sample)
    }
    let totals = loadings.map { $0.reduce(0) { $0 + $1.loading } }
    func combinations(_ cell: Int, where fits: ([Int]) -> Bool) -> [ModeCombination] {
      samples.filter { fits($0.key) }.compactMap { modes, samples in
        let firing = samples.filter { rates[$0][cell] > options.rateThreshold }
        guard !firing.isEmpty else { return nil }
        return ModeCombination(
          cell: cells[cell], modes: modes, count: firing.count,
          examples: Self.wellSpread(firing.map { (frames[$0], totals[$0]) }, count: options.examples))
      }.sorted { $0.count != $1.count ? $0.count > $1.count : $0.modes.lexicographicallyPrecedes($1.modes) }
    }
    single = cells.indices.flatMap { combinations($0) { $0.count == 1 } }
    commonest = cells.indices.flatMap { combinations($0) { _ in true }.prefix(options.perCell) }
  }

  /// Up to `count` frames: the one of highest loading first, then each time the one farthest in time from
  /// those chosen, the higher loading of equals.
  static func wellSpread(_ candidates: [(frame: Int, loading: Double)], count: Int) -> [Int] {
    var left = candidates
    var chosen: [Int] = []
    while chosen.count < count, !left.isEmpty {
      func distance(_ frame: Int) -> Int { chosen.map { abs($0 - frame) }.min() ?? 0 }
      let next = left.indices.max { first, second in
        let (one, other) = (distance(left[first].frame), distance(left[second].frame))
        return one != other ? one < other : left[first].loading < left[second].loading
      }!
      chosen.append(left.remove(at: next).frame)
    }
    return chosen
  }
}
