import Modes
import Numerics

/// Everything the retina page's script draws, out of the result files.
struct RetinaPageData: Encodable {
  struct Example: Encodable {
    let cell, frame, mode: Int
  }

  /// The loadings above zero, sample after sample; each as a share of 65,535.
  struct Loadings: Encodable {
    let starts: PackedArray
    let modes: PackedArray
    let values: PackedArray
  }

  struct Layer: Encodable {
    let name: String
    let ids: [Int]
    /// Frames each mode is on, and the modes ordered by it.
    let on, order: [Int]
    let features: [[Int]]
    let negative, positive, dictionary, correlation: PackedMatrix
    /// Where the heat map's colours saturate.
    let colourLimit: Double
    let loadings: Loadings
    let example: Example?
  }

  /// One way of clustering.
  struct Part: Encodable {
    let name: String
    /// The layer whose cell × mode matrix is shown; −1 where it is `profile`.
    let layer: Int
    let profile: PackedMatrix?
    let limit: Double
    let labels, order, columnOrder, tried: [Int]
    let scores: [Double]
    let chosen: Int
    let columnsTitle, words: String
  }

  struct Movie: Encodable {
    let frames, pixels: PackedArray
    let height, width, stride: Int
  }

  struct Fields: Encodable {
    let frames: PackedArray
    let height, width, lags: Int
    /// Shares of 127 of `scale`'s peak; time courses are shares of 127 of their own.
    let spatial, temporal, scale, share: PackedArray
  }

  let kind = "retina"
  let colours = Colours.categories
  let cells: [Int]
  let centres: [[Double]?]
  let times, frames: PackedArray
  let inSeconds: Bool
  let rate: Double
  let interval: Double?
  let rates: PackedMatrix
  let recorded: PackedMatrix?
  let target: PackedMatrix
  let targetRange: [Double]
  let targetName, targetUnits: String
  let layers: [Layer]
  let parts: [Part]
  let movie: Movie?
  let fields: Fields
  let fieldUnits = "Hz per s.d."

  /// Samples the page holds at most.
  static let mostSamples = 60_000
  /// What was left out, in words; empty where nothing was.
  static func thinning(_ results: RetinaResults) -> String {
    let stride = stride(results)
    var words: [String] = []
    if stride > 1 { words.append("every \(ordinal(stride)) of \(results.frames.count) frames") }
    let fields = results.fields.frames.count
    if fields < results.frames.count {
      words.append("receptive fields at \(fields) of \(results.frames.count) frames")
    }
    if let movie = try? results.explorer?.attribute("stride", of: "/movie/stimulus")?.asInteger, movie > 1 {
      words.append("the movie at every \(ordinal(movie)) frame")
    }
    return words.isEmpty ? "" : "So that the page stays small it holds " + words.joined(separator: ", ") + "."
  }

  private static func stride(_ results: RetinaResults) -> Int {
    max(1, (results.frames.count + mostSamples - 1) / mostSamples)
  }

  init(_ results: RetinaResults) throws {
    let rows = Array(Swift.stride(from: 0, to: results.frames.count, by: Self.stride(results)))
    cells = results.cells
    times = PackedArray(rows.map { Float(results.times[$0]) })
    frames = PackedArray(rows.map { Int32(results.frames[$0]) })
    inSeconds = results.timeLabel == "time (s)"
    rate = (results.summary.frameRate ?? 100) / Double(Self.stride(results))
    interval = results.interval
    rates = PackedMatrix(results.rates, rows: rows)
    recorded = results.recorded.map { PackedMatrix($0, rows: rows) }
    target = PackedMatrix(column: results.target, rows: rows)
    let shown = rows.map { results.target[$0] }
    targetRange = [min(0, shown.min() ?? 0), max(shown.max() ?? 1, 1e-9)]
    (targetName, targetUnits) = (results.targetName, results.targetUnits)
    layers = results.layers.map { Self.layer($0, rows) }
    parts = try Self.parts(results)
    let centre: [Double] = try results.clusters.file.dataset("/receptive_field_centre", rank: 2).numbers()
    centres = results.cells.indices.map { cell in
      let place = [centre[2 * cell], centre[2 * cell + 1]]
      return place.allSatisfy(\.isFinite) ? place : nil
    }
    movie = try Self.movie(results)
    fields = try Self.fields(results.fields)
  }

