import Networks
import Numerics

/// Pieces of paths that share a batch.
private struct PathBatch {
  var runs: [RowRun] = []
  /// The sample of each row, `nil` for the shared baseline.
  var rows: [Int?] = []
  /// Place of each piece in the caller's list, and the row of each of its nodes.
  var pieces: [(index: Int, rowOfNode: [Int])] = []

  /// Adds a piece where it fits.
  /// - Parameters:
  ///   - sharesBaseline: whether a path's start is the same row for all samples.
  mutating func append(_ piece: PathPiece, index: Int, capacity: Int, sharesBaseline: Bool) -> Bool {
    let nodes = piece.quadrature.nodes
    let startsAtBaseline = sharesBaseline && nodes[0] == 0
    let hasBaseline = rows.first == .some(nil)
    let added = nodes.count - (startsAtBaseline && (hasBaseline || rows.isEmpty) ? 1 : 0)
    let isFirst = rows.isEmpty
    guard rows.count + added + (startsAtBaseline && isFirst ? 1 : 0) <= capacity else { return false }
    if startsAtBaseline && isFirst {
      runs.append(RowRun(sample: nil, along: [0]))
      rows.append(nil)
    }
    let shared = nodes.count - added
    let first = rows.count
    runs.append(RowRun(sample: piece.sample, along: Array(nodes.dropFirst(shared))))
    rows += Array(repeating: piece.sample, count: added)
    pieces.append((index, Array(repeating: 0, count: shared) + Array(first..<first + added)))
    return true
  }
}

/// What refinement needs to know of a piece of path, for each target.
struct PieceRecord {
  /// T at each node.
  var targetValues: [Double]
  /// Sum over units of each term, by watched tap.
  var termTotals: [[Double]]
}

extension ContributionPlan {
  /// Adds the path sums of some pieces to their samples' maps.
  ///
  /// Pieces are packed into batches in their order; a batch is run forward once and backward once a target, and
  /// leaves nothing behind but sums.
  func addPathSums(of pieces: [PathPiece], to block: inout ContributionBlock) throws {
    try forEachBatch(of: pieces, in: &block) { _, _, _ in }
  }

  /// As ``addPathSums(of:to:)``, and tells what became of every term.
  /// - Returns: a record for each piece and target.
  func addRecordedPathSums(of pieces: [PathPiece], to block: inout ContributionBlock) throws
    -> [[PieceRecord]]
  {
    var records = [[PieceRecord]](repeating: [], count: pieces.count)
    try forEachBatch(of: pieces, in: &block) { index, terms, values in
      let totals = watchedTaps.map { tap in
        plan.withValue(of: tap.name) { values in
          plan.withGradient(of: tap.name) { gradients in
            PathSums.totals(of: terms, units: tap.units, values: values, gradients: gradients)
          }
        }
      }
      records[index].append(PieceRecord(targetValues: values, termTotals: totals))
    }
    return records
  }

  /// - Parameters:
  ///   - visit: called for each target and piece, while the plan holds its rows, with the piece's place, its terms by
  ///     rows of the batch, and T at its nodes.
  private func forEachBatch(
    of pieces: [PathPiece], in block: inout ContributionBlock, visit: (Int, [PathTerm], [Double]) -> Void
  ) throws {
    var next = 0
    while next < pieces.count {
      var batch = PathBatch()
      while next < pieces.count,
        batch.append(
          pieces[next], index: next, capacity: plan.batch, sharesBaseline: block.sharesBaseline)
      { next += 1 }
      precondition(!batch.pieces.isEmpty, "a piece of path is longer than a batch")
      let output = try forward(batch.runs, of: block)
      for target in block.targets.indices {
        let values = try reverse(output, rows: batch.rows, target: block.targets[target])
        for (index, rowOfNode) in batch.pieces {
          let terms = pieces[index].quadrature.terms.map { $0.withRows(rowOfNode) }
          addSums(terms, sample: pieces[index].sample, maps: &block.targets[target].maps)
          visit(index, terms, rowOfNode.map { values[$0] })
        }
      }
    }
  }

  private func addSums(_ terms: [PathTerm], sample: Int, maps: inout [[Float]]) {
    for (index, tap) in watchedTaps.enumerated() {
      plan.withValue(of: tap.name) { values in
        plan.withGradient(of: tap.name) { gradients in
          PathSums.add(
            terms, units: tap.units, values: values, gradients: gradients, to: &maps[index],
            at: sample * tap.units)
        }
      }
    }
  }
}
