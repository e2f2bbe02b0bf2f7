/// Two moments of a cell's firing and the modes that tell them apart (paper Fig. 8B).
public struct ExampleModes: Sendable, Equatable {
  /// Id of the cell.
  public let cell: Int
  /// The two stimulus frames.
  public let frames: [Int]
  /// At each frame, the mode that is on within ±5 frames of it and off within ±5 of the other; of several the
  /// one with the largest loading there.
  public let modes: [Int]

  /// Frames looked at to either side.
  public static let reach = 5

  /// Finds the two strongest responses of a cell that a mode each tells apart.
  /// - Parameters:
  ///   - loadings: the modes on at each sample as (mode id, loading).
  ///   - rates: the cell's rate at each sample, Hz.
  ///   - frames: the stimulus frame of each sample.
  /// - Returns: nil where no two moments have modes of their own.
  public init?(
    cell: Int, loadings: [[(mode: Int, loading: Double)]], rates: [Double], frames: [Int]
  ) {
    let peaks = Self.peaks(rates, count: 12)
    for second in peaks.indices.dropFirst() {
      for first in 0..<second {
        let near = [peaks[first], peaks[second]].map { Self.modesNear($0, loadings, frames) }
        guard let one = Self.strongest(near[0], without: near[1]),
          let other = Self.strongest(near[1], without: near[0])
        else { continue }
        self.cell = cell
        self.frames = [frames[peaks[first]], frames[peaks[second]]]
        modes = [one, other]
        return
      }
    }
    return nil
  }

  /// The samples of highest rate, none within twice the reach of a higher one.
  private static func peaks(_ rates: [Double], count: Int) -> [Int] {
    var peaks: [Int] = []
    for sample in rates.indices.sorted(by: { (rates[$0], $1) > (rates[$1], $0) }) where peaks.count < count {
      if peaks.allSatisfy({ abs($0 - sample) > 2 * reach }) { peaks.append(sample) }
    }
    return peaks
  }

  /// The largest loading of each mode that is on within the reach of a sample's frame.
  private static func modesNear(
    _ sample: Int, _ loadings: [[(mode: Int, loading: Double)]], _ frames: [Int]
  ) -> [Int: Double] {
    var largest: [Int: Double] = [:]
    for near in max(0, sample - reach)...min(frames.count - 1, sample + reach)
    where abs(frames[near] - frames[sample]) <= reach {
      for (mode, loading) in loadings[near] { largest[mode] = max(largest[mode] ?? 0, loading) }
    }
    return largest
  }

  private static func strongest(_ modes: [Int: Double], without others: [Int: Double]) -> Int? {
    modes.filter { others[$0.key] == nil }.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }
}
