import Networks
import Numerics

/// What refinement needs to know of a piece of path, for each target.
struct PieceRecord {
  /// T at each node.
  var targetValues: [Double]
  /// Sum over units of each term, by watched tap.
  var termTotals: [[Double]]
}

/// Passes points of paths through a plan and adds up the sums along them.
///
/// A batch is run forward once and backward once a target, and leaves nothing behind but sums and the points that later
/// batches read.
struct PathPasses {
  private let plan: ContributionPlan
  private let sharesBaseline: Bool
  /// What each place of `storage` holds.
  private var held: [PathPoint?] = []
  /// By target and watched tap.
  private var storage: [[HeldPathPoints]]
  /// T at the shared start, by target.
  private var baselineValues: [Double]

  init(on plan: ContributionPlan, of block: ContributionBlock) {
    (self.plan, sharesBaseline) = (plan, block.sharesBaseline)
    baselineValues = block.targets.map { _ in 0 }
    storage = block.targets.map { _ in plan.watchedTaps.map { _ in HeldPathPoints() } }
  }

  /// Adds the sums of some pieces to their samples' maps. Samples whose ends are passed for the first time are settled.
  mutating func addSums(of pieces: [PathPiece], to block: inout ContributionBlock) throws {
    try pass(pieces, in: &block) { _, _, _, _ in }
  }

  /// As ``addSums(of:to:)``, and tells what became of every term.
  /// - Returns: a record for each piece and target.
  mutating func addRecordedSums(of pieces: [PathPiece], to block: inout ContributionBlock) throws
    -> [[PieceRecord]]
  {
    let taps = plan.watchedTaps
    var records = pieces.map { piece in
      [PieceRecord](
        repeating: PieceRecord(
          targetValues: piece.quadrature.nodes.map { _ in 0 },
          termTotals: taps.map { _ in piece.quadrature.terms.map { _ in 0 } }), count: block.targets.count)
    }
    try pass(pieces, in: &block) { passes, batch, target, values in
      for (point, value) in zip(batch.points, values) where point != .baseline {
        records[point.piece][target].targetValues[point.node] = value
      }
      for part in batch.parts {
        for tap in taps.indices {
          let totals = passes.totals(part.terms.map(\.term), target: target, tap: tap)
          for (place, total) in zip(part.terms.map(\.index), totals) {
            records[part.piece][target].termTotals[tap][place] = total
          }
        }
      }
    }
    for (index, piece) in pieces.enumerated() where sharesBaseline && piece.quadrature.nodes[0] == 0 {
      for target in block.targets.indices { records[index][target].targetValues[0] = baselineValues[target] }
    }
    return records
  }

  /// - Parameters:
  ///   - visit: called for each batch and target while the plan holds the batch's rows, with T of each.
  private mutating func pass(
    _ pieces: [PathPiece], in block: inout ContributionBlock,
    visit: (borrowing PathPasses, PathBatch, _ target: Int, _ values: [Double]) -> Void
  ) throws {
    var schedule = PathSchedule(
      pieces, sharesBaseline: sharesBaseline, capacity: plan.plan.batch, held: held)
    while let batch = schedule.next() {
      let output = try plan.forward(runs(of: batch, schedule), of: block)
      let ends = newEnds(batch, of: pieces, in: block)
      try plan.settle(ends, output: output, in: &block)
      let samples = batch.points.map { $0 == .baseline ? nil : pieces[$0.piece].sample }
      for target in block.targets.indices {
        let values = try plan.reverse(output, rows: samples, target: block.targets[target])
        if batch.points[0] == .baseline { baselineValues[target] = values[0] }
        if block.includesGradients { try plan.keepGradients(of: ends, target: target, in: &block) }
        add(batch, of: pieces, target: target, to: &block.targets[target].maps)
        visit(self, batch, target, values)
        for (row, place) in batch.holds { hold(row: row, at: place, target: target) }
      }
    }
    held = schedule.held
  }

  private func runs(of batch: PathBatch, _ schedule: PathSchedule) -> [RowRun] {
    let baseline = batch.points[0] == .baseline ? [RowRun(sample: nil, along: [0])] : []
    return baseline
      + schedule.nodes(batch.points).map { index, nodes in
        let piece = schedule.pieces[index]
        return RowRun(sample: piece.sample, along: nodes.reversed().map { piece.quadrature.nodes[$0] })
      }
  }

  /// Rows in which samples are run themselves for the first time.
  private func newEnds(_ batch: PathBatch, of pieces: [PathPiece], in block: ContributionBlock) -> [SampleRow]
  {
    batch.points.enumerated().compactMap { row, point in
      guard point != .baseline else { return nil }
      let piece = pieces[point.piece]
      guard piece.quadrature.nodes[point.node] == 1, !block.isSettled[piece.sample] else { return nil }
      return SampleRow(row: row, sample: piece.sample)
    }
  }

  private func add(_ batch: PathBatch, of pieces: [PathPiece], target: Int, to maps: inout [[Float]]) {
    for (index, tap) in plan.watchedTaps.enumerated() {
      withRows(of: tap) { values, gradients in
        for part in batch.parts {
          PathSums.add(
            part.terms.map(\.term), units: tap.units, values: values, gradients: gradients,
            held: storage[target][index], to: &maps[index], at: pieces[part.piece].sample * tap.units)
        }
      }
    }
  }

  private func totals(_ terms: [PathTerm], target: Int, tap index: Int) -> [Double] {
    let tap = plan.watchedTaps[index]
    return withRows(of: tap) { values, gradients in
      PathSums.totals(
        of: terms, units: tap.units, values: values, gradients: gradients, held: storage[target][index])
    }
  }

  private mutating func hold(row: Int, at place: Int, target: Int) {
    for (index, tap) in plan.watchedTaps.enumerated() {
      withRows(of: tap) { values, gradients in
        storage[target][index].hold(
          row: row, at: place, units: tap.units, values: values, gradients: gradients)
      }
    }
  }

  /// Lends a tap's values and gradients of the last passes.
  private func withRows<Result>(of tap: Tap, _ body: (Span<Float>, Span<Float>) -> Result) -> Result {
    plan.plan.withValue(of: tap.name) { values in
      plan.plan.withGradient(of: tap.name) { gradients in body(values, gradients) }
    }
  }
}
