import Contributions
import Foundation
import Numerics
import Runtime
import Storage

/// One channel's contributions in space by several algorithms and targets, and all channels' in one picture (paper S1):
/// from every file of contributions that kept maps.
struct AttributionFigure {
  /// One file's contributions.
  private struct Source {
    /// Of the command line.
    let method, target: String
    let isSoftmax: Bool
    let file: ContributionFile

    private static let names = [
      "ig": "IntGrad", "ig-hidden": "IntGrad, hidden", "actgrad": "ActGrad", "actnormgrad": "ActNormGrad",
      "inputgrad": "InputGrad", "smoothgrad": "SmoothGrad", "top:1": "largest output", "sum": "all outputs",
      "contrastive": "largest − second",
    ]

    /// Algorithm and target as the paper calls them.
    var name: String {
      "\(Self.names[method] ?? method)\n\(Self.names[target] ?? target)" + (isSoftmax ? ", softmax" : "")
    }

    /// The same in a sentence.
    var words: String { isStandard ? "IntGrad of the largest output" : name.replacing("\n", with: ", ") }

    /// Algorithms as the paper introduces them; of each, targets as in its figure S1.
    var order: [Int] {
      let targets = ["sum", "top:1", "entropy", "contrastive"]
      return [
        ContributionMethod.names.firstIndex(of: method) ?? ContributionMethod.names.count,
        targets.firstIndex(of: target) ?? targets.count, isSoftmax ? 1 : 0,
      ]
    }

    /// The paper's standard.
    var isStandard: Bool { method == "ig" && target == "top:1" && !isSoftmax }
  }

  /// No more have room.
  private static let most = 7

  private let sources: [Source]
  /// Which of them chooses the channel and is shown by sign.
  private let reference: Source
  private let layers: [String]
  private let picture: String

  private struct Options: Decodable {
    let method: String?
    let target: String?
    let softmax: Bool?
  }

  /// Nil where no file of the folder kept maps of its first picture.
  init?(_ folder: ResultFolder) throws {
    var sources: [Source] = []
    for path in folder.files["contributions"] ?? [] {
      let file = try ContributionFile(reading: path)
      guard try !file.pickedRows().isEmpty else { continue }
      let provenance = try Provenance(of: file.file)
      let options = try? JSONDecoder().decode(Options.self, from: Data(provenance.options.utf8))
      sources.append(
        Source(
          method: options?.method ?? file.file.name, target: options?.target ?? "",
          isSoftmax: options?.softmax == true, file: file))
    }
    sources = sources.enumerated().sorted {
      ($0.element.order + [$0.offset]).lexicographicallyPrecedes($1.element.order + [$1.offset])
    }.map(\.element)
    guard let first = sources.first(where: \.isStandard) ?? sources.first else { return nil }
    // The same picture everywhere.
    let name = try Self.picture(first.file)
    self.sources = try sources.filter { try Self.picture($0.file) == name }
    (reference, picture) = (first, name)
    let all = try ImageResults.layers(of: first.file.file).filter {
      try first.file.maps(of: $0)?.shape.count == 4
    }
    guard let last = all.last else { return nil }
    let early = all[(all.count - 1) / 3]
    layers = early == last ? [last] : [early, all[max((all.count - 1) * 2 / 3, 1)]]
  }

  private static func picture(_ file: ContributionFile) throws -> String {
    let row = try file.pickedRows()[0]
    return try file.sampleNames()?[row] ?? "sample \(try file.frames()[row])"
  }

  func figure() throws -> Figure {
    let block = 366.0
    var plot = Plot(width: 900, height: block * Double(layers.count) + 10)
    for (index, layer) in layers.enumerated() { try add(layer, top: block * Double(index), to: &plot) }
    return Figure(
      name: "attribution", title: "Algorithms and targets of contributions",
      caption:
        "For each layer, above: net contribution of every position of the channel that contributes most, by each algorithm "
        + "and target, each with its own colour limits (red: raises the target). Below, by "
        + "\(reference.words): the same channel's excitation and inhibition, and the excitation "
        + "(red), inhibition (blue) and net contribution (line) of all channels, in its order. Picture: \(picture)."
        + (sources.count > Self.most ? " The first \(Self.most) of \(sources.count) files." : ""), plot: plot)
  }

