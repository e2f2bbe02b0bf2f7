import Storage

/// What a folder holds about a recording without a whole analysis: described cells and fits.
struct RecordingResults {
  /// Which schemas make a folder one of these.
  static let schemas = ["cells", "sta", "training-history"]

  let folder: ResultFolder
  let cells: CellResults?
  let prediction: CellResults.Prediction?
  let fits: [FitFigure]

  /// - Throws: `CodecError` naming the dataset that is missing or does not fit.
  init(_ folder: ResultFolder) throws {
    self.folder = folder
    cells = try (folder.file("cells") ?? folder.file("sta")).map(CellResults.init)
    prediction = try cells?.prediction(folder.file("contributions"))
    fits = try (folder.files["training-history"] ?? []).map { FitFigure(file: try H5File(reading: $0)) }
  }

  var files: [H5File] { [cells?.file].compactMap { $0 } + fits.map(\.file) }

  /// All figures.
  func figures() throws -> [Figure] {
    let fits = try fitFigures()
    guard let cells else { return fits }
    return try cellFigures()
      + [RasterFigure(results: cells, prediction: prediction).figure()].compactMap { $0 } + fits
  }

  /// Spike-triggered averages and where they lie.
  func cellFigures() throws -> [Figure] {
    guard let cells else { return [] }
    let described = CellFigures(results: cells)
    return [try described.averages(), described.mosaic()].compactMap { $0 }
  }

  func fitFigures() throws -> [Figure] { try fits.map { try $0.figure(isOnly: fits.count == 1) } }
}
