import Networks
import Numerics
import Runtime

extension ContributionJob {
  /// The least correlation of contributions in the arithmetic asked for with those in f32, over the signed channel sums
  /// of a layer.
  private static let leastAgreement = 0.95
  /// Samples compared: each takes a whole path in both arithmetics.
  private static let comparedSamples = 2

  /// Compares the first samples with f32 where another arithmetic is asked for.
  /// - Throws: `CodecError` of kind `data` naming the layer where they disagree.
  func checkPrecision() throws {
    guard options.precision != .f32, !samples.isEmpty else { return }
    let compared = Array(samples.prefix(Self.comparedSamples))
    let first = SampleBlock.blocks(of: input.series, samples: compared)[0]
    let team = try WorkerTeam(count: min(options.threads, 2)) { _ in }
    let layers = try team.map(0..<2) { [self] _, index in
      var job = self
      if index == 0 { job.options.precision = .f32 }
      return try ContributionWorker(job, method: options.method).rows(of: first).layers
    }
    let (expected, found) = (layers[0], layers[1])
    for (index, tap) in taps.enumerated() {
      let agreement = Self.agreement(found[index].contributions, expected[index].contributions)
      guard agreement >= Self.leastAgreement else {
        throw CodecError(
          .data,
          "contributions of layer \(tap.name) in \(options.precision.rawValue) agree too little with those in f32: "
            + "their correlation over the first \(first.samples.count) samples is \(agreement), at least "
            + "\(Self.leastAgreement) is asked for", at: input.model.network.name,
          remedy: "leave --precision out, for f32")
      }
    }
  }

  /// The cosine between two layers' signed channel sums; 1 where both are 0.
  private static func agreement(_ a: LayerRows.Sums, _ b: LayerRows.Sums) -> Double {
    func product(_ a: LayerRows.Sums, _ b: LayerRows.Sums) -> Double {
      var sum = 0.0
      for (x, y) in zip(a.negative, b.negative) { sum += Double(x) * Double(y) }
      for (x, y) in zip(a.positive, b.positive) { sum += Double(x) * Double(y) }
      return sum
    }
    let size = (product(a, a) * product(b, b)).squareRoot()
    return size > 0 ? product(a, b) / size : product(a, a) == product(b, b) ? 1 : 0
  }
}