  private static func layer(_ layer: RetinaResults.Layer, _ rows: [Int]) -> Layer {
    let found = layer.modes.decomposition
    var (starts, modes, values): ([Int32], [UInt16], [UInt16]) = ([0], [], [])
    for row in rows {
      for mode in 0..<found.alive {
        let value = found.loadings.elements[row * found.alive + mode]
        guard value > 0 else { continue }
        modes.append(UInt16(mode))
        values.append(UInt16((65535 * min(value, 1)).rounded()))
      }
      starts.append(Int32(modes.count))
    }
    let size = rows.flatMap { row in layer.negative.row(row).map(abs) + layer.positive.row(row) }
    return Layer(
      name: layer.name, ids: found.modeIDs, on: layer.onCounts,
      order: layer.onCounts.indices.sorted { (layer.onCounts[$1], $0) < (layer.onCounts[$0], $1) },
      features: layer.modes.features.map { [$0.channel, $0.sign] },
      negative: PackedMatrix(layer.negative, rows: rows), positive: PackedMatrix(layer.positive, rows: rows),
      dictionary: PackedMatrix(Matrix(found.dictionary)), correlation: PackedMatrix(layer.correlation),
      colourLimit: max(Numerics.Statistics.quantile(size, 0.99), 1e-12),
      loadings: Loadings(starts: PackedArray(starts), modes: PackedArray(modes), values: PackedArray(values)),
      example: layer.example.map { Example(cell: $0.cell, frame: $0.frames[0], mode: $0.modes[0]) })
  }

  private static func parts(_ results: RetinaResults) throws -> [Part] {
    var parts: [Part] = []
    if let part = results.byContributions {
      let profile = try results.clusters.file.dataset("/contributions/profile", rank: 2).matrix()
      parts.append(
        Self.part(
          part, name: "contributions", layer: -1, profile: profile, order: Array(0..<profile.columns),
          columns: "C⁻ and C⁺ of each channel, layer after layer",
          words:
            "What each channel contributes to each cell's own rate, averaged over time and scaled to unit length."
        ))
    }
    for (index, layer) in results.layers.enumerated() {
      parts.append(
        Self.part(
          layer.clusters, name: "modes of \(layer.name)", layer: index, profile: layer.correlation,
          order: ClusterFigure.modeOrder(layer),
          columns: "modes of \(layer.name), by the cluster that follows them",
          words:
            "Correlation of each cell's rate with each mode's loading. Click a column to choose the mode."))
    }
    return parts
  }

  private static func part(
    _ part: ClusterPart, name: String, layer: Int, profile: Matrix, order: [Int], columns: String,
    words: String
  ) -> Part {
    let scores = part.scores.map { $0.isFinite ? $0 : 0 }
    return Part(
      name: name, layer: layer, profile: layer < 0 ? PackedMatrix(profile) : nil,
      limit: profile.elements.filter(\.isFinite).map(abs).max() ?? 1, labels: part.labels, order: part.order,
      columnOrder: order, tried: part.tried, scores: scores, chosen: part.chosen, columnsTitle: columns,
      words: words + " Blue: negative, red: positive. Rows are cells, in the order of their clusters.")
  }

  private static func movie(_ results: RetinaResults) throws -> Movie? {
    guard let file = results.explorer else { return nil }
    let pixels = try file.dataset("/movie/stimulus", rank: 3)
    let frames: [Int32] = try file.dataset("/movie/frame", rank: 1).numbers()
    return Movie(
      frames: PackedArray(frames), pixels: PackedArray(try pixels.numbers(UInt8.self)),
      height: pixels.shape[1],
      width: pixels.shape[2], stride: try pixels.attribute("stride")?.asInteger ?? 1)
  }

  private static func fields(_ series: ReceptiveFieldSeries) throws -> Fields {
    var (spatial, temporal, scale): ([Int8], [Int8], [Float]) = ([], [], [])
    let pixels = series.height * series.width
    spatial.reserveCapacity(series.frames.count * series.cells.count * pixels)
    func pack(_ values: ArraySlice<Float>, _ sign: Float, into packed: inout [Int8]) -> Float {
      let peak = values.reduce(0) { max($0, abs($1)) }
      packed.append(contentsOf: values.lazy.map { peak > 0 ? Int8((sign * $0 / peak * 127).rounded()) : 0 })
      return peak
    }
    for row in 0..<series.frames.count {
      let maps: [Float] = try series.spatial.numbers(rows: row..<row + 1)
      let kernels: [Float] = try series.temporal.numbers(rows: row..<row + 1)
      for cell in series.cells.indices {
        let course = kernels[cell * series.history..<(cell + 1) * series.history]
        let sign = Float(series.sign(course.lazy.map(Double.init), cell: cell))
        scale.append(pack(maps[cell * pixels..<(cell + 1) * pixels], sign, into: &spatial) / 127)
        _ = pack(course, sign, into: &temporal)
      }
    }
    let share: [Float] = try series.share.numbers()
    return Fields(
      frames: PackedArray(series.frames.map(Int32.init)), height: series.height, width: series.width,
      lags: series.history, spatial: PackedArray(spatial), temporal: PackedArray(temporal),
      scale: PackedArray(scale),
      share: PackedArray(share))
  }
}
