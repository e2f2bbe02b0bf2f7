import Numerics
import Runtime
import Stimuli

/// How cells answer to local brightening and darkening: what tells ON–OFF cells, whose spike-triggered average cancels
/// out, from cells of one sign.
///
/// A local change is the mean brightness of a square over some frames less that over as many frames before; squares of
/// several sizes in all places, several lengths and delays are tried. For each cell that change is found whose
/// *magnitude* goes best with its response. A cell is ON–OFF where this goes better with the response than any signed
/// change does, and where both signs raise the response: its mean over the tenth of the frames with most brightening,
/// and over the tenth with most darkening, less that over the middle three tenths, the weaker at least a quarter of the
/// stronger.
struct ChangeResponses: Sendable {
  /// One cell's answer.
  struct Answer: Sendable, Equatable {
    /// The best correlation of the response with the magnitude of a change.
    let magnitudeCorrelation: Double
    /// The largest correlation with a signed change.
    let signedCorrelation: Double
    /// The response to most brightening and to most darkening, above that to little change; per frame.
    let brightening, darkening: Double
    /// Where magnitudes go with the response, pixels of the movie.
    let place: FieldEllipse?
    /// Brightness before a response turned by the sign of the change, oldest frame first: the time course of a cell
    /// that answers to both signs.
    let temporal: [Double]
    /// The later half of the change, frames before the response: where the time course has its peak.
    let lags: ClosedRange<Int>
    fileprivate let frames: Int

    /// The weaker answer over the stronger; negative where one sign lowers the response.
    var weakerSign: Double { min(brightening, darkening) / max(brightening, darkening) }

    /// Whether both signs raise the response.
    var isOnOff: Bool {
      // Of the thousands of changes tried some go with any response by chance, up to some four standard errors.
      magnitudeCorrelation * Double(frames).squareRoot() > 6 && magnitudeCorrelation > signedCorrelation
        && max(brightening, darkening) > 0 && weakerSign >= 0.25
    }
  }

  /// One for each cell; nil for cells whose response never changes, and for histories too short for a change.
  let answers: [Answer?]

  /// - Parameters:
  ///   - responses: `[cell, time]`.
  ///   - history: frames before a response.
  /// - Complexity: some fifty changes for each pixel and frame, of at most 32 × 32 pixels and 10,000 frames; holds
  ///   those.
  init(source: any StimulusSource, responses: Tensor, history: Int) throws {
    let movie = try ReducedMovie(source, history: history)
    let cells = CentredResponses(responses, movie)
    var best = [Candidate?](repeating: nil, count: responses.rows)
    var signed = [Double](repeating: 0, count: responses.rows)
    for side in [1, 2, 4] {
      let squares = ChangeSquares(movie, side: side)
      for filter in ChangeFilter.all(history: history) {
        try Interrupt.check()
        let found = ChangeCorrelations(movie, squares, filter, cells)
        for cell in 0..<responses.rows where cells.sizes[cell] > 0 {
          signed[cell] = max(signed[cell], found.signed(cell).map(abs).max() ?? 0)
          let map = found.magnitude(cell)
          guard let place = map.indices.max(by: { map[$0] < map[$1] }) else { continue }
          if map[place] > best[cell]?.correlation ?? -1 {
            best[cell] = Candidate(
              squares: squares, filter: filter, place: place, correlation: map[place], map: map)
          }
        }
      }
    }
    answers = best.indices.map { cell in
      best[cell].map { $0.answer(movie, cells.values.row(cell), signed: signed[cell]) }
    }
  }

  /// The change whose magnitude goes best with a cell's response so far.
  private struct Candidate {
    let squares: ChangeSquares
    let filter: ChangeFilter
    let place: Int
    let correlation: Double
    /// The correlation at every place.
    let map: [Double]

