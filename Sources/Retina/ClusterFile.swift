import Numerics
import Runtime
import Storage

/// A finished `clusters.h5`.
public final class ClusterFile: Sendable {
  /// The open file.
  public let file: H5File
  /// Names of the layers clustered by modes.
  public let layers: [String]

  /// - Throws: `CodecError`: `fileSystem` where there is no such file, `data` where it is none of ours.
  public init(reading path: String) throws {
    file = try H5File(reading: path)
    _ = try Provenance(of: file, schema: ClusterWriter.schema, version: ClusterWriter.schemaVersion)
    layers = file.contains("/layers") ? try file.children(of: "/layers") : []
  }

  /// The stimulus frames worth a look at receptive fields, at most `limit`: the two example moments of each
  /// layer, then examples of each cell's combinations of modes, commonest first.
  public func exampleFrames(limit: Int) throws -> [Int] {
    var frames: [Int] = []
    func add(_ frame: Int) {
      if frame >= 0, frames.count < limit, !frames.contains(frame) { frames.append(frame) }
    }
    for layer in layers where file.contains("/layers/\(layer)/example/frame") {
      try file.dataset("/layers/\(layer)/example/frame").numbers(Int.self).forEach(add)
    }
    let tables = try layers.map { try file.dataset("/layers/\($0)/combinations/frame", rank: 2) }
    let rows = try tables.map { table in
      let all: [Int] = try table.numbers()
      return (0..<table.rows).map { Array(all[$0 * table.shape[1]..<($0 + 1) * table.shape[1]]) }
    }
    for example in 0..<(tables.map { $0.shape[1] }.max() ?? 0) {
      for table in rows {
        for row in table where example < row.count { add(row[example]) }
      }
    }
    return frames.sorted()
  }
}

/// What a `clusters.h5` says, in few numbers, for people and programs.
public struct ClusterSummary: Codable, Sendable, Equatable {
  /// Clusters by one kind of profile.
  public struct Part: Codable, Sendable, Equatable {
    /// "contributions", or the layer whose modes they are by.
    public let name: String
    /// The number of clusters with the best silhouette; 0 where there are none.
    public let clusters: Int
    /// Its mean silhouette; nil where there are no clusters.
    public let silhouette: Double?
    /// Its label of each cell, −1 for cells without a profile.
    public let labels: [Int]
    /// The numbers of clusters tried, and the silhouette of each.
    public let tried: [Int]
    /// The silhouette of each.
    public let silhouettes: [Double]
    /// How often cells of a single type would look as clustered.
    public let chance: Double?
    /// Correlation of profile distance with receptive-field distance.
    public let locationConfound: Double?
    /// Agreement over seeds of the autoencoder.
    public let seedAgreement: Double?
  }

  /// Ids of the cells.
  public let cells: [Int]
  /// Clusters by contributions; nil where these were not computed.
  public let contributions: Part?
  /// Clusters by modes of each layer.
  public let layers: [Part]
  /// Agreement of the layers' labels.
  public let layerAgreement: Double?
  /// What several fits say together, by contributions and by modes of each layer; empty for one fit.
  public let consensus: [ClusterConsensus]
  /// What is supported, in plain words.
  public let conclusion: String
  /// What to know before trusting it.
  public let warnings: [String]
}

extension ClusterFile {
  /// Reads the summary.
  public func summary() throws -> ClusterSummary {
    ClusterSummary(
      cells: try file.dataset("/cell_id", rank: 1).numbers(),
      contributions: file.contains("/contributions/label")
        ? try part("contributions", "/contributions") : nil,
      layers: try layers.map { try part($0, "/layers/\($0)") },
      layerAgreement: try number("chosen", of: "/agreement/layers/index"),
      consensus: try (["contributions"] + layers).compactMap { name in
        let group = "/agreement/fits_\(name)"
        return try file.contains("\(group)/fit_label")
          ? ClusterConsensus(name: name, reading: file, group: group) : nil
      },
      conclusion: try file.attribute("conclusion")?.asText ?? "",
      warnings: try file.attribute("warnings")?.asTexts ?? [])
  }

  /// The clusters for every number of them, by "contributions" or a layer's modes; none where these were not
  /// clustered.
  func partitions(by name: String) throws -> [CellPartition] {
    let group = name == "contributions" ? "/contributions" : "/layers/\(name)"
    guard file.contains("\(group)/k_label") else { return [] }
    let labels = try file.dataset("\(group)/k_label", rank: 2)
    let silhouettes: [Double] = try file.dataset("\(group)/k_silhouette", rank: 2).numbers()
    let scores: [Double] = try file.dataset("\(group)/k_score", rank: 1).numbers()
    let inertia: [Double] = try file.dataset("\(group)/k_inertia", rank: 1).numbers()
    let (all, cells): ([Int], Int) = (try labels.numbers(), labels.shape[1])
    let numbers: [Int] = try file.dataset("\(group)/k", rank: 1).numbers()
    return numbers.enumerated().map { row, clusters in
      let range = row * cells..<(row + 1) * cells
      return CellPartition(
        clusters: clusters, labels: Array(all[range]), inertia: inertia[row], silhouette: scores[row],
        silhouettes: Array(silhouettes[range]))
    }
  }

  /// Whether cells that are alike by these profiles are neighbours; nil where it was not tested.
  func confound(by name: String) throws -> LocationConfound? {
    let path = (name == "contributions" ? "/contributions" : "/layers/\(name)") + "/location_confound"
    guard file.contains(path) else { return nil }
    return LocationConfound(
      correlation: try file.dataset(path).number(),
      probability: try file.attribute("probability", of: path)?.asNumber ?? 1)
  }

  private func part(_ name: String, _ group: String) throws -> ClusterSummary.Part {
    let chosen = try file.attribute("clusters", of: "\(group)/label")?.asInteger ?? 0
    let tried: [Int] = try file.dataset("\(group)/k", rank: 1).numbers()
    let silhouettes: [Double] = try file.dataset("\(group)/k_score", rank: 1).numbers()
    let confound = "\(group)/location_confound"
    return ClusterSummary.Part(
      name: name, clusters: chosen, silhouette: zip(tried, silhouettes).first { $0.0 == chosen }?.1,
      labels: try file.dataset("\(group)/label", rank: 1).numbers(), tried: tried, silhouettes: silhouettes,
      chance: try number("probability", of: "\(group)/null/one_type"),
      locationConfound: file.contains(confound) ? try file.dataset(confound).number(Double.self) : nil,
      seedAgreement: try number("chosen", of: "/agreement/seeds_\(name)/index"))
  }

  private func number(_ attribute: String, of path: String) throws -> Double? {
    file.contains(path) ? try file.attribute(attribute, of: path)?.asNumber : nil
  }
}
