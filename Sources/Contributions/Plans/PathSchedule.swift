import Numerics

/// A piece of one sample's path and the sum along it.
struct PathPiece {
  /// Place of the sample in its block.
  let sample: Int
  let quadrature: PathQuadrature
}

/// A point of a piece of path.
struct PathPoint: Hashable {
  /// Place of the piece in its list.
  let piece: Int
  let node: Int

  /// The start that all samples' paths share.
  static let baseline = PathPoint(piece: -1, node: 0)
}

/// Points passed together, a row each, and what is done while the plan holds them.
struct PathBatch {
  /// The terms of one piece that are complete now, by rows: of the batch, and behind them by places of held points.
  struct Part {
    let piece: Int
    let terms: [(index: Int, term: PathTerm)]
  }

  let points: [PathPoint]
  let parts: [Part]
  /// Rows that later batches read, and the place where each is held.
  let holds: [(row: Int, place: Int)]
}

/// The order in which points of paths are passed, in batches that are always full.
///
/// The points of a piece go from its end to its start, so that a sample's output is known before any of its gradients
/// is asked for. A term is complete in the batch that passes the last of its points. Points that later terms read are
/// held: the start that all samples share, and points of the piece that a batch's end cuts.
struct PathSchedule {
  let pieces: [PathPiece]
  /// Whether the paths' start is the same point for all samples.
  let sharesBaseline: Bool
  /// Points of a batch.
  let capacity: Int
  /// What each place holds after the batches so far.
  private(set) var held: [PathPoint?]
  private var points: ArraySlice<PathPoint> = []

  /// - Parameter held: what places hold from earlier schedules: nothing but the shared start.
  init(_ pieces: [PathPiece], sharesBaseline: Bool, capacity: Int, held: [PathPoint?] = []) {
    precondition(capacity > 0)
    (self.pieces, self.sharesBaseline, self.capacity, self.held) = (pieces, sharesBaseline, capacity, held)
    let baseline: [PathPoint] =
      !held.contains(.baseline) && pieces.contains(where: startsAtBaseline) ? [.baseline] : []
    points = ArraySlice(
      baseline
        + pieces.enumerated().flatMap { index, piece in
          piece.quadrature.nodes.indices.reversed().map { point($0, of: index) }.filter { $0 != .baseline }
        })
  }

  /// The next batch; nil after the last.
  mutating func next() -> PathBatch? {
    guard !points.isEmpty else { return nil }
    let chosen = Array(points.prefix(capacity))
    points = points.dropFirst(capacity)
    let rows = chosen.enumerated().map { ($1, $0) }
    let places = held.enumerated().compactMap { place, point in point.map { ($0, chosen.count + place) } }
    let kept = placesAfter(chosen)
    let batch = PathBatch(
      points: chosen, parts: parts(chosen, Dictionary(uniqueKeysWithValues: rows + places)),
      holds: kept.enumerated().compactMap { place, point in
        point.flatMap { held.contains($0) ? nil : (chosen.firstIndex(of: $0)!, place) }
      })
    held = kept
    return batch
  }

  /// Whether a piece's first node is the shared start.
  func startsAtBaseline(_ piece: PathPiece) -> Bool { sharesBaseline && piece.quadrature.nodes[0] == 0 }

  /// The nodes of each piece among the points of a batch, in their order.
  func nodes(_ points: [PathPoint]) -> [(piece: Int, nodes: ClosedRange<Int>)] {
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

  private func point(_ node: Int, of piece: Int) -> PathPoint {
    node == 0 && startsAtBaseline(pieces[piece]) ? .baseline : PathPoint(piece: piece, node: node)
  }

  /// The node whose passing completes a term: the lowest, but for the shared start, which is passed before all.
  private func last(of term: PathTerm, _ piece: PathPiece) -> Int {
    let low = min(term.valueRows.low, term.gradientRows.low)
    return low == 0 && startsAtBaseline(piece) ? 1 : low
  }

  /// The terms that points complete.
  private func parts(_ points: [PathPoint], _ places: [PathPoint: Int]) -> [PathBatch.Part] {
    nodes(points).map { index, nodes in
      let piece = pieces[index]
      let terms = piece.quadrature.terms.enumerated().filter { nodes.contains(last(of: $1, piece)) }
      // Nodes that are neither passed nor held belong to other terms.
      let rows = piece.quadrature.nodes.indices.map { places[point($0, of: index)] ?? -1 }
      return PathBatch.Part(piece: index, terms: terms.map { ($0.offset, $0.element.withRows(rows)) })
    }
  }

  /// What is held after some points: each point stays where it is, new ones take free places.
  private func placesAfter(_ points: [PathPoint]) -> [PathPoint?] {
    var wanted: Set<PathPoint> = []
    if held.contains(.baseline) || points.contains(.baseline) { wanted.insert(.baseline) }
    if let (index, nodes) = nodes(points).last {
      let piece = pieces[index]
      for term in piece.quadrature.terms where last(of: term, piece) < nodes.lowerBound {
        let read = [term.valueRows.low, term.valueRows.high, term.gradientRows.low, term.gradientRows.high]
        wanted.formUnion(read.filter { $0 >= nodes.lowerBound }.map { point($0, of: index) })
      }
    }
    var kept = held.map { point in point.flatMap { wanted.remove($0) } }
    for point in wanted.sorted(by: { ($0.piece, $0.node) < ($1.piece, $1.node) }) {
      if let free = kept.firstIndex(of: nil) { kept[free] = point } else { kept.append(point) }
    }
    return kept
  }
}