  private func add(_ layer: String, top: Double, to plot: inout Plot) throws {
    guard let map = try reference.file.maps(of: layer) else { return }
    let (channels, height, width) = (map.shape[1], map.shape[2], map.shape[3])
    let size = height * width
    func values(_ map: Tensor, _ channel: Int) -> [Double] {
      map.elements[channel * size..<(channel + 1) * size].map(Double.init)
    }
    let strengths = (0..<channels).map { values(map, $0).reduce(0) { $0 + abs($1) } }
    let channel = strengths.indices.max { strengths[$0] < strengths[$1] } ?? 0
    plot.text(
      "\(layer.replacing("|", with: "/")), channel \(channel + 1)", 24, top + 18, size: 11, bold: true)
    let shown = sources.prefix(Self.most)
    let side = 96.0
    for (column, source) in shown.enumerated() {
      guard let map = try source.file.maps(of: layer), map.shape[1] > channel else { continue }
      Self.addMap(
        values(map, channel), width: width, title: source.name, x: 24 + 124 * Double(column), y: top + 76,
        side: side, to: &plot)
    }
    let net = values(map, channel)
    let limit = max(net.map(abs).max() ?? 0, 1e-12)
    for (column, (title, sign)) in [("excitation C⁺", 1.0), ("inhibition C⁻", -1.0)].enumerated() {
      Self.addMap(
        net.map { sign * $0 > 0 ? $0 : 0 }, width: width, title: title, x: 24 + 124 * Double(column),
        y: top + 220, side: side, limit: limit, to: &plot)
    }
    try addChannels(layer, frame: Plot.Frame(346, top + 220, 520, side), to: &plot)
  }

  private static func addMap(
    _ values: [Double], width: Int, title: String, x: Double, y: Double, side: Double, limit: Double? = nil,
    to plot: inout Plot
  ) {
    let height = Double(values.count / width)
    var panel = Plot.Panel(frame: Plot.Frame(x, y, side, side))
    panel.title = title
    panel.border = 15
    panel.x = Plot.Axis(range: -0.5...Double(width) - 0.5, ticks: .none)
    panel.y = Plot.Axis(range: -0.5...height - 0.5, ticks: .none, isReversed: true)
    panel.colours = .diverging(limit: limit ?? max(values.map(abs).max() ?? 0, 1e-12))
    panel.layers = [
      .image(stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) })
    ]
    plot.add(panel)
  }

  /// Both signs of every channel in the picture.
  private func addChannels(_ layer: String, frame: Plot.Frame, to plot: inout Plot) throws {
    let file = reference.file
    let row = try file.pickedRows()[0]
    let (negative, positive) = try file.contributions(of: layer)
    let order = (0..<negative.columns).sorted {
      negative[row, $0] + positive[row, $0] > negative[row, $1] + positive[row, $1]
    }
    let places = order.indices.map(Double.init)
    var panel = Plot.Panel(frame: frame)
    panel.x = Plot.Axis(
      label: "\(order.count) channels, the largest net contribution first",
      range: -0.5...Double(order.count) - 0.5, ticks: .none)
    panel.y = Plot.Axis(label: "contribution")
    panel.layers = [
      .bars(
        places, order.map { positive[row, $0] }, colours: order.map { _ in Colours.excitation }, width: 0.9),
      .bars(
        places, order.map { negative[row, $0] }, colours: order.map { _ in Colours.inhibition }, width: 0.9),
      .line(places, order.map { negative[row, $0] + positive[row, $0] }, colour: Colours.ink, width: 1),
    ]
    plot.add(panel)
  }
}
