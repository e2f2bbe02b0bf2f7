import Networks
import Numerics
import Runtime

extension ContributionJob {
  /// The least correlation of contributions in the arithmetic asked for with those in f32, over the signed channel sums
  /// of a layer.
  private static let leastAgreement = 0.95
  /// Samples compared, by paths of a few steps. Of fewer, the gradient at x0 weighs much: there, many rectifiers are near
  /// their corners in any arithmetic.
  private static let comparedSamples = 2
  private static let comparedSteps = 4

  /// Compares the first samples with f32 where another arithmetic is asked for.
  /// - Throws: `CodecError` of kind `data` naming the layer where they disagree.
  func checkPrecision() throws {
    guard options.precision != .f32, !samples.isEmpty else { return }
    let compared = Array(samples.prefix(Self.comparedSamples))
    let team = try WorkerTeam(count: min(options.threads, compared.count)) { _ in }
    let layers = try team.map(compared.indices) { [self] _, index in
      try ([.f32, options.precision] as [Precision]).map { try rows(ofSample: compared[index], $0) }
    }
    for (index, tap) in taps.enumerated() {
      let agreement = Self.agreement(
        layers.map { $0[1][index].contributions }, layers.map { $0[0][index].contributions })
      guard agreement >= Self.leastAgreement else {
        throw CodecError(
          .data,
          "contributions of layer \(tap.name) in \(options.precision.rawValue) agree too little with those in f32: "
            + "their correlation over the first \(compared.count) samples is \(agreement), at least "
            + "\(Self.leastAgreement) is asked for", at: input.model.network.name,
          remedy: "leave --precision out, for f32")
      }
    }
  }

  /// A sample's layers in some arithmetic, by a short path.
  private func rows(ofSample sample: Int, _ precision: Precision) throws -> [LayerRows] {
    var job = self
    job.options.precision = precision
    let method = options.method.shortened(to: Self.comparedSteps)
    let block = SampleBlock.blocks(of: input.series, samples: [sample])[0]
    return try ContributionWorker(job, method: method, samplesAtATime: 1).rows(of: block).layers
  }

  /// The cosine between some samples' signed channel sums; 1 where all are 0.
  private static func agreement(_ a: [LayerRows.Sums], _ b: [LayerRows.Sums]) -> Double {
    func product(_ a: [LayerRows.Sums], _ b: [LayerRows.Sums]) -> Double {
      var sum = 0.0
      for (x, y) in zip(a.flatMap(\.negative), b.flatMap(\.negative)) { sum += Double(x) * Double(y) }
      for (x, y) in zip(a.flatMap(\.positive), b.flatMap(\.positive)) { sum += Double(x) * Double(y) }
      return sum
    }
    let size = (product(a, a) * product(b, b)).squareRoot()
    return size > 0 ? product(a, b) / size : product(a, a) == product(b, b) ? 1 : 0
  }
}
