import Networks
import Numerics

/// A piece of one sample's path and the sum along it.
struct PathPiece {
  /// Place of the sample in its block.
  let sample: Int
  let quadrature: PathQuadrature
}

/// What refinement needs to know of a piece of path, for each target.
struct PieceRecord {
  /// T at each node.
  var targetValues: [Double]
  /// Sum over units of each term, by watched tap.
  var termTotals: [[Double]]
}

/// A point of a piece of path.
private struct PathPoint: Hashable {
  /// Place of the piece in the caller's list.
  var piece: Int
  var node: Int

  /// The start that all samples' paths share.
  static let baseline = PathPoint(piece: -1, node: 0)
}

/// Passes points of paths through a plan in full batches, and adds up the sums along the paths.
///
/// The points of a piece are passed from its end to its start, so that a sample's output is known before any of its
/// gradients is asked for. A term is added in the batch that passes the last of its points. Points that later terms
/// read are held: the start that all samples share, and points of the piece that a batch's end cuts.
struct PathPasses {
  private let plan: ContributionPlan
  private let sharesBaseline: Bool
  /// What each place of `storage` holds.
  private var held: [PathPoint?] = []
  /// By target and watched tap.
  private var storage: [[HeldPathPoints]]
  /// T at the shared baseline, by target.
  private var baselineValues: [Double]

  init(on plan: ContributionPlan, of block: ContributionBlock) {
    (self.plan, sharesBaseline) = (plan, block.sharesBaseline)
    baselineValues = block.targets.map { _ in 0 }
    storage = block.targets.map { _ in plan.watchedTaps.map { _ in HeldPathPoints() } }
  }

