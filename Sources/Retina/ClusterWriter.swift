import Numerics
import Runtime
import Storage

/// Lays a cluster report out as `clusters.h5`.
public struct ClusterWriter {
  /// The `schema` of such files.
  public static let schema = "clusters"
  /// The version of the layout written here.
  public static let schemaVersion = 1

  private let writer: ResultWriter
  private let report: ClusterReport

  /// A writer of one report.
  public init(_ report: ClusterReport, to writer: ResultWriter) {
    (self.report, self.writer) = (report, writer)
  }

  /// Writes everything and completes the file.
  public func write() throws {
    let cells = report.cells.count
    try writer.setAttribute("conclusion", to: .text(report.conclusion))
    try writer.setAttribute("warnings", to: .texts(report.warnings))
    try writer.setAttribute("fits", to: .integer(report.fitCount))
    try writer.write(report.cells, shape: [cells], to: "/cell_id", axes: ["cell"], units: "id")
    try writer.write(
      report.centres.flatMap { [$0?.y ?? .nan, $0?.x ?? .nan] }, shape: [cells, 2],
      to: "/receptive_field_centre", axes: ["cell", "(y, x)"], units: "pixels")
    for layer in report.layers { try write(layer) }
    if let part = report.contributions {
      let profiles = part.clustering.profiles.values
      try writer.write(profiles, to: "/contributions/profile", axes: ["cell", "feature"], units: "1")
      try write(part, under: "/contributions")
    }
    try writeAgreement()
    try writer.commit()
  }

  private func write(_ layer: ClusterReport.Layer) throws {
    let group = "/layers/\(layer.name)"
    try writer.write(
      layer.correlation.values, to: "\(group)/cell_mode_correlation", axes: ["cell", "mode"], units: "1",
      attributes: ["undefined": .integer(layer.correlation.undefinedCount)])
    try writer.write(
      layer.modeIDs, shape: [layer.modeIDs.count], to: "\(group)/mode_id", axes: ["mode"], units: "id")
    try write(layer.part, under: group)
    try write(layer.combinations.commonest, to: "\(group)/combinations")
    try write(layer.combinations.single, to: "\(group)/single_modes")
    if let example = layer.example {
      try writer.write(
        example.frames, shape: [2], to: "\(group)/example/frame", axes: ["moment"],
        units: "frame of the stimulus")
      try writer.write(example.modes, shape: [2], to: "\(group)/example/mode", axes: ["moment"], units: "id")
      try writer.setAttribute("cell", to: .integer(example.cell), of: "\(group)/example")
    }
  }

  private func write(_ part: ClusterReport.Part, under group: String) throws {
    let (partitions, cells) = (part.clustering.partitions, report.cells.count)
    func write(_ name: String, _ axes: [String], _ shape: [Int], _ values: [Double]) throws {
      try writer.write(values, shape: shape, to: "\(group)/\(name)", axes: axes, units: "1")
    }
    let best = part.clustering.best
    let chosen: AttributeValue = .integer(best?.clusters ?? 0)
    let none = "−1 marks cells without a profile"
    try writer.write(
      best?.labels ?? Array(repeating: -1, count: cells), shape: [cells], to: "\(group)/label",
      axes: ["cell"],
      units: "cluster", attributes: ["clusters": chosen, "description": .text(none)])
    try write("silhouette", ["cell"], [cells], best?.silhouettes ?? Array(repeating: .nan, count: cells))
    let count = partitions.count
    try writer.write(
      partitions.map(\.clusters), shape: [count], to: "\(group)/k", axes: ["k"], units: "clusters")
    try write("k_score", ["k"], [count], partitions.map(\.silhouette))
    try write("k_inertia", ["k"], [count], partitions.map(\.inertia))
    try write("k_silhouette", ["k", "cell"], [count, cells], partitions.flatMap(\.silhouettes))
    try writer.write(
      partitions.flatMap(\.labels), shape: [count, cells], to: "\(group)/k_label", axes: ["k", "cell"],
      units: "cluster")
    for (name, null) in [
      ("shuffled", part.clustering.permutationNull), ("one_type", part.clustering.oneTypeNull),
    ] {
      guard let null else { continue }
      try writer.write(
        null.draws, shape: [null.draws.count], to: "\(group)/null/\(name)", axes: ["draw"], units: "1",
        attributes: ["observed": .number(null.observed), "probability": .number(null.probability)])
    }
    if let confound = part.confound {
      try write("location_confound", [], [], [confound.correlation])
      let path = "\(group)/location_confound"
      try writer.setAttribute("probability", to: .number(confound.probability), of: path)
    }
  }

  private func write(_ combinations: [ModeCombination], to group: String) throws {
    let (rows, size) = (combinations.count, combinations.map(\.modes.count).max() ?? 0)
    let examples = combinations.map(\.examples.count).max() ?? 0
    func padded(_ values: [Int], _ count: Int) -> [Int] {
      values + Array(repeating: -1, count: count - values.count)
    }
    func write(_ name: String, _ axes: [String], _ shape: [Int], _ values: [Int], _ units: String) throws {
      try writer.write(values, shape: shape, to: "\(group)/\(name)", axes: axes, units: units)
    }
    try write("cell", ["combination"], [rows], combinations.map(\.cell), "id")
    try write("count", ["combination"], [rows], combinations.map(\.count), "frames")
    try write(
      "mode", ["combination", "mode"], [rows, size], combinations.flatMap { padded($0.modes, size) },
      "id, −1 for none")
    try write(
      "frame", ["combination", "example"], [rows, examples],
      combinations.flatMap { padded($0.examples, examples) }, "frame of the stimulus, −1 for none")
  }

  private func writeAgreement() throws {
    func write(_ agreement: ClusterAgreement?, _ name: String) throws {
      guard let agreement else { return }
      let count = agreement.clusters.count
      try writer.write(
        agreement.clusters, shape: [count], to: "/agreement/\(name)/k", axes: ["k"], units: "clusters")
      try writer.write(
        agreement.perNumber, shape: [count], to: "/agreement/\(name)/index", axes: ["k"],
        units: "mean adjusted Rand index",
        attributes: ["chosen": .number(agreement.chosen), "clusterings": .integer(agreement.count)])
    }
    try write(report.layerAgreement, "layers")
    try report.contributions?.consensus?.write(to: writer, under: "/agreement/fits_contributions")
    for layer in report.layers {
      try write(layer.seedAgreement, "seeds_\(layer.name)")
      try layer.part.consensus?.write(to: writer, under: "/agreement/fits_\(layer.name)")
    }
  }
}
