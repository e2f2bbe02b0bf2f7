import Foundation
import Numerics

/// Cells by their profiles, in the order of their clusters, with the evidence for these (paper Fig. 8C).
struct ClusterFigure {
  let results: RetinaResults

  /// By correlation with a layer's modes.
  func byModes(_ layer: RetinaResults.Layer) -> Figure {
    let part = layer.clusters
    let order = part.order
    let modes = Self.modeOrder(layer)
    let rows = order.map { cell in modes.map { layer.correlation[cell, $0] } }
    return figure(
      name: "clusters-\(layer.name)", title: "Cells by the modes of \(layer.name) they follow", part, order,
      rows,
      columns: "\(modes.count) modes of \(layer.name), ordered by the cluster that follows them most",
      bar: "correlation",
      caption: "Left: correlation of each cell's firing rate with each mode's loading.")
  }

  /// A layer's modes, beside the cluster that follows them most.
  static func modeOrder(_ layer: RetinaResults.Layer) -> [Int] {
    let part = layer.clusters
    let places = (0..<layer.correlation.columns).map { mode -> (Int, Double) in
      let column = layer.correlation.column(mode)
      let groups = Set(part.labels.filter { $0 >= 0 }).sorted()
      let means = groups.map { group in
        let members = part.labels.indices.filter { part.labels[$0] == group }
        return members.map { column[$0] }.reduce(0, +) / Double(members.count)
      }
      let best = means.indices.max { means[$0] < means[$1] } ?? 0
      return (best, means.isEmpty ? 0 : means[best])
    }
    return places.indices.sorted {
      places[$0].0 != places[$1].0 ? places[$0].0 < places[$1].0 : places[$0].1 > places[$1].1
    }
  }

  /// By each cell's own contributions; nil where these were not computed.
  func byContributions() throws -> Figure? {
    guard let part = results.byContributions else { return nil }
    let profile = try results.clusters.file.dataset("/contributions/profile", rank: 2).matrix()
    let order = part.order
    return figure(
      name: "clusters-contributions", title: "Cells by the channels that drive them", part, order,
      order.map { Array(profile.row($0)) },
      columns: "channels of each layer, their inhibition and excitation",
      groups: contributionGroups(columns: profile.columns), bar: "contribution (unit length)",
      caption:
        "Left: what each channel contributes to each cell's own rate, averaged over time and scaled to unit length."
    )
  }

  /// A run of columns of one kind.
  private struct Group {
    let name: String
    let columns: Range<Int>
  }

  /// C⁻ and C⁺ of each layer, one after the other; empty where the columns are others.
  private func contributionGroups(columns: Int) -> [Group] {
    var groups: [Group] = []
    for layer in results.layers {
      for sign in ["C⁻", "C⁺"] {
        let start = groups.last?.columns.upperBound ?? 0
        groups.append(Group(name: "\(layer.name) \(sign)", columns: start..<start + layer.channels))
      }
    }
    return groups.last?.columns.upperBound == columns ? groups : []
  }

  private func figure(
    name: String, title: String, _ part: ClusterPart, _ order: [Int], _ rows: [[Double]], columns: String,
    groups: [Group] = [], bar: String, caption: String
  ) -> Figure {
    let cells = Double(order.count)
    let height = min(420, max(150, 20 * cells))
    var plot = Plot(width: 900, height: height + 290)
    let ticks = order.enumerated().map { (Double($0), "\(results.cells[$1])") }
    let limit = rows.joined().map(abs).max() ?? 1
    var matrix = Plot.Panel(frame: Plot.Frame(84, 30, 540, height))
    matrix.border = 15
    matrix.x = Plot.Axis(
      label: columns, range: -0.5...Double(max(1, rows.first?.count ?? 1)) - 0.5,
      ticks: groups.isEmpty
        ? .none
        : .at(groups.map { (Double($0.columns.lowerBound + $0.columns.upperBound - 1) / 2, $0.name) }))
    matrix.y = Plot.Axis(range: -0.5...cells - 0.5, ticks: .none, isReversed: true)
    matrix.colours = .diverging(limit: limit)
    matrix.colourBar = bar
    matrix.layers =
      [.image(rows)]
      + groups.dropLast().map {
        .vertical(Double($0.columns.upperBound) - 0.5, colour: Colours.ink, dash: 1, width: 0.6)
      }
    plot.add(matrix)
    var stripe = Plot.Panel(frame: Plot.Frame(70, 30, 10, height))
    stripe.border = 0
    stripe.x = Plot.Axis(range: 0...1, ticks: .none)
    stripe.y = Plot.Axis(range: -0.5...cells - 0.5, ticks: .at(ticks), isReversed: true)
    stripe.border = 2
    stripe.layers = order.enumerated().map { row, cell in
      .box(x: 0...1, y: Double(row) - 0.5...Double(row) + 0.5, colour: Colours.category(part.labels[cell]))
    }
    plot.add(stripe)
    plot.text("cell", 26, 30 + height / 2, size: 10, align: "center", rotate: true)
    addSilhouettes(part, order, height, to: &plot)
    addNumbers(part, top: height + 104, to: &plot)
    return Figure(
      name: name, title: title,
      caption: caption
        + " Colours at the left mark clusters. Right: each cell's silhouette (1: much nearer to its own cluster than to "
        + "the next; 0: between two; below: nearer to another). Below: mean silhouette for every number of clusters (the "
        + "chosen one filled)"
        + (part.chance.map {
          String(
            format:
              ", and the best silhouettes of simulated cells of one single type, which reach the observed one in %.1f %% of draws.",
            100 * $0)
        } ?? "."),
      plot: plot)
  }

