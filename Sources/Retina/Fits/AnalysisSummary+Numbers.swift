/// A number that an analysis reports, by name.
struct ReportedNumber: Sendable, Equatable {
  /// Such as "conv1: R² of modes".
  let name: String
  /// Nil where the analysis has none.
  let value: Double?
}

extension AnalysisSummary {
  /// Every number reported, but for those of single cells.
  var numbers: [ReportedNumber] {
    func number(_ name: String, _ value: Double?) -> ReportedNumber {
      ReportedNumber(name: name, value: value)
    }
    var numbers = [number("mean test correlation", meanTestCorrelation), number("frames", Double(frames))]
    for layer in contributions.layers {
      numbers += [
        number("\(layer.name): completeness gap, median", layer.medianGap),
        number("\(layer.name): completeness gap, 95th percentile", layer.largeGap),
      ]
    }
    numbers += [
      number("frames beyond the path's tolerance", contributions.unconverged.map(Double.init)),
      number("steps of a path", contributions.meanSteps),
      number("rank of the rates' covariance", statistics.map { Double($0.rank) }),
      number("condition number of the rates' covariance", statistics?.conditionNumber),
      number("shrinkage of the rates' covariance", statistics?.shrinkage),
    ]
    for layer in modes {
      numbers += [
        number("\(layer.layer): modes", Double(layer.alive)),
        number("\(layer.layer): modes never on", Double(layer.dead)),
        number("\(layer.layer): modes on per frame", layer.onPerFrame),
        number("\(layer.layer): R² of modes", layer.r2),
        number("\(layer.layer): R² of modes, held out", layer.heldOutR2),
      ]
    }
    numbers += clusters.numbers
    numbers.append(number("agreement with the simulation's true types", trueTypeAgreement))
    return numbers.filter { $0.value != nil }
  }
}

extension ClusterSummary {
  fileprivate var numbers: [ReportedNumber] {
    let parts = (contributions.map { [$0] } ?? []) + layers
    var numbers = parts.flatMap { part in
      let name =
        part.name == "contributions" ? "clusters by contributions" : "clusters by modes of \(part.name)"
      return [
        ReportedNumber(
          name: "\(name): number by silhouette", value: part.clusters > 0 ? Double(part.clusters) : nil),
        ReportedNumber(name: "\(name): silhouette", value: part.silhouette),
        ReportedNumber(name: "\(name): chance of a single type", value: part.chance),
        ReportedNumber(name: "\(name): correlation with place", value: part.locationConfound),
        ReportedNumber(name: "\(name): agreement over seeds", value: part.seedAgreement),
      ]
        + zip(part.tried, part.silhouettes).map {
          ReportedNumber(name: "\(name): silhouette of \($0)", value: $1)
        }
    }
    numbers.append(ReportedNumber(name: "agreement of the layers' clusters", value: layerAgreement))
    return numbers
  }
}
