import Runtime
import Storage

extension ClusterConsensus {
  /// Writes it below a group of a result.
  func write(to writer: ResultWriter, under group: String) throws {
    let (numbers, cells) = (tried.count, labels.first?.first?.count ?? 0)
    let pairCount = fits * (fits - 1) / 2
    try writer.write(tried, shape: [numbers], to: "\(group)/k", axes: ["k"], units: "clusters")
    try writer.write(
      agreement, shape: [numbers], to: "\(group)/index", axes: ["k"], units: "mean adjusted Rand index",
      attributes: ["clusterings": .integer(fits)])
    try writer.write(
      pairs.flatMap { $0 }, shape: [numbers, pairCount], to: "\(group)/pair_index", axes: ["k", "pair"],
      units: "adjusted Rand index")
    let members = (0..<fits).flatMap { second in (0..<second).flatMap { [$0, second] } }
    try writer.write(
      members, shape: [pairCount, 2], to: "\(group)/pair", axes: ["pair", "fit"], units: "place of the fit")
    try writer.write(
      silhouettes.flatMap { $0 }, shape: [numbers, fits], to: "\(group)/silhouette", axes: ["k", "fit"],
      units: "1")
    try writer.write(
      labels.flatMap { $0.flatMap { $0 } }, shape: [numbers, fits, cells], to: "\(group)/fit_label",
      axes: ["k", "fit", "cell"], units: "cluster, −1 for cells without a profile")
    if let supported, let chance {
      try writer.write(
        supported, shape: [supported.count], to: "\(group)/supported", axes: ["number"], units: "clusters")
      try writer.write(
        chance, shape: [numbers], to: "\(group)/chance", axes: ["k"],
        units: "95th percentile of the mean adjusted Rand index by chance")
    }
    if let chosen, let labels = labels(at: chosen), let steadiness = steadiness(at: chosen) {
      try writer.write(
        labels, shape: [cells], to: "\(group)/label", axes: ["cell"],
        units: "cluster, −1 for cells without a profile", attributes: ["clusters": .integer(chosen)])
      try writer.write(steadiness, shape: [cells], to: "\(group)/steadiness", axes: ["cell"], units: "1")
    }
  }

  /// Reads what an `agreement.h5` or a `clusters.h5` over several fits holds.
  /// - Parameters:
  ///   - name: "contributions", or the layer whose modes the clusters are by.
  ///   - group: where it is in the file, such as `/agreement/contributions`.
  /// - Throws: `CodecError` naming the dataset that is missing or does not fit.
  public init(name: String, reading file: H5File, group: String) throws {
    func rows<Value>(_ values: [Value], _ length: Int) -> [[Value]] {
      guard length > 0 else { return [] }
      return stride(from: 0, to: values.count, by: length).map { Array(values[$0..<$0 + length]) }
    }
    let label = try file.dataset("\(group)/fit_label", rank: 3)
    let pairs = try file.dataset("\(group)/pair_index", rank: 2)
    let silhouettes = try file.dataset("\(group)/silhouette", rank: 2)
    self.init(
      name: name, fits: label.shape[1], tried: try file.dataset("\(group)/k", rank: 1).numbers(),
      agreement: try file.dataset("\(group)/index", rank: 1).numbers(),
      pairs: rows(try pairs.numbers(), pairs.shape[1]),
      silhouettes: rows(try silhouettes.numbers(), silhouettes.shape[1]),
      labels: rows(rows(try label.numbers(), label.shape[2]), label.shape[1]),
      supported: file.contains("\(group)/supported")
        ? try file.dataset("\(group)/supported", rank: 1).numbers() : nil,
      chance: try file.contains("\(group)/chance")
        ? file.dataset("\(group)/chance", rank: 1).numbers() : nil)
  }
}
