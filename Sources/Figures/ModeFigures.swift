import Foundation
import Modes
import Numerics

/// Figures of decompositions, whatever network they are of.
struct ModeFigures {
  let layers: [LayerDecomposition]

  /// The atoms of one layer's most used modes, above how often each is on.
  func dictionary(_ layer: LayerDecomposition, onCounts: [Int], samples: Int) -> Figure? {
    let found = layer.decomposition
    guard found.alive > 0 else { return nil }
    let features = layer.features.count
    let order = onCounts.indices.sorted {
      onCounts[$0] != onCounts[$1] ? onCounts[$0] > onCounts[$1] : $0 < $1
    }
    let modes = Array(order.prefix(200))
    func value(_ mode: Int, _ feature: Int) -> Double {
      Double(found.dictionary.elements[mode * features + feature])
    }
    let rows = (0..<features).map { feature in modes.map { value($0, feature) } }
    let limit = rows.joined().map(abs).max() ?? 1
    let heat = min(420, max(120, 13 * Double(features)))
    var plot = Plot(width: 900, height: heat + 170)
    var matrix = Plot.Panel(frame: Plot.Frame(84, 30, 690, heat))
    matrix.border = 15
    matrix.x = Plot.Axis(range: -0.5...Double(modes.count) - 0.5, ticks: .none)
    let signed = Set(layer.features.map(\.sign)).count > 1
    let labels = layer.features.enumerated().filter { features <= 40 || $0.offset % (features / 16) == 0 }.map
    {
      (Double($0.offset), "\($0.element.channel + 1)" + (signed ? ($0.element.sign < 0 ? " C⁻" : " C⁺") : ""))
    }
    matrix.y = Plot.Axis(
      label: "channel", range: -0.5...Double(features) - 0.5, ticks: .at(labels), isReversed: true)
    matrix.colours = .diverging(limit: limit)
    matrix.colourBar = layer.units
    matrix.layers = [.image(rows)]
    plot.add(matrix)
    var usage = Plot.Panel(frame: Plot.Frame(84, 44 + heat, 690, 70))
    let step = max(1, (modes.count + 29) / 30)
    usage.x = Plot.Axis(
      label: step == 1
        ? "mode, the most used first" : "mode (every \(ordinal(step)) is named), the most used first",
      range: -0.5...Double(modes.count) - 0.5,
      ticks: .at(
        stride(from: 0, to: modes.count, by: step).map { (Double($0), "\(found.modeIDs[modes[$0]])") }))
    usage.y = Plot.Axis(label: "on (%)")
    usage.layers = [
      .bars(
        modes.indices.map(Double.init), modes.map { 100 * Double(onCounts[$0]) / Double(max(samples, 1)) },
        colours: modes.map { _ in Colours.categories[0] }, width: 0.8)
    ]
    plot.add(usage)
    let rest = modes.count < found.alive ? " The \(modes.count) most used of \(found.alive) modes." : ""
    return Figure(
      name: "dictionary-\(layer.layer)", title: "The modes of \(layer.layer)",
      caption:
        "Each column is a mode: what it adds to each channel's contribution when it is fully on (red: excitation, "
        + "blue: inhibition). Below: the share of frames in which it is on." + rest, plot: plot)
  }

  /// At most eight layers, spread over all.
  private static func spread(_ layers: [LayerDecomposition]) -> [LayerDecomposition] {
    let count = min(layers.count, 8)
    return (0..<count).map { layers[count < 2 ? 0 : $0 * (layers.count - 1) / (count - 1)] }
  }

