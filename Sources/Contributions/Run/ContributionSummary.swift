import Numerics

/// What a finished file holds, in few numbers, for people and programs.
public struct ContributionSummary: Codable, Sendable, Equatable {
  /// One layer's part.
  public struct Layer: Codable, Sendable, Equatable {
    /// The layer's name.
    public let name: String
    /// Number of channels.
    public let channels: Int
    /// Median over samples of |Σ C − (T(x) − T(x0))| / Σ|C|; `nil` where the layer is no full cut.
    public let medianGap: Double?
    /// The 95th percentile of the same.
    public let largeGap: Double?
  }

  /// Number of samples.
  public let samples: Int
  /// The target's spelling.
  public let target: String
  /// The layers in the file.
  public let layers: [Layer]
  /// Mean steps of a path; `nil` for fixed steps.
  public let meanSteps: Double?
  /// Samples whose gap did not close; `nil` for fixed steps.
  public let unconverged: Int?
}

extension ContributionFile {
  /// Reads the summary.
  public func summary() throws -> ContributionSummary {
    let layers = try layers.map { layer in
      let gaps = try relativeCompleteness(of: layer)?.map(abs)
      return ContributionSummary.Layer(
        name: layer, channels: try contributions(of: layer).negative.columns,
        medianGap: gaps.map { Statistics.median($0) }, largeGap: gaps.map { Statistics.quantile($0, 0.95) })
    }
    return ContributionSummary(
      samples: sampleCount, target: try targetName(), layers: layers,
      meanSteps: try steps().map { Statistics.mean($0.map(Double.init)) },
      unconverged: try converged()?.count { !$0 })
  }
}
