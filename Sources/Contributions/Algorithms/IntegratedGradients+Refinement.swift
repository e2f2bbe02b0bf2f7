import Numerics

/// An interval of a path and how far its term misses the target's change over it.
private struct PathInterval {
  let low: Double
  let high: Double
  /// Σ_j C_j − ΔT of the interval, for each target and watched full cut.
  let defects: [Double]
}

/// One sample's path while it is refined.
private struct RefinedPath {
  var intervals: [PathInterval]
  var hasConverged = false
}

extension IntegratedGradients {
  /// Even steps every refined path starts with.
  static let firstSteps = 16
  /// The share of Σ|C| that T(x) − T(x0) counts as at least, so that samples whose target hardly changes have a
  /// reachable goal.
  static let floor = 1e-3
  /// Intervals are halved where they miss by more than this share of the worst.
  private static let share = 0.3

  /// Refines each sample's path until, for every target and every full cut, the completeness gap is below
  /// `tolerance` · max(|T(x) − T(x0)|, ``floor`` · Σ|C|).
  ///
  /// Gradients jump where a ReLU switches, so the gap comes from few intervals: those that miss most are halved.
  /// An interval is taken off the sum by the same passes that add its halves, so nothing is kept between rounds
  /// but the maps and one number an interval.
  func addRefinedSums(
    tolerance: Double, limit: Int, to block: inout ContributionBlock, on plan: ContributionPlan
  ) throws {
    let cuts = plan.watchedTaps.indices.filter { plan.watchedTaps[$0].isFullCut }
    let start = rule.quadrature(over: evenBreakpoints(Self.firstSteps))
    var pieces = (0..<block.count).map { PathPiece(sample: $0, quadrature: start) }
    var paths = [RefinedPath](repeating: RefinedPath(intervals: []), count: block.count)
    var passes = PathPasses(on: plan, of: block)
    while !pieces.isEmpty {
      let records = try passes.addRecordedSums(of: pieces, to: &block)
      for (piece, records) in zip(pieces, records) {
        paths[piece.sample].intervals += intervals(of: piece, records, cuts: cuts)
      }
      pieces = []
      for sample in paths.indices where !paths[sample].hasConverged {
        let goals = goals(ofSample: sample, cuts: cuts, tolerance: tolerance, in: block, on: plan)
        pieces += refine(&paths[sample], sample: sample, goals: goals, limit: limit)
      }
    }
    block.steps = paths.map(\.intervals.count)
    block.converged = paths.map(\.hasConverged)
  }

  /// How large each gap may be, for each target and watched full cut.
  private func goals(
    ofSample sample: Int, cuts: [Int], tolerance: Double, in block: ContributionBlock,
    on plan: ContributionPlan
  ) -> [Double] {
    block.targets.flatMap { target in
      cuts.map { cut in
        let tap = plan.watchedTaps[cut]
        let map = target.maps[cut]
        let layout = plan.plan.layout(of: tap.name, tap.layout)
        let sums = layout.signSplit(map.span, at: sample * tap.units)
        let size = sums.positive.reduce(0, +) - sums.negative.reduce(0, +)
        let goal = tolerance * max(abs(target.change(ofSample: sample)), Self.floor * size)
        return max(goal, .leastNormalMagnitude)
      }
    }
  }

  /// Takes the intervals that miss most out of a path and returns the pieces that halve them; none once the path
  /// has converged or may not grow.
  private func refine(
    _ path: inout RefinedPath, sample: Int, goals: [Double], limit: Int
  ) -> [PathPiece] {
    let gaps = goals.indices.map { index in path.intervals.reduce(0) { $0 + $1.defects[index] } }
    path.hasConverged = zip(gaps, goals).allSatisfy { abs($0) < $1 }
    let room = limit - path.intervals.count
    guard !path.hasConverged, room > 0 else { return [] }
    let open = goals.indices.filter { abs(gaps[$0]) >= goals[$0] }
    let misses = path.intervals.map { interval in
      open.map { abs(interval.defects[$0]) / goals[$0] }.max() ?? 0
    }
    let threshold = Self.share * (misses.max() ?? 0)
    let chosen = Set(
      misses.indices.filter { misses[$0] >= threshold }.sorted { misses[$0] > misses[$1] }.prefix(room))
    let halved = path.intervals.indices.filter(chosen.contains).map { path.intervals[$0] }
    path.intervals = path.intervals.indices.filter { !chosen.contains($0) }.map { path.intervals[$0] }
    return neighbourhoods(of: halved).map {
      PathPiece(sample: sample, quadrature: rule.refinement(of: $0))
    }
  }

  /// Breakpoints of runs of intervals that touch.
  private func neighbourhoods(of intervals: [PathInterval]) -> [[Double]] {
    var runs: [[Double]] = []
    for interval in intervals.sorted(by: { $0.low < $1.low }) {
      if let last = runs.last?.last, last == interval.low {
        runs[runs.count - 1].append(interval.high)
      } else {
        runs.append([interval.low, interval.high])
      }
    }
    return runs
  }

  /// The intervals a piece adds to its sample's path.
  private func intervals(of piece: PathPiece, _ records: [PieceRecord], cuts: [Int]) -> [PathInterval] {
    let quadrature = piece.quadrature
    return quadrature.terms.indices.filter { quadrature.terms[$0].weight > 0 }.map { term in
      let rows = quadrature.terms[term].valueRows
      let defects = records.flatMap { record in
        cuts.map { cut in
          record.termTotals[cut][term] - (record.targetValues[rows.high] - record.targetValues[rows.low])
        }
      }
      return PathInterval(
        low: quadrature.nodes[rows.low], high: quadrature.nodes[rows.high], defects: defects)
    }
  }
}