  /// Errors and held-out R² while the autoencoders were trained.
  func training() -> Figure? {
    let trained = layers.filter { $0.decomposition.history.count > 1 }
    guard !trained.isEmpty else { return nil }
    let columns = min(trained.count, 4)
    let shown = Self.spread(trained)
    let rows = (shown.count + columns - 1) / columns
    let width = columns == 1 ? 560.0 : 900.0
    let panelWidth = (width - 56) / Double(columns) - 60
    let all = shown.flatMap(\.decomposition.history).flatMap { [$0.trainingError, $0.heldOutError] }
      .filter { $0.isFinite && $0 > 0 }
    // The same for all layers, so that they can be compared.
    let range = all.min().flatMap { low in all.max().map { low / 1.3...$0 * 1.3 } }
    var plot = Plot(width: width, height: 40 + 330 * Double(rows))
    for (index, layer) in shown.enumerated() {
      let history = layer.decomposition.history
      let x = 92 + Double(index % columns) * (panelWidth + 60)
      let y = 34 + 330 * Double(index / columns)
      let steps = history.map { Double($0.step) }
      var errors = Plot.Panel(frame: Plot.Frame(x, y, panelWidth, 110))
      errors.title = layer.layer
      errors.x = Plot.Axis(isLabelled: false)
      errors.y = Plot.Axis(
        label: index % columns == 0 ? "error (variances)" : "", range: range, isLogarithmic: true)
      errors.key = index == 0 ? "top right" : nil
      errors.layers = [
        .line(steps, history.map(\.trainingError), colour: Colours.faint, width: 1.4, title: "training"),
        .line(
          steps, history.map(\.heldOutError), colour: Colours.categories[1], width: 1.4, title: "held out"),
      ]
      plot.add(errors)
      var quality = Plot.Panel(frame: Plot.Frame(x, y + 128, panelWidth, 110))
      quality.x = Plot.Axis(label: "training step")
      quality.y = Plot.Axis(label: index % columns == 0 ? "R² held out" : "", range: 0...1)
      quality.layers = [
        .line(steps, history.map { max(0, $0.heldOutR2) }, colour: Colours.categories[1], width: 1.4)
      ]
      plot.add(quality)
    }
    let rest = shown.count < trained.count ? " \(shown.count) of \(trained.count) layers." : ""
    return Figure(
      name: "training", title: "Training the autoencoders",
      caption:
        "Mean squared error (in units of the contributions' variance) and share of variance explained on held-out "
        + "samples, while each layer's modes were learned." + rest, plot: plot)
  }

  /// What modes explain beside PCA, NMF and k-means of as many components.
  func explainedVariance() -> Figure? {
    let all = layers.filter { $0.baselines != nil }
    let shown = Self.spread(all)
    guard !shown.isEmpty else { return nil }
    let columns = min(shown.count, 4)
    let rows = (shown.count + columns - 1) / columns
    let width = columns == 1 ? 560.0 : 900.0
    let panelWidth = (width - 56) / Double(columns) - 60
    var plot = Plot(width: width, height: 20 + 260 * Double(rows))
    for (index, layer) in shown.enumerated() {
      guard let baselines = layer.baselines else { continue }
      let found = layer.decomposition
      var panel = Plot.Panel(
        frame: Plot.Frame(
          92 + Double(index % columns) * (panelWidth + 60), 40 + 260 * Double(index / columns), panelWidth,
          160))
      panel.title = layer.layer
      panel.x = Plot.Axis(label: "number of components", isLogarithmic: true)
      panel.y = Plot.Axis(label: index % columns == 0 ? "variance explained (R²)" : "", range: 0...1.02)
      panel.key = index == 0 ? "bottom right" : nil
      for (curve, name, colour) in [
        (baselines.pca, "PCA", Colours.categories[0]), (baselines.nmf, "NMF", Colours.categories[2]),
        (baselines.kmeans, "k-means", Colours.categories[3]),
      ] {
        let (x, y) = (curve.components.map(Double.init), curve.r2.map { max(0, $0) })
        panel.layers.append(.line(x, y, colour: colour, width: 1.4, title: name))
      }
      panel.layers.append(
        .points(
          [Double(max(found.alive, 1))], [max(0, found.quality.r2)], colour: Colours.categories[1], size: 1.1,
          title: "modes, all"))
      panel.layers.append(
        .points(
          [max(found.meanActive, 1)], [max(0, found.quality.r2)], colour: Colours.categories[1], size: 1.1,
          title: "modes on at once", kind: 6))
      plot.add(panel)
    }
    return Figure(
      name: "explained-variance", title: "Variance explained against number of components",
      caption:
        "R² of principal components (PCA), non-negative factors (NMF) and k-means centres beside the modes: drawn at "
        + "the number of modes (filled) and at the mean number that is on at once (open), since no more are needed each "
        + "time."
        + (shown.count < all.count ? " \(shown.count) of \(all.count) layers." : ""),
      plot: plot)
  }
}