    func answer(_ movie: ReducedMovie, _ response: ArraySlice<Float>, signed: Double) -> Answer {
      var (changes, temporal) = ([Float](), [Double](repeating: 0, count: movie.history))
      let response = Array(response)
      for piece in movie.pieces {
        let series = squares.series(piece, movie, at: place)
        let mean = series.reduce(0, +) / Float(series.count)
        for time in movie.history..<series.count {
          let change = filter.change(series, at: time)
          let weight = Double(response[changes.count]) * (change < 0 ? -1 : change > 0 ? 1 : 0)
          changes.append(change)
          for lag in 0..<movie.history {
            temporal[lag] += weight * Double(series[time - movie.history + lag] - mean)
          }
        }
      }
      let order = changes.indices.sorted { changes[$0] < changes[$1] }
      func mean(_ from: Double, _ to: Double) -> Double {
        let part = order[Int(from * Double(order.count))..<Int(to * Double(order.count))]
        return part.reduce(0.0) { $0 + Double(response[$1]) } / Double(max(1, part.count))
      }
      let middle = mean(0.35, 0.65)
      return Answer(
        magnitudeCorrelation: correlation, signedCorrelation: signed, brightening: mean(0.9, 1) - middle,
        darkening: mean(0, 0.1) - middle, place: squares.ellipse(map, movie), temporal: temporal,
        lags: filter.delay...filter.delay + filter.length - 1,
        frames: changes.count)
    }
  }
}

/// The responses in the frames of a reduced movie that count, their mean taken away.
private struct CentredResponses {
  /// `[cell, frame]`.
  let values: Tensor
  /// The root of each cell's sum of squares.
  let sizes: [Double]

  init(_ responses: Tensor, _ movie: ReducedMovie) {
    let counted = movie.pieces.flatMap { $0.range.dropFirst(movie.history) }
    var values = Tensor(shape: [responses.rows, counted.count])
    for cell in 0..<responses.rows {
      let row = counted.map { responses.elements[cell * responses.shape[1] + $0] }
      let mean = Float(row.reduce(0.0) { $0 + Double($1) } / Double(max(1, row.count)))
      for (index, value) in row.enumerated() { values.elements[cell * counted.count + index] = value - mean }
    }
    self.values = values
    sizes = (0..<responses.rows).map { cell in
      values.row(cell).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
  }
}

/// How every cell's response goes with one kind of change in every place.
private struct ChangeCorrelations {
  private let cells: CentredResponses
  private let places: Int
  private let frames: Int
  /// Σ of centred response times change, and times its magnitude, `[cell, place]`.
  private var signedProducts: [Float]
  private var magnitudeProducts: [Float]
  /// Σ of changes, of their magnitudes and of their squares, `[place]`.
  private var sums: [Float]
  private var magnitudes: [Float]
  private var squares: [Float]

  init(_ movie: ReducedMovie, _ grid: ChangeSquares, _ filter: ChangeFilter, _ cells: CentredResponses) {
    (self.cells, places, frames) = (cells, grid.places, cells.values.shape[1])
    let rows = cells.values.rows
    signedProducts = [Float](repeating: 0, count: rows * grid.places)
    magnitudeProducts = signedProducts
    sums = [Float](repeating: 0, count: grid.places)
    (magnitudes, squares) = (sums, sums)
    var used = 0
    for (piece, running) in zip(movie.pieces, grid.running) {
      let count = piece.range.count - movie.history
      var changes = filter.changes(running, places: places, times: movie.history..<piece.range.count)
      let weights = (0..<rows).flatMap { cells.values.row($0).dropFirst(used).prefix(count) }
      BLAS.gemm(rows, places, count, a: weights, b: changes, beta: 1, c: &signedProducts)
      for time in 0..<count {
        for place in 0..<places {
          let change = changes[time * places + place]
          sums[place] += change
          squares[place] += change * change
          magnitudes[place] += abs(change)
          changes[time * places + place] = abs(change)
        }
      }
      BLAS.gemm(rows, places, count, a: weights, b: changes, beta: 1, c: &magnitudeProducts)
      used += count
    }
  }

  func signed(_ cell: Int) -> [Double] { correlations(signedProducts, sums, cell) }

  func magnitude(_ cell: Int) -> [Double] { correlations(magnitudeProducts, magnitudes, cell) }

  private func correlations(_ products: [Float], _ sums: [Float], _ cell: Int) -> [Double] {
    (0..<places).map { place in
      let mean = Double(sums[place]) / Double(frames)
      let variance = Double(squares[place]) - mean * mean * Double(frames)
      // A place that never changes goes with nothing.
      guard variance > 1e-6 * Double(squares[place]) else { return 0 }
      return Double(products[cell * places + place]) / (cells.sizes[cell] * variance.squareRoot())
    }
  }
}
