import Modes

extension RetinaResults {
  /// All figures, in the order a reader meets them.
  func figures() throws -> [Figure] {
    let modes = ModeFigures(layers: layers.map(\.modes))
    let (rates, clusters, fields) = (
      RateFigures(results: self), ClusterFigure(results: self), FieldFigures(results: self)
    )
    var figures: [Figure?] = [rates.overTime(), try rates.recordedAgainstPredicted()]
    for layer in layers { figures.append(try ContributionFigure(results: self, layer: layer).figure()) }
    figures.append(try clusters.byContributions())
    figures += layers.map(clusters.byModes)
    for layer in layers {
      figures.append(try fields.singleModes(layer))
      figures.append(try fields.combinations(layer))
    }
    figures.append(try fields.mosaic())
    let recording = try RecordingResults(folder)
    figures += try recording.cellFigures()
    figures += layers.map {
      modes.dictionary($0.modes, onCounts: $0.onCounts, samples: frames.count)
    }
    figures += [modes.training(), modes.explainedVariance()]
    return try figures.compactMap { $0 } + recording.fitFigures()
  }
}
