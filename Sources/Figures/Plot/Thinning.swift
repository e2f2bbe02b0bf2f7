/// Fewer points for lines that are longer than the figure is wide.
package enum Thinning {
  /// The lowest and the highest value of each of `buckets` stretches, in their order: drawn as a line no peak is lost and
  /// the ink is the same to within a pixel. Short lines stay as they are.
  package static func envelope(_ x: [Double], _ y: [Double], buckets: Int) -> ([Double], [Double]) {
    let count = min(x.count, y.count)
    guard buckets > 0, count > 4 * buckets else { return (x, y) }
    var kept: [Int] = []
    for bucket in 0..<buckets {
      let range = bucket * count / buckets..<(bucket + 1) * count / buckets
      let known = range.filter { y[$0].isFinite }
      guard let low = known.min(by: { y[$0] < y[$1] }), let high = known.max(by: { y[$0] < y[$1] }) else {
        kept.append(range.lowerBound)
        continue
      }
      kept += low == high ? [low] : [min(low, high), max(low, high)]
    }
    return (kept.map { x[$0] }, kept.map { y[$0] })
  }
}
