import Foundation
import Numerics
import Storage

/// How contributions change from layer to layer (paper Fig. 3) and attention heads against random groups (Fig. S8).
struct LayerFigures {
  let file: H5File
  let layers: [String]

  init(_ file: H5File) throws { (self.file, layers) = (file, try ImageResults.layers(of: file)) }

  private static let kinds = [
    ("contributions", "contributions", Colours.contributions),
    ("activations", "activations", Colours.activations),
  ]

  /// Layers of one sort by depth, such as a transformer's attention, MLP and token layers.
  private struct Family {
    let name: String
    /// Where its layers are among all.
    let members: [Int]
    let dash: Int
  }

  /// Sorts that alternate through the network, by names without their numbers; all layers as one sort where they do not.
  private var families: [Family] {
    let names = layers.map(Plot.Axis.layerStem)
    let sorts = names.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let members = sorts.map { sort in names.indices.filter { names[$0] == sort } }
    guard (2...4).contains(sorts.count), members.allSatisfy({ $0.count == members[0].count && $0.count > 1 })
    else { return [Family(name: "", members: Array(layers.indices), dash: 1)] }
    return sorts.indices.map { Family(name: sorts[$0], members: members[$0], dash: $0 + 1) }
  }

  func depth() throws -> Figure {
    var plot = Plot(width: 900, height: 600)
    var sparsity = panel(84, 40, "sparsity over channels", "Hoyer index")
    sparsity.key = "top left"
    for (kind, title, colour) in Self.kinds {
      let values = try layers.map { try file.column("/layers/\($0)/hoyer_\(kind)") ?? [] }
      addCurves(values.map(meanAndSpread), colour, title, to: &sparsity)
    }
    sparsity.y.range = 0...1
    plot.add(sparsity)
    var signs = panel(530, 40, "correlation of excitation and inhibition", "correlation over channels")
    let values = try layers.map { try file.column("/layers/\($0)/sign_correlation") ?? [] }
    addCurves(values.map(meanAndSpread), Colours.contributions, nil, to: &signs)
    plot.add(signs)
    try addExplained(to: &plot)
    var dimensions = panel(530, 340, "dimensionality of class averages", "components to 95 %")
    for (kind, _, colour) in Self.kinds {
      guard let values = try file.column("/summary/dimensionality_\(kind)") else { continue }
      addCurves(values.map { ($0, 0) }, colour, nil, to: &dimensions)
    }
    dimensions.y.range = 0...niceTop(dimensions)
    plot.add(dimensions)
    let bands =
      families.count == 1
      ? "Lines: mean over samples, bands: standard deviation. " : "Lines: mean over samples. "
    return Figure(
      name: "layers", title: "Contributions through the network",
      caption:
        "Top left: Hoyer sparsity of each sample's channel vector (0: all channels alike, 1: one alone). Top right: "
        + "how alike excitation C⁺ and inhibition C⁻ of the channels are. " + bands
        + "Below: variance of the class averages explained by their principal components in the first and the last "
        + "layer, and components needed for 95 % of it. Curves over layers are drawn as in the first panel. "
        + layerNames,
      plot: plot)
  }

  private var layerNames: String {
    // Where the axis has neither names nor the numbers in these.
    families.count == 1 && Plot.Axis.layerLabels(layers).labels.last == "\(layers.count)"
      && layers.last?.hasSuffix("\(layers.count)") == false
      ? "Layers: "
        + layers.enumerated().map { "\($0 + 1) \($1.replacing("|", with: "/"))" }.joined(separator: ", ")
        + "."
      : ""
  }

  private func panel(_ x: Double, _ y: Double, _ title: String, _ label: String) -> Plot.Panel {
    var panel = Plot.Panel(frame: Plot.Frame(x, y, 340, 190))
    panel.title = title
    panel.x = .layers(
      families[0].members.map { layers[$0] }, label: families.count > 1 ? "layer of each sort" : nil)
    panel.y = Plot.Axis(label: label)
    return panel
  }

