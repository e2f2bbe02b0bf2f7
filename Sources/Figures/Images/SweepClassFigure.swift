import Numerics
import Storage

/// One class's modes, summed, by every configuration of the autoencoder (paper S5).
struct SweepClassFigure {
  let file: H5File
  let classNames: [String]

  /// More rows could not be told apart.
  private static let most = 60

  /// Nil where no class was chosen.
  func figure() throws -> Figure? {
    let layers = try ImageResults.layers(of: file).filter { file.contains("/layers/\($0)/class_atom") }
    let all = try file.dataset("/configuration/name", rank: 1).texts()
    guard let first = layers.first,
      let label = try file.attribute("class", of: "/layers/\(first)/class_atom")?.asInteger
    else { return nil }
    let names = Array(all.prefix(Self.most))
    let shown = Array(layers.prefix(4))
    let height = max(160, 14 * Double(names.count))
    // Room for the names of configurations in which everything changes.
    let left = min(max(150, 6.2 * Double(names.map(\.count).max() ?? 0) + 20), 420)
    let width = (900 - left - 96) / Double(shown.count)
    var plot = Plot(width: 900, height: height + 90)
    for (column, layer) in shown.enumerated() {
      let atoms = try file.dataset("/layers/\(layer)/class_atom", rank: 2).matrix()
      var panel = Plot.Panel(frame: Plot.Frame(left + width * Double(column), 36, width - 14, height))
      panel.title = layer.replacing("|", with: "/")
      panel.border = 15
      panel.x = Plot.Axis(label: "channel", range: -0.5...Double(atoms.columns) - 0.5, ticks: .none)
      panel.y = Plot.Axis(
        range: -0.5...Double(names.count) - 0.5,
        ticks: column == 0 ? .at(names.enumerated().map { (Double($0), $1) }) : .none, isReversed: true)
      panel.colours = .diverging(limit: 1)
      if column == shown.count - 1 { panel.colourBar = "relative weight" }
      panel.layers = [.image(names.indices.map { Self.relative(Array(atoms.row($0))) })]
      plot.add(panel)
    }
    let name = classNames.indices.contains(label) ? classNames[label] : "class \(label)"
    let rest =
      names.count < all.count ? " The first \(names.count) of \(all.count) configurations." : ""
    return Figure(
      name: "sweep-class", title: "The modes of \(name) by every configuration",
      caption:
        "The modes that correlate with \(name) above 0.2 (or the best one, where none does), summed, of each "
        + "configuration of the autoencoder (rows): the weight of every channel, each row relative to its largest "
        + "(red: excitation). Alike rows: the options hardly matter; empty ones: no mode came alive. "
        + "Hidden: the width of the encoder; D: the dictionary of modes." + rest,
      plot: plot)
  }

  /// Each on its own scale: what is compared is which channels they hold.
  private static func relative(_ row: [Double]) -> [Double] {
    let peak = row.map(abs).filter(\.isFinite).max() ?? 0
    return row.map { peak > 0 && $0.isFinite ? $0 / peak : 0 }
  }
}
