import Networks
import Numerics
import Runtime

/// Neighbouring rows of a batch: points of one sample's path.
struct RowRun: Equatable {
  /// Place of the sample in its block; `nil` for the baseline, shared by all.
  var sample: Int?
  /// α of each row.
  var along: [Double]
}

/// A row of a batch in which a sample itself is run.
struct SampleRow {
  let row: Int
  /// Place in its block.
  let sample: Int
}

/// The passes algorithms are made of.
extension ContributionPlan {
  /// Runs points of straight paths from the baseline forward.
  /// - Returns: the outputs, `[row, unit]`.
  func forward(_ runs: [RowRun], of block: ContributionBlock) throws -> Tensor {
    let output = try plan.forward(samples: runs.reduce(0) { $0 + $1.along.count }) { rows in
      var row = 0
      for run in runs {
        PathSums.writePoints(
          along: run.along, from: baseline, ends: run.sample == nil ? baseline : block.inputs,
          endOffset: (run.sample ?? 0) * baseline.count, into: &rows, row: row)
        row += run.along.count
      }
    }
    try checkFinite(output, rows: runs.flatMap { run in run.along.map { _ in run.sample } }, of: block)
    return output
  }

  /// Evaluates one target at every row and pulls its gradient back to the taps.
  /// - Parameters:
  ///   - output: of the last forward pass.
  ///   - rows: the sample of each row, `nil` for the baseline.
  /// - Returns: T of each row.
  @discardableResult
  func reverse(_ output: Tensor, rows: [Int?], target: TargetBlock) throws -> [Double] {
    let units = output.rowCount
    var gradient = Tensor(shape: output.shape, repeating: 0)
    var values: [Double] = []
    values.reserveCapacity(rows.count)
    var slope = [Double](repeating: 0, count: units)
    for (row, sample) in rows.enumerated() {
      let settled = sample.map { target.settled[$0] } ?? target.target
      values.append(settled.evaluate(output.row(row).map(Double.init), gradient: &slope))
      for unit in 0..<units { gradient.elements[row * units + unit] = Float(slope[unit]) }
    }
    try plan.reverse(gradient)
    return values
  }

  /// Runs the samples themselves: their outputs and activations, the targets' values and, where wanted, gradients.
  func runEndpoints(of block: inout ContributionBlock) throws {
    let samples = Array(0..<block.count)
    let ends = samples.map { SampleRow(row: $0, sample: $0) }
    let output = try forward(samples.map { RowRun(sample: $0, along: [1]) }, of: block)
    try settle(ends, output: output, in: &block)
    guard block.includesGradients else { return }
    for index in block.targets.indices {
      try reverse(output, rows: samples, target: block.targets[index])
      try keepGradients(of: ends, target: index, in: &block)
    }
  }

  /// Keeps outputs and activations of samples that the last forward pass ran, and settles their targets.
  func settle(_ ends: [SampleRow], output: Tensor, in block: inout ContributionBlock) throws {
    for (row, sample) in ends.map({ ($0.row, $0.sample) }) {
      for (unit, value) in output.row(row).enumerated() { block.output[sample, unit] = Double(value) }
      for (index, tap) in watchedTaps.enumerated() {
        plan.withValue(of: tap.name) {
          block.activations[index].replace(
            sample, by: $0, row: row, layout: plan.layout(of: tap.name, tap.layout))
        }
      }
      let output = Array(block.output.row(sample))
      for index in block.targets.indices {
        let settled = try block.targets[index].target.settled(at: output, label: block.labels?[sample])
        block.targets[index].settled[sample] = settled
        block.targets[index].values[sample] = settled.value(output)
        block.targets[index].baselineValues[sample] = settled.value(baselineOutput)
      }
      block.isSettled[sample] = true
    }
    try checkFinite(block.activations, "activation", of: block)
  }

  /// Keeps the gradients at samples that the last passes ran.
  func keepGradients(of ends: [SampleRow], target: Int, in block: inout ContributionBlock) throws {
    for (index, tap) in watchedTaps.enumerated() {
      plan.withGradient(of: tap.name) { gradients in
        for end in ends {
          block.targets[target].gradients[index].replace(
            end.sample, by: gradients, row: end.row, layout: plan.layout(of: tap.name, tap.layout))
        }
      }
    }
    try checkFinite(block.targets[target].gradients, "gradient", of: block)
  }