  private func meanAndSpread(_ values: [Double]) -> (mean: Double, spread: Double) {
    let known = values.filter(\.isFinite)
    let (mean, error) = meanAndError(known)
    return (mean, error * Double(known.count).squareRoot())
  }

  /// A curve for each sort of layers; the spread only where there is one sort.
  private func addCurves(
    _ curve: [(mean: Double, spread: Double)], _ colour: String, _ title: String?, to panel: inout Plot.Panel
  ) {
    let families = families
    for family in families {
      let (places, part) = (family.members.indices.map(Double.init), family.members.map { curve[$0] })
      if families.count == 1, part.contains(where: { $0.spread > 0 }) {
        panel.layers.append(
          .band(places, part.map { $0.mean - $0.spread }, part.map { $0.mean + $0.spread }, colour: colour))
      }
      let name = title.map { family.name.isEmpty ? $0 : "\($0), \(family.name)" }
      panel.layers.append(
        .line(places, part.map(\.mean), colour: colour, width: 1.6, title: name, dash: family.dash))
      panel.layers.append(.points(places, part.map(\.mean), colour: colour, size: 0.6))
    }
  }

  private func niceTop(_ panel: Plot.Panel) -> Double {
    var top = 1.0
    for case .line(_, let y, _, _, _, _) in panel.layers { top = max(top, y.filter(\.isFinite).max() ?? 0) }
    return top * 1.1
  }

  /// The file's shares are cumulative.
  private func addExplained(to plot: inout Plot) throws {
    guard let first = layers.first, let last = layers.last else { return }
    var explained = Plot.Panel(frame: Plot.Frame(84, 340, 340, 190))
    explained.title = "variance of class averages explained"
    explained.x = Plot.Axis(label: "principal components")
    explained.y = Plot.Axis(label: "cumulative share", range: 0...1.02)
    explained.key = "bottom right"
    for (kind, title, colour) in Self.kinds {
      for (layer, dash) in [(first, 2), (last, 1)] where layer != first || dash == 2 {
        guard let shares = try file.column("/layers/\(layer)/explained_variance_\(kind)") else { continue }
        explained.layers.append(
          .line(
            shares.indices.map { Double($0 + 1) }, shares, colour: colour, width: 1.6,
            title: "\(title), \(layer.replacing("|", with: "/"))", dash: dash))
      }
    }
    plot.add(explained)
  }

  /// Nil where no layer has attention heads.
  func heads() throws -> Figure? {
    let withHeads = layers.filter { file.contains("/layers/\($0)/head_hoyer_contributions") }
    guard !withHeads.isEmpty else { return nil }
    let places = withHeads.indices.map(Double.init)
    var plot = Plot(width: 900, height: 310)
    for (index, (kind, title, colour)) in Self.kinds.enumerated() {
      var panel = Plot.Panel(frame: Plot.Frame(84 + 450 * Double(index), 40, 340, 190))
      panel.title = title
      panel.x = .layers(withHeads)
      panel.y = Plot.Axis(label: index == 0 ? "Hoyer index over heads" : "", range: 0...1)
      panel.key = "top left"
      for (name, words, dash, tint) in [
        ("head", "heads", 1, colour), ("random_head", "random groups", 2, Colours.faint),
      ] {
        let values = try withHeads.map { try file.column("/layers/\($0)/\(name)_hoyer_\(kind)") ?? [] }
        let curve = values.map(meanAndSpread)
        panel.layers.append(
          .line(places, curve.map(\.mean), colour: tint, width: 1.6, title: words, dash: dash))
        panel.layers.append(.points(places, curve.map(\.mean), colour: tint, size: 0.6))
      }
      plot.add(panel)
    }
    return Figure(
      name: "attention-heads", title: "Are attention heads units of computation?",
      caption:
        "Sparsity over the heads' net sums (Hoyer index, 0: all heads alike, 1: one alone) beside groups of "
        + "as many randomly chosen dimensions: where heads lie above, "
        + "they work apart from each other.", plot: plot)
  }
}
