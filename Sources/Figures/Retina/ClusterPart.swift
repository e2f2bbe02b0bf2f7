import Numerics
import Storage

/// Clusters by one kind of profile, as a `clusters.h5` holds them.
struct ClusterPart {
  let name: String
  /// The number of clusters chosen by silhouette; 0 where there are none.
  let chosen: Int
  /// −1 for cells without a profile.
  let labels: [Int]
  let silhouettes: [Double]
  let tried: [Int]
  let scores: [Double]
  /// Labels for each number tried.
  let allLabels: [[Int]]
  /// Silhouettes of cells of a single type, drawn at random, and how often they reach the observed one.
  let null: [Double]
  let chance: Double?
  /// Correlation of profile distance with receptive-field distance, and how often chance gives as much.
  let confound: Double?
  let confoundChance: Double?

  /// Cells in the order of their clusters, the best placed first.
  var order: [Int] {
    labels.indices.sorted {
      let (one, other) = (labels[$0] < 0 ? Int.max : labels[$0], labels[$1] < 0 ? Int.max : labels[$1])
      if one != other { return one < other }
      return silhouettes[$0] != silhouettes[$1] ? silhouettes[$0] > silhouettes[$1] : $0 < $1
    }
  }

  /// Nil where the file has none of that kind.
  init?(named name: String, in file: H5File, at group: String) throws {
    guard file.contains("\(group)/label") else { return nil }
    self.name = name
    chosen = try file.attribute("clusters", of: "\(group)/label")?.asInteger ?? 0
    labels = try file.dataset("\(group)/label", rank: 1).numbers()
    silhouettes = try file.dataset("\(group)/silhouette", rank: 1).numbers()
    tried = try file.dataset("\(group)/k", rank: 1).numbers()
    scores = try file.dataset("\(group)/k_score", rank: 1).numbers()
    let all: [Int] = try file.dataset("\(group)/k_label", rank: 2).numbers()
    let cells = labels.count
    allLabels = tried.indices.map { Array(all[$0 * cells..<($0 + 1) * cells]) }
    let (path, confoundPath) = ("\(group)/null/one_type", "\(group)/location_confound")
    null = file.contains(path) ? try file.dataset(path, rank: 1).numbers() : []
    chance = file.contains(path) ? try file.attribute("probability", of: path)?.asNumber : nil
    confound = file.contains(confoundPath) ? try file.dataset(confoundPath).number() : nil
    confoundChance =
      file.contains(confoundPath) ? try file.attribute("probability", of: confoundPath)?.asNumber : nil
  }
}