  /// Pulls a target's gradient at the samples back; their forward pass was the last.
  func reverseEndpoints(of block: ContributionBlock, target: Int) throws {
    let output = Tensor(
      shape: [block.count] + network.outputShape, elements: block.output.elements.map { Float($0) })
    try reverse(output, rows: Array(0..<block.count), target: block.targets[target])
  }

  /// Pushes x − x0 forward from the rows of the last forward pass.
  /// - Parameters:
  ///   - rows: the sample of each row.
  func runTangents(of rows: [Int], of block: ContributionBlock) throws {
    let units = baseline.count
    var direction = Tensor(shape: [rows.count] + network.inputShape, repeating: 0)
    for (row, sample) in rows.enumerated() {
      for unit in 0..<units {
        direction.elements[row * units + unit] = block.inputs[sample * units + unit] - baseline[unit]
      }
    }
    try plan.tangent(direction)
  }

  /// Adds Σ over the rows of the last passes of weight · tangent · gradient to one sample's maps.
  func addTangentProducts(weights: [Float], sample: Int, target: Int, to block: inout ContributionBlock) {
    for (index, tap) in watchedTaps.enumerated() {
      plan.withTangent(of: tap.name) { tangents in
        plan.withGradient(of: tap.name) { gradients in
          PathSums.addProducts(
            rows: 0..<weights.count, weights: weights, units: tap.units, tangents, minus: nil, gradients,
            to: &block.targets[target].maps[index], at: sample * tap.units)
        }
      }
    }
  }

  /// Adds weight · (a − origin) · gradient of each tap to the samples' maps, where row i belongs to sample i.
  /// - Parameters:
  ///   - weights: one a sample for each tap.
  ///   - lend: lends the rows of a.
  func addProducts(
    to block: inout ContributionBlock, target: Int, weights: (Tap) -> [Float],
    origin: (Tap) throws -> [Float]?,
    lend: (Tap, (Span<Float>) -> Void) -> Void
  ) throws {
    for (index, tap) in watchedTaps.enumerated() {
      let (weights, origin) = (weights(tap), try origin(tap))
      lend(tap) { values in
        plan.withGradient(of: tap.name) { gradients in
          for sample in 0..<block.count {
            PathSums.addProducts(
              rows: sample..<sample + 1, weights: [weights[sample]], units: tap.units, values, minus: origin,
              gradients, to: &block.targets[target].maps[index], at: sample * tap.units)
          }
        }
      }
    }
  }
}

extension ContributionPlan {
  func checkFinite(_ output: Tensor, rows: [Int?], of block: ContributionBlock) throws {
    guard let bad = output.elements.firstIndex(where: { !$0.isFinite }) else { return }
    let sample = rows[bad / output.rowCount]
    throw nonFinite("output", sample: sample, of: block)
  }

  fileprivate func checkFinite(_ sums: [ChannelSums], _ role: String, of block: ContributionBlock) throws {
    for (tap, sums) in zip(watchedTaps, sums) {
      if let sample = sums.firstNonFiniteSample {
        throw nonFinite("\(role) of layer \(tap.name)", sample: sample, of: block)
      }
    }
  }

  private func nonFinite(_ what: String, sample: Int?, of block: ContributionBlock) -> CodecError {
    CodecError(
      .data, "the \(what) is not a finite number",
      at: sample.map { sampleName(block.samples[$0]) } ?? "the baseline of \(network.name)",
      remedy: "look for NaN, infinite or huge numbers in the stimulus and in the model's weights")
  }
}

extension ContributionBlock {
  /// Sums of the contributions to one target by sign, for the plan's taps.
  /// - Throws: `CodecError` of kind `data` naming layer and sample where one is not finite.
  public func sums(ofTarget target: Int = 0, on plan: ContributionPlan) throws -> [ChannelSums] {
    let sums = zip(plan.taps, targets[target].maps).map { tap, map in
      ChannelSums(map.span, samples: count, layout: tap.layout)
    }
    try plan.checkFinite(sums, "contributions", of: self)
    return sums
  }

  /// Σ C − (T(x) − T(x0)) of each sample; `nil` for taps that are no full cut.
  public func completeness(ofTarget target: Int = 0, sums: [ChannelSums], on plan: ContributionPlan)
    -> [[Double]?]
  {
    zip(plan.taps, sums).map { tap, sums in
      guard tap.isFullCut else { return nil }
      return sums.totals.enumerated().map { $1 - targets[target].change(ofSample: $0) }
    }
  }
}