  private func addSilhouettes(_ part: ClusterPart, _ order: [Int], _ height: Double, to plot: inout Plot) {
    let known = part.silhouettes.filter(\.isFinite)
    let range = min(0, known.min() ?? 0) - 0.02...max(0.2, (known.max() ?? 0) * 1.05)
    var panel = Plot.Panel(frame: Plot.Frame(726, 30, 140, height))
    panel.title = "silhouette of each cell"
    panel.x = Plot.Axis(range: range, ticks: .few(0.2))
    panel.y = Plot.Axis(range: -0.5...Double(order.count) - 0.5, ticks: .none, isReversed: true)
    panel.border = 1
    panel.layers = [
      .lyingBars(
        order.indices.map(Double.init), order.map { part.silhouettes[$0] },
        colours: order.map { Colours.category(part.labels[$0]) }, width: 0.7),
      .vertical(0, colour: "#555555", dash: 1, width: 0.8),
    ]
    plot.add(panel)
  }

  private func addNumbers(_ part: ClusterPart, top: Double, to plot: inout Plot) {
    guard !part.tried.isEmpty else { return }
    let ks = part.tried.map(Double.init)
    var curve = Plot.Panel(frame: Plot.Frame(84, top + 20, 320, 110))
    curve.title = "how many clusters?"
    curve.x = Plot.Axis(
      label: "number of clusters", range: ks[0] - 0.5...ks[ks.count - 1] + 0.5,
      ticks: .at(part.tried.map { (Double($0), "\($0)") }))
    curve.y = Plot.Axis(
      label: "mean silhouette",
      range: min(0, part.scores.min() ?? 0)...max(0.3, (part.scores.max() ?? 0) * 1.1), ticks: .automatic)
    curve.layers = [
      .line(ks, part.scores, colour: Colours.ink, width: 1),
      .points(ks, part.scores, colour: Colours.ink, size: 0.8, kind: 6),
    ]
    if let best = part.tried.firstIndex(of: part.chosen) {
      curve.layers.append(.points([ks[best]], [part.scores[best]], colour: Colours.categories[1], size: 1.1))
    }
    plot.add(curve)
    addNull(part, top: top, to: &plot)
  }

  /// How clustered cells of a single type look by chance.
  private func addNull(_ part: ClusterPart, top: Double, to plot: inout Plot) {
    let known = part.null.filter(\.isFinite)
    guard let low = known.min(), let high = known.max(), let observed = part.scores.max() else { return }
    let (first, last) = (min(low, observed), max(high, observed))
    let width = max((last - first) / 30, 1e-6)
    var counts = Array(repeating: 0.0, count: 32)
    for value in known { counts[min(31, Int((value - first) / width))] += 1 }
    let middles = counts.indices.map { first + (Double($0) + 0.5) * width }
    var panel = Plot.Panel(frame: Plot.Frame(490, top + 20, 376, 110))
    panel.title = "would one single type look as clustered?"
    panel.x = Plot.Axis(label: "best silhouette", range: first - width...last + 2 * width)
    panel.y = Plot.Axis(label: "simulated draws", range: 0...(counts.max() ?? 1) * 1.3)
    let isRight = observed > (first + last) / 2
    panel.layers = [
      .bars(middles, counts, colours: counts.map { _ in "#B8B8B8" }, width: width * 0.95),
      .vertical(observed, colour: Colours.categories[1], dash: 1, width: 2),
      .text(
        observed + (isRight ? -0.4 : 0.4) * width, (counts.max() ?? 1) * 1.18, "observed",
        colour: Colours.categories[1], size: 9, align: isRight ? "right" : "left"),
    ]
    plot.add(panel)
  }
}
