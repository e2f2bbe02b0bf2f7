import Networks
import Runtime
import Stimuli

extension LoadedModel {
  /// A movie seen through the model's history, normalised as its training movie was.
  /// - Throws: `CodecError` of kind data where the frames are not the model's or no segment is long enough.
  public func windows(over movie: any StimulusSource) throws -> WindowSeries {
    guard movie.frameShape == preprocessing.frameShape else {
      throw CodecError(
        .data, "frames of \(movie.frameShape) do not fit the model's \(preprocessing.frameShape)",
        at: movie.name, remedy: "use the model trained on this recording")
    }
    return try WindowSeries(
      source: movie, history: preprocessing.history, mean: preprocessing.mean,
      standardDeviation: preprocessing.standardDeviation)
  }

  /// Rows of the output of cells given by id.
  /// - Throws: `CodecError` of kind usage listing the model's cells.
  public func units(ofCells ids: [Int]) throws -> [Int] {
    try ids.map { id in
      guard let unit = unitIDs.firstIndex(of: id) else {
        throw CodecError.unknown("cell", "\(id)", valid: unitIDs.map(String.init), at: network.name)
      }
      return unit
    }
  }
}
