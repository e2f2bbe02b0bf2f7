import Numerics
import Runtime

/// Everything clustering can say about a population of cells: by modes and by contributions, for every number
/// of clusters, with what each result is worth.
public struct ClusterReport: Sendable {
  /// Ids of the cells.
  public let cells: [Int]
  /// Where each cell's receptive field is; nil where it is not known.
  public let centres: [ReceptiveFieldCentre?]
  /// Clusters by modes, one for each layer.
  public let layers: [Layer]
  /// Clusters by each cell's own contributions; nil where these were not computed.
  public let contributions: Part?
  /// Agreement of the layers' labels; nil for one layer.
  public let layerAgreement: ClusterAgreement?
  /// How many networks were fitted.
  public let fitCount: Int

  /// Cells clustered by one kind of profile.
  public struct Part: Sendable {
    /// The clusters of the first fit.
    public let clustering: CellClustering
    /// Whether they follow where receptive fields are; nil where places are not known or too few.
    public let confound: LocationConfound?
    /// What independently fitted networks say together; nil for one.
    public let consensus: ClusterConsensus?
  }

  /// One layer's clusters by modes.
  public struct Layer: Sendable {
    /// The layer's name.
    public let name: String
    /// Ids of the modes.
    public let modeIDs: [Int]
    /// The cell × mode matrix.
    public let correlation: CellModeCorrelation
    /// The clusters.
    public let part: Part
    /// Agreement over seeds of the autoencoder; nil for one.
    public let seedAgreement: ClusterAgreement?
    /// Which modes drive which cell when.
    public let combinations: ModeCombinations
    /// Two moments of a cell that single modes tell apart; nil where there are none.
    public let example: ExampleModes?
  }

  /// Clusters the cells of one network, fitted once or several times.
  /// - Parameters:
  ///   - fits: the same cells in the same order; the first is reported, the others tell how stable it is.
  /// - Throws: `CodecError` of kind data where the fits have different cells or numbers are not finite.
  public init(_ fits: [ClusterFit], options: CellClustering.Options = .init()) throws {
    let fit = fits[0]
    for other in fits.dropFirst() where other.cells != fit.cells {
      throw CodecError(
        .data, "\(other.name) has cells \(other.cells), \(fit.name) has \(fit.cells)", at: "clusters",
        remedy: "give networks fitted to the same recording")
    }
    (cells, centres, fitCount) = (fit.cells, fit.centres, fits.count)
    layers = try fit.layers.indices.map { try Self.layer($0, of: fits, options) }
    contributions = try fit.contributionProfiles().map { profiles in
      try Self.part(
        "contributions", profiles, others: fits.dropFirst().compactMap { try $0.contributionProfiles() }, fit,
        options)
    }
    layerAgreement = ClusterAgreement(layers.map(\.part.clustering))
  }

  private static func layer(
    _ index: Int, of fits: [ClusterFit], _ options: CellClustering.Options
  ) throws -> Layer {
    let (fit, layer) = (fits[0], fits[0].layers[index])
    let modes = layer.decompositions[0]
    let correlation = CellModeCorrelation(rates: fit.rates, loadings: modes.loadings)
    func profiles(_ fit: ClusterFit, _ modes: ClusterFit.Modes) -> CellProfiles {
      CellProfiles(CellModeCorrelation(rates: fit.rates, loadings: modes.loadings))
    }
    let part = try part(
      layer.name, CellProfiles(correlation),
      others: fits.dropFirst().filter { $0.layers.indices.contains(index) }.map {
        profiles($0, $0.layers[index].decompositions[0])
      }, fit, options)
    let seeds = try layer.decompositions.dropFirst().map {
      try CellClustering(profiles(fit, $0), options: options.withoutNulls)
    }
    let on = modes.on
    let rates = (0..<fit.rates.rows).map { Array(fit.rates.row($0)) }
    return Layer(
      name: layer.name, modeIDs: modes.ids, correlation: correlation, part: part,
      seedAgreement: ClusterAgreement([part.clustering] + seeds),
      combinations: ModeCombinations(loadings: on, rates: rates, cells: fit.cells, frames: fit.frames),
      example: example(fit, on))
  }

  private static func part(
    _ name: String, _ profiles: CellProfiles, others: [CellProfiles], _ fit: ClusterFit,
    _ options: CellClustering.Options
  ) throws -> Part {
    let clustering = try CellClustering(profiles, options: options)
    let fits = try others.map { try CellClustering($0, options: options.withoutNulls).partitions }
    return Part(
      clustering: clustering,
      confound: LocationConfound(profiles, centres: fit.centres, seed: options.seed),
      consensus: ClusterConsensus(name: name, partitions: [clustering.partitions] + fits, seed: options.seed))
  }

  /// The first cell, by its highest rate, with two moments that modes tell apart.
  private static func example(_ fit: ClusterFit, _ on: [[(mode: Int, loading: Double)]]) -> ExampleModes? {
    let rates = fit.cells.indices.map { fit.rates.column($0) }
    let order = fit.cells.indices.sorted { (rates[$0].max() ?? 0) > (rates[$1].max() ?? 0) }
    for cell in order {
      if let example = ExampleModes(
        cell: fit.cells[cell], loadings: on, rates: rates[cell], frames: fit.frames)
      {
        return example
      }
    }
    return nil
  }
}

extension CellClustering.Options {
  /// The same without drawing from nulls.
  var withoutNulls: Self {
    var options = self
    options.draws = 0
    return options
  }
}
