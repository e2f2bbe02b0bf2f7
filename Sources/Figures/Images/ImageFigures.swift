import Modes
import Storage

extension ImageResults {
  /// All figures the files give, in the paper's order.
  func figures() throws -> [Figure] {
    var figures: [Figure?] = []
    if let statistics {
      let layers = try LayerFigures(statistics)
      figures += [try layers.depth(), try layers.heads()]
    }
    if let channels = try ChannelFigures(self) { figures += [try channels.matrices(), try channels.signs()] }
    figures.append(try AttributionFigure(folder)?.figure())
    if let classes {
      let found = try ClassFigures(classes)
      figures += [try found.correlations(), try found.matrix(), try found.coverage()]
    }
    if let perturbation {
      let found = try PerturbationFigures(perturbation)
      figures += [try found.curves(), try found.scores()]
    }
    if let maps {
      figures.append(try MapFigure(file: maps, classNames: try classNames(), folder: folder.path).figure())
    }
    if let sweep {
      figures += [
        try SweepFigure(sweep).figure(),
        try SweepClassFigure(file: sweep, classNames: try classNames()).figure(),
      ]
    }
    if let modes {
      let file = try ModesFile(reading: modes.path)
      let found = ModeFigures(layers: try file.layers.map(file.layer))
      figures += [found.training(), found.explainedVariance()]
    }
    return figures.compactMap { $0 }
  }
}
