/// How good a clustering is, by itself and against another.
public enum Clustering {
  /// The Euclidean distances between the rows of `points`, [point, point].
  public static func distances(_ points: Matrix) -> Matrix {
    var result = squaredDistances(points, points)
    for index in result.elements.indices { result.elements[index] = result.elements[index].squareRoot() }
    return result
  }

  /// The silhouettes (Rousseeuw 1987) of `points` [point, feature] under Euclidean distance.
  ///
  /// A point's is (b − a) / max(a, b), with a its mean distance to the rest of its own cluster and b the least mean
  /// distance to another: near 1 inside a tight cluster, below 0 where another is nearer. 0 for a point alone.
  /// - Returns: the mean and each point's; NaN where all labels are equal, for then there is no other cluster.
  public static func silhouette(_ points: Matrix, _ labels: [Int]) -> (mean: Double, perSample: [Double]) {
    silhouette(distances: distances(points), labels)
  }

  /// The silhouettes from the points' distances [point, point].
  public static func silhouette(distances: Matrix, _ labels: [Int]) -> (mean: Double, perSample: [Double]) {
    precondition(labels.count == distances.rows && distances.rows == distances.columns)
    let (places, sizes) = compact(labels)
    guard sizes.count > 1 else { return (.nan, labels.map { _ in .nan }) }
    let values = places.indices.map { point -> Double in
      let own = places[point]
      guard sizes[own] > 1 else { return 0 }
      var sums = Array(repeating: 0.0, count: sizes.count)
      for (other, distance) in zip(places, distances.row(point)) { sums[other] += distance }
      let within = sums[own] / Double(sizes[own] - 1)
      var between = Double.infinity
      for cluster in sizes.indices where cluster != own {
        between = min(between, sums[cluster] / Double(sizes[cluster]))
      }
      let scale = max(within, between)
      return scale > 0 ? (between - within) / scale : 0
    }
    return (Statistics.mean(values), values)
  }

  /// The agreement of two clusterings of the same points, corrected for chance (Hubert and Arabie 1985):
  /// 1 for equal partitions whatever the labels are called, about 0 for unrelated ones.
  public static func adjustedRandIndex(_ first: [Int], _ second: [Int]) -> Double {
    precondition(first.count == second.count)
    let (a, sizesA) = compact(first)
    let (b, sizesB) = compact(second)
    var table = Array(repeating: 0, count: sizesA.count * sizesB.count)
    for (a, b) in zip(a, b) { table[a * sizesB.count + b] += 1 }
    let both = pairs(table)
    let (ofA, ofB) = (pairs(sizesA), pairs(sizesB))
    let all = pairs([first.count])
    let expected = all > 0 ? ofA * ofB / all : 0
    let largest = (ofA + ofB) / 2
    return largest == expected ? 1 : (both - expected) / (largest - expected)
  }

  private static func pairs(_ counts: [Int]) -> Double {
    counts.reduce(0) { $0 + Double($1) * Double($1 - 1) / 2 }
  }

  /// Labels as 0…, and how many points have each.
  private static func compact(_ labels: [Int]) -> (places: [Int], sizes: [Int]) {
    var names: [Int: Int] = [:]
    var sizes: [Int] = []
    let places = labels.map { label -> Int in
      let place = names[label] ?? sizes.count
      if place == sizes.count {
        names[label] = place
        sizes.append(0)
      }
      sizes[place] += 1
      return place
    }
    return (places, sizes)
  }
}
