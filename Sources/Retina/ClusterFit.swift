import Numerics

/// What clustering needs to know of one fitted network.
public struct ClusterFit: Sendable {
  /// The network's name in messages.
  public var name: String
  /// Ids of the cells.
  public var cells: [Int]
  /// The cells' rates, `[sample, cell]`, Hz: the model's, or the recorded ones where asked for.
  public var rates: Matrix
  /// The stimulus frame of each sample.
  public var frames: [Int]
  /// The decomposed layers, first to last.
  public var layers: [Layer]
  /// Where each cell's receptive field is; nil where it is not known.
  public var centres: [ReceptiveFieldCentre?]

  /// One layer's modes and contributions.
  public struct Layer: Sendable {
    /// The layer's name, such as "conv1".
    public var name: String
    /// Its decompositions: the one reported first, then other seeds of the autoencoder.
    public var decompositions: [Modes]
    /// Each cell's own contributions averaged over time, `[cell, channel]`; nil where they were not computed.
    public var contributions: (negative: Matrix, positive: Matrix)?

    /// A layer from its parts.
    public init(name: String, decompositions: [Modes], contributions: (negative: Matrix, positive: Matrix)?) {
      (self.name, self.decompositions, self.contributions) = (name, decompositions, contributions)
    }
  }

  /// The modes of one decomposition.
  public struct Modes: Sendable {
    /// Ids of the modes.
    public var ids: [Int]
    /// `[sample, mode]`.
    public var loadings: Matrix

    /// Modes from their parts.
    public init(ids: [Int], loadings: Matrix) { (self.ids, self.loadings) = (ids, loadings) }

    /// The modes on at each sample with their loadings.
    public var on: [[(mode: Int, loading: Double)]] {
      (0..<loadings.rows).map { sample in
        zip(ids, loadings.row(sample)).filter { $0.1 != 0 }.map { (mode: $0.0, loading: $0.1) }
      }
    }
  }

  /// A fit from its parts.
  public init(
    name: String, cells: [Int], rates: Matrix, frames: [Int], layers: [Layer],
    centres: [ReceptiveFieldCentre?]
  ) {
    (self.name, self.cells, self.rates, self.frames) = (name, cells, rates, frames)
    (self.layers, self.centres) = (layers, centres)
  }

  /// Each cell's own contributions to all layers as profiles; nil where they were not computed.
  func contributionProfiles() throws -> CellProfiles? {
    let layers = layers.compactMap(\.contributions)
    return layers.isEmpty ? nil : try CellProfiles(contributions: layers)
  }
}
