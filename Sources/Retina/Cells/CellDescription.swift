import Numerics
import RetinaData
import Runtime

/// What a recording says about each of its cells, before any network: activity, receptive field, reliability.
public struct CellDescription: Sendable {
  /// One cell in numbers; nil where they are not defined.
  public struct Row: Sendable, Encodable {
    /// The cell's id.
    public let cell: Int
    /// Mean rate in the split that was averaged over, Hz.
    public let meanRate: Double
    /// Spikes that were averaged over, or the sum of the rate's values where there are no counts.
    public let weight: Double
    /// ON, OFF or ON-OFF.
    public let polarity: String?
    /// What the weaker of the answers to brightening and to darkening is of the stronger one (`ChangeResponses`).
    public let weakerSign: Double?
    /// Frames before the response at which the receptive field is strongest.
    public let peakLag: Int?
    /// When it is strongest, between frames: milliseconds from the frame to the response.
    public let peakLagMilliseconds: Double?
    /// Centre, pixels.
    public let y, x: Double?
    /// Half axes, pixels.
    public let major, minor: Double?
    /// The strongest entry of the average over its usual size.
    public let signalToNoise: Double?
    /// Correlation of the averages over halves of the repeats.
    public let splitHalfCorrelation: Double?
    /// Share of a single repeat's variance that repeats share.
    public let explainableVariance: Double?
  }

  /// Ids of the cells described.
  public let cells: [Int]
  /// Spike-triggered averages, `[cell, lag, y, x]`.
  public let averages: Tensor
  /// What each shows.
  public let shapes: [ReceptiveFieldShape]
  /// Responses to repeats, `[cell, repeat, time]`, where the recording has them.
  public let repeats: Tensor?
  /// The split that was shown repeatedly.
  public let repeatedSplit: String?
  /// How well they agree.
  public let reliability: [Reliability]?
  /// The numbers.
  public let rows: [Row]
  /// Frames per second, where known.
  public let frameRate: Double?
  /// What averages were weighted by: `counts` or the rate's name.
  public let weightName: String

  /// - Parameters:
  ///   - split: whose movie is averaged, `train` or `test`.
  ///   - cells: ids; nil takes all.
  ///   - history: frames before a response.
  /// - Throws: `CodecError` naming what is missing or unknown.
  public init(
    _ recording: Recording, split name: String, cells wanted: [Int]?, history: Int,
    progress: ProgressHandler? = nil
  ) throws {
    let split = try recording.split(name)
    let chosen = wanted ?? split.cellIDs
    for cell in chosen where !split.cellIDs.contains(cell) {
      throw CodecError.unknown("cell", "\(cell)", valid: split.cellIDs.map(String.init), at: split.name)
    }
    let places = chosen.map { split.cellIDs.firstIndex(of: $0)! }
    let (rates, counts) = (try split.rates(), try split.counts())
    weightName = counts == nil ? split.rateName : "counts"
    let responses = Self.rows(places, of: counts ?? rates)
    let averages = try SpikeTriggeredAverages(
      source: split, responses: responses, history: history, progress: progress)
    let changes = try ChangeResponses(source: split, responses: responses, history: history)
    let shapes = (0..<chosen.count).map {
      ReceptiveFieldShape(
        field: averages.fields.row($0), lags: history, width: split.frameShape[2],
        changes: changes.answers[$0])
    }
    let repeated = try recording.splits.lazy.compactMap { split in
      try split.repeats().map { (split.splitName, $0) }
    }.first
    let shown = repeated.map { Self.rows(places, of: $0.1) }
    let reliability = shown.map { shown in
      (0..<chosen.count).map { cell in
        Reliability(
          repeats: Matrix(
            rows: shown.shape[1], columns: shown.shape[2], elements: shown.row(cell).map(Double.init)))
      }
    }
    (cells, self.averages, self.shapes) = (chosen, averages.fields, shapes)
    (repeats, repeatedSplit) = (shown, repeated?.0)
    (self.reliability, frameRate) = (reliability, split.frameRate)
    rows = chosen.indices.map { index in
      Row(
        cell: chosen[index], meanRate: Statistics.mean(rates.row(places[index]).map(Double.init)),
        weight: averages.weights[index], shape: shapes[index], changes: changes.answers[index],
        reliability: reliability?[index], frameRate: split.frameRate)
    }
  }

  private static func rows(_ places: [Int], of values: Tensor) -> Tensor {
    Tensor(
      shape: [places.count] + values.shape.dropFirst(), elements: places.flatMap { Array(values.row($0)) })
  }
}

extension CellDescription.Row {
  fileprivate init(
    cell: Int, meanRate: Double, weight: Double, shape: ReceptiveFieldShape, changes: ChangeResponses.Answer?,
    reliability: Reliability?, frameRate: Double?
  ) {
    func defined(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
    (self.cell, self.meanRate, self.weight) = (cell, meanRate, weight)
    (polarity, peakLag) = (shape.polarity?.rawValue, shape.peakLag)
    weakerSign = defined(changes?.weakerSign)
    peakLagMilliseconds = shape.peakDelay.flatMap { delay in frameRate.map { 1000 * delay / $0 } }
    (y, x) = (shape.ellipse?.y, shape.ellipse?.x)
    (major, minor) = (shape.ellipse?.major, shape.ellipse?.minor)
    signalToNoise = defined(shape.signalToNoise)
    splitHalfCorrelation = defined(reliability?.splitHalfCorrelation)
    explainableVariance = defined(reliability?.explainableVariance)
  }
}