  /// Adds the sums of some pieces to their samples' maps. Samples whose ends are passed for the first time are settled.
  mutating func addSums(of pieces: [PathPiece], to block: inout ContributionBlock) throws {
    try forEachBatch(of: pieces, in: &block) { _, _, _ in }
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
    try forEachBatch(of: pieces, in: &block) { passes, batch, target in
      for (row, point) in batch.points.enumerated() where point != .baseline {
        records[point.piece][target].targetValues[point.node] = batch.targetValues[row]
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
    for (index, piece) in pieces.enumerated() where startsAtBaseline(piece) {
      for target in block.targets.indices { records[index][target].targetValues[0] = baselineValues[target] }
    }
    return records
  }
}

/// One batch of points and the terms it completes.
private struct PathBatch {
  /// The terms of one piece, by rows: of the batch, and behind them held ones.
  struct Part {
    let piece: Int
    let terms: [(index: Int, term: PathTerm)]
  }

  let points: [PathPoint]
  var parts: [Part] = []
  /// T at each point, of the target last pulled back.
  var targetValues: [Double] = []
}

extension PathPasses {
  private func startsAtBaseline(_ piece: PathPiece) -> Bool {
    sharesBaseline && piece.quadrature.nodes[0] == 0
  }

  /// The point at a node of a piece.
  private func point(_ node: Int, of index: Int, _ piece: PathPiece) -> PathPoint {
    node == 0 && startsAtBaseline(piece) ? .baseline : PathPoint(piece: index, node: node)
  }

  /// The node whose passing completes a term: points go from high to low, the shared start has been passed before.
  private func last(of term: PathTerm, _ piece: PathPiece) -> Int {
    let low = min(term.valueRows.low, term.gradientRows.low)
    return low == 0 && startsAtBaseline(piece) ? 1 : low
  }

  /// - Parameters:
  ///   - visit: called for each batch and target while the plan holds the batch's rows.
  private mutating func forEachBatch(
    of pieces: [PathPiece], in block: inout ContributionBlock,
    visit: (borrowing PathPasses, PathBatch, _ target: Int) -> Void
  ) throws {
    var points = ArraySlice(
      pieces.enumerated().flatMap { index, piece in
        piece.quadrature.nodes.indices.reversed().map { point($0, of: index, piece) }
      }.filter { $0 != .baseline })
    while !points.isEmpty {
      let lacksBaseline = !held.contains(.baseline) && pieces.contains(where: startsAtBaseline)
      let chosen = points.prefix(plan.plan.batch - (lacksBaseline ? 1 : 0))
      points = points.dropFirst(chosen.count)
      try pass((lacksBaseline ? [.baseline] : []) + Array(chosen), of: pieces, in: &block, visit: visit)
    }
  }

  private mutating func pass(
    _ points: [PathPoint], of pieces: [PathPiece], in block: inout ContributionBlock,
    visit: (borrowing PathPasses, PathBatch, _ target: Int) -> Void
  ) throws {
    var batch = PathBatch(points: points)
    let places = Dictionary(
      uniqueKeysWithValues: points.enumerated().map { ($1, $0) }
        + held.enumerated().compactMap { place, point in point.map { ($0, points.count + place) } })
    batch.parts = parts(points, of: pieces, places)
    let output = try plan.forward(runs(points, of: pieces), of: block)
    let ends = newEnds(points, of: pieces, in: block)
    try plan.settle(ends, output: output, in: &block)
    let kept = placesAfter(points, of: pieces)
    for target in block.targets.indices {
      batch.targetValues = try plan.reverse(
        output, rows: points.map { $0 == .baseline ? nil : pieces[$0.piece].sample },
        target: block.targets[target])
      if points[0] == .baseline { baselineValues[target] = batch.targetValues[0] }
      if block.includesGradients { try plan.keepGradients(of: ends, target: target, in: &block) }
      for part in batch.parts {
        add(
          part.terms.map(\.term), target: target, sample: pieces[part.piece].sample,
          to: &block.targets[target].maps)
      }
      visit(self, batch, target)
      for (place, point) in kept.enumerated() {
        guard let point, !held.contains(point) else { continue }
        hold(row: places[point]!, at: place, target: target)
      }
    }
    held = kept
  }
}

extension PathPasses {
  /// The terms that a batch completes, piece by piece.
  private func parts(_ points: [PathPoint], of pieces: [PathPiece], _ places: [PathPoint: Int])
    -> [PathBatch.Part]
  {
    nodes(points).map { index, nodes in
      let piece = pieces[index]
      let terms = piece.quadrature.terms.enumerated().filter { nodes.contains(last(of: $1, piece)) }
      let rows = piece.quadrature.nodes.indices.map { places[point($0, of: index, piece)] ?? -1 }
      return PathBatch.Part(piece: index, terms: terms.map { ($0.offset, $0.element.withRows(rows)) })
    }
  }

  /// The nodes of each piece among some points, in their order.
  private func nodes(_ points: [PathPoint]) -> [(piece: Int, nodes: ClosedRange<Int>)] {
    var found: [(piece: Int, nodes: ClosedRange<Int>)] = []
    for point in points where point != .baseline {
      if let last = found.last, last.piece == point.piece {
        found[found.count - 1].nodes = point.node...last.nodes.upperBound
      } else {
        found.append((point.piece, point.node...point.node))
      }
    }
    return found
  }

  private func runs(_ points: [PathPoint], of pieces: [PathPiece]) -> [RowRun] {
    let baseline = points[0] == .baseline ? [RowRun(sample: nil, along: [0])] : []
    return baseline
      + nodes(points).map { index, nodes in
        RowRun(
          sample: pieces[index].sample, along: nodes.reversed().map { pieces[index].quadrature.nodes[$0] })
      }
  }

  /// Rows in which samples are run themselves for the first time.
  private func newEnds(_ points: [PathPoint], of pieces: [PathPiece], in block: ContributionBlock)
    -> [SampleRow]
  {
    points.enumerated().compactMap { row, point in
      guard point != .baseline else { return nil }
      let piece = pieces[point.piece]
      guard piece.quadrature.nodes[point.node] == 1, !block.isSettled[piece.sample] else { return nil }
      return SampleRow(row: row, sample: piece.sample)
    }
  }

  /// What is held after a batch: each point stays where it is, new ones take free places.
  private func placesAfter(_ points: [PathPoint], of pieces: [PathPiece]) -> [PathPoint?] {
    var wanted: Set<PathPoint> = []
    if held.contains(.baseline) || points[0] == .baseline { wanted.insert(.baseline) }
    if let (index, nodes) = nodes(points).last {
      let piece = pieces[index]
      for term in piece.quadrature.terms where last(of: term, piece) < nodes.lowerBound {
        let read = [term.valueRows.low, term.valueRows.high, term.gradientRows.low, term.gradientRows.high]
        wanted.formUnion(read.filter { $0 >= nodes.lowerBound }.map { point($0, of: index, piece) })
      }
    }
    var kept = held.map { point in point.flatMap { wanted.remove($0) } }
    for point in wanted.sorted(by: { ($0.piece, $0.node) < ($1.piece, $1.node) }) {
      if let free = kept.firstIndex(of: nil) { kept[free] = point } else { kept.append(point) }
    }
    return kept
  }

  private mutating func hold(row: Int, at place: Int, target: Int) {
    for (index, tap) in plan.watchedTaps.enumerated() {
      plan.plan.withValue(of: tap.name) { values in
        plan.plan.withGradient(of: tap.name) { gradients in
          storage[target][index].hold(
            row: row, at: place, units: tap.units, values: values, gradients: gradients)
        }
      }
    }
  }

  private func add(_ terms: [PathTerm], target: Int, sample: Int, to maps: inout [[Float]]) {
    for (index, tap) in plan.watchedTaps.enumerated() {
      plan.plan.withValue(of: tap.name) { values in
        plan.plan.withGradient(of: tap.name) { gradients in
          PathSums.add(
            terms, units: tap.units, values: values, gradients: gradients, held: storage[target][index],
            to: &maps[index], at: sample * tap.units)
        }
      }
    }
  }

  private func totals(_ terms: [PathTerm], target: Int, tap index: Int) -> [Double] {
    let tap = plan.watchedTaps[index]
    return plan.plan.withValue(of: tap.name) { values in
      plan.plan.withGradient(of: tap.name) { gradients in
        PathSums.totals(
          of: terms, units: tap.units, values: values, gradients: gradients, held: storage[target][index])
      }
    }
  }
}
