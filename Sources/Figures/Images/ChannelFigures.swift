import Contributions
import Foundation
import Numerics

/// Channels' contributions beside their activations (paper Fig. 3A) and their two signs (Fig. 3C).
struct ChannelFigures {
  let file: ContributionFile
  let layers: [String]
  let labels: [Int]
  let classNames: [String]

  /// Nil where the samples have no classes.
  init?(_ results: ImageResults) throws {
    guard let contributions = results.contributions else { return nil }
    file = try ContributionFile(reading: contributions.path)
    guard let labels = try file.labels(), !labels.isEmpty else { return nil }
    (self.labels, layers) = (labels, try ImageResults.layers(of: contributions))
    guard !layers.isEmpty else { return nil }
    classNames = try results.classNames()
  }

  /// The samples of four classes spread over all, class after class.
  private func examples() -> [(label: Int, samples: [Int])] {
    let present = Set(labels).sorted()
    let count = min(4, present.count)
    let chosen = (0..<count).map { present[count < 2 ? 0 : $0 * (present.count - 1) / (count - 1)] }
    return chosen.map { label in
      (label, Array(labels.indices.filter { labels[$0] == label }.prefix(60)))
    }
  }

  /// Net contributions and activations of the middle layer's channels in the samples of four classes.
  func matrices() throws -> Figure {
    let layer = layers[layers.count / 2]
    let (negative, positive) = try file.contributions(of: layer)
    let net = { sample, channel in negative[sample, channel] + positive[sample, channel] }
    let activation = try file.activations(of: layer)
    let examples = examples()
    let samples = examples.flatMap(\.samples)
    let channels = Self.order(net, examples, channels: negative.columns)
    let height = min(360, max(160, 3 * Double(channels.count)))
    var plot = Plot(width: 900, height: height + 110)
    let parts = [
      ("contributions", try file.targetUnits(), net),
      ("activations", "activation", { sample, channel in activation[sample, channel] }),
    ]
    for (column, (title, units, value)) in parts.enumerated() {
      let rows = channels.map { channel in samples.map { value($0, channel) } }
      let limit = max(Numerics.Statistics.quantile(rows.joined().map(abs), 0.99), 1e-12)
      var panel = Plot.Panel(frame: Plot.Frame(84 + 424 * Double(column), 36, 300, height))
      panel.title = title
      panel.border = 15
      panel.x = Plot.Axis(
        label: "pictures of four classes", range: -0.5...Double(samples.count) - 0.5,
        ticks: .at(Self.middles(examples, classNames)))
      panel.y = Plot.Axis(
        label: column == 0 ? "channel of \(layer.replacing("|", with: "/"))" : "",
        range: -0.5...Double(channels.count) - 0.5, ticks: .none, isReversed: true)
      panel.colours =
        rows.joined().contains { $0 < 0 } ? .diverging(limit: limit) : .sequential(0...limit)
      panel.colourBar = units
      panel.layers = [.image(rows.map { $0.map { min(max($0, -limit), limit) } })]
      var end = -0.5
      for example in examples.dropLast() {
        end += Double(example.samples.count)
        panel.layers.append(.vertical(end, colour: Colours.ink, dash: 1, width: 0.6))
      }
      plot.add(panel)
    }
    return Figure(
      name: "channels", title: "What channels contribute, and how active they are",
      caption:
        "The channels of layer \(layer.replacing("|", with: "/")) (rows) in pictures of four classes (columns): net "
        + "contribution to the target (left) and activation (right), summed over space. The same order of channels in both: "
        + "by the class to which they contribute most. Colours saturate at the 99th percentile.", plot: plot)
  }

  /// Channels by the class to which they contribute most on average, the strongest first.
  private static func order(
    _ net: (Int, Int) -> Double, _ examples: [(label: Int, samples: [Int])], channels: Int
  ) -> [Int] {
    let best = (0..<channels).map { channel -> (example: Int, mean: Double) in
      let means = examples.map { example in
        example.samples.reduce(0) { $0 + net($1, channel) } / Double(max(example.samples.count, 1))
      }
      let place = means.indices.max { means[$0] < means[$1] } ?? 0
      return (place, means[place])
    }
    return best.indices.sorted {
      best[$0].example != best[$1].example
        ? best[$0].example < best[$1].example
        : best[$0].mean != best[$1].mean ? best[$0].mean > best[$1].mean : $0 < $1
    }
  }

  private static func middles(
    _ examples: [(label: Int, samples: [Int])], _ names: [String]
  ) -> [(Double, String)] {
    var start = -0.5
    return examples.map { example in
      let middle = start + Double(example.samples.count) / 2
      start += Double(example.samples.count)
      let name = names.indices.contains(example.label) ? names[example.label] : "class \(example.label)"
      return (middle, String(name.prefix(14)))
    }
  }

  /// Mean excitation of each channel against its mean inhibition, in four layers.
  func signs() throws -> Figure {
    let count = min(4, layers.count)
    let shown = (0..<count).map { layers[count < 2 ? 0 : $0 * (layers.count - 1) / (count - 1)] }
    let units = try file.targetUnits()
    var plot = Plot(width: 900, height: 290)
    for (column, layer) in shown.enumerated() {
      let (negative, positive) = try file.contributions(of: layer)
      let x = Numerics.Statistics.columnMeans(negative).map { -$0 }
      let y = Numerics.Statistics.columnMeans(positive)
      let end = max((x + y).max() ?? 0, 1e-12) * 1.05
      var panel = Plot.Panel(frame: Plot.Frame(84 + 208 * Double(column), 52, 160, 160))
      panel.title =
        layer.replacing("|", with: "/")
        + String(format: "\nr = %.2f", Numerics.Statistics.pearson(x, y)).replacing("-", with: "−")
      // The units once: four labels lie side by side.
      panel.x = Plot.Axis(label: "inhibition −C⁻", range: 0...end)
      panel.y = Plot.Axis(label: column == 0 ? "excitation C⁺ (\(units))" : "", range: 0...end)
      panel.layers = [
        .line([0, end], [0, end], colour: Colours.faint, width: 0.7, dash: 2),
        .points(x, y, colour: Colours.contributions, size: 0.45),
      ]
      plot.add(panel)
    }
    return Figure(
      name: "signs", title: "Excitation and inhibition by the same channels",
      caption:
        "Each point is a channel: its mean positive against its mean negative contribution over all pictures (both in "
        + "\(units)), each summed over space before. Dashed: both alike. r: Pearson's correlation over channels.",
      plot: plot)
  }
}

extension ContributionFile {
  /// What contributions are measured in; an output of the network has no unit.
  func targetUnits() throws -> String {
    let units = try file.dataset("/target").attribute("units")?.asText ?? "1"
    return units == "1" ? "units of the target" : units
  }
}
