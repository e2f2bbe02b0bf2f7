import Networks
import Numerics
import Runtime
import Stimuli

/// Instantaneous receptive fields: ∂(a cell's predicted rate)/∂(normalised stimulus window) at chosen frames
/// (paper §7).
///
/// Cells are addressed by id and frames by the stimulus frame of the response, so a field of one cell is the
/// same whatever else is asked for. Frames are worked through in blocks: memory does not grow with their number.
///
///     let receptiveFields = try InstantaneousReceptiveFields(model: model, windows: windows, cells: [0, 3])
///     let fields = try receptiveFields.fields(at: [4563, 4657])      // [frame, cell, lag, y, x]
public final class InstantaneousReceptiveFields: Sendable {
  /// Ids of the cells.
  public let cells: [Int]
  /// Frames in a window: the length of the lag axis, lag 0 oldest.
  public let history: Int
  /// Height and width of a frame.
  public let frameSize: (height: Int, width: Int)

  private let windows: WindowSeries
  private let team: WorkerTeam<ReceptiveFieldPlan>
  private let windowsPerPass: Int

  /// The fields of some consecutive frames.
  public struct Block: Sendable {
    /// The response frames.
    public let frames: [Int]
    /// `[frame, cell, lag, y, x]`, Hz per standard deviation of the stimulus.
    public let fields: Tensor
    /// The model's rates, `[frame, cell]`, Hz.
    public let rates: Tensor
    /// Space and time components, frame after frame, cell after cell; empty where not asked for.
    public let components: [ReceptiveFieldComponents]
  }

  /// Compiles the network, once for each thread.
  /// - Parameters:
  ///   - cells: ids of the cells; all of the model's where nil.
  /// - Throws: `CodecError` of kind usage for an unknown cell, of kind data where the movie does not fit.
  public init(model: LoadedModel, windows: WindowSeries, cells: [Int]? = nil, threads: Int = 1) throws {
    let shape = model.preprocessing.frameShape
    guard shape.count == 3, shape[0] == 1 else {
      throw CodecError(
        .data, "receptive fields need frames of one channel, the model takes \(shape)", at: model.network.name
      )
    }
    self.cells = cells ?? model.unitIDs
    let units = try model.units(ofCells: self.cells)
    history = model.preprocessing.history
    frameSize = (shape[1], shape[2])
    self.windows = windows
    let count = max(1, min(8, 32 / max(1, units.count)))
    windowsPerPass = count
    team = try WorkerTeam(count: threads) { _ in
      try ReceptiveFieldPlan(model: model, units: units, windows: count)
    }
  }

  /// Every frame that has a response with a whole history before it.
  public var allFrames: [Int] { (0..<windows.sampleCount).map { windows.responseFrame(ofSample: $0) } }

  /// The fields at some frames, `[frame, cell, lag, y, x]`.
  /// - Throws: `CodecError` of kind usage naming a frame that has no whole history before it.
  public func fields(at frames: [Int]) throws -> Tensor {
    var elements: [Float] = []
    try forEachBlock(frames) { elements.append(contentsOf: $0.fields.elements) }
    return Tensor(
      shape: [frames.count, cells.count, history, frameSize.height, frameSize.width], elements: elements)
  }

  /// Hands over the fields of some frames, block by block in their order.
  /// - Parameters:
  ///   - finished: how many of the frames to leave out because they were handed over before; the others come in the
  ///     same blocks, so their values are the same.
  ///   - withComponents: whether to compute space and time components too.
  /// - Throws: `CodecError` of kind usage naming a frame that has no whole history before it, of kind interrupted.
  public func forEachBlock(
    _ frames: [Int], after finished: Int = 0, withComponents: Bool = false, _ body: (Block) throws -> Void
  ) throws {
    var blocks = try self.blocks(of: frames)[...]
    var left = finished
    while let first = blocks.first, left >= first.count {
      left -= first.count
      blocks.removeFirst()
    }
    let perRound = 2 * team.count
    while !blocks.isEmpty {
      try Interrupt.check()
      let round = Array(blocks.prefix(perRound))
      blocks = blocks.dropFirst(perRound)
      let results = try team.map(0..<round.count) { plan, index in
        try self.run(round[index], on: plan, withComponents: withComponents)
      }
      for block in results { try body(block) }
    }
  }

  /// Runs of samples that follow each other, as many as ride in one pass.
  private func blocks(of frames: [Int]) throws -> [Range<Int>] {
    var blocks: [Range<Int>] = []
    for frame in frames {
      guard let sample = windows.sample(ofResponseFrame: frame) else { throw unknownFrame(frame) }
      if let last = blocks.last, last.upperBound == sample, last.count < windowsPerPass,
        windows.segment(ofSample: last.lowerBound) == windows.segment(ofSample: sample)
      {
        blocks[blocks.count - 1] = last.lowerBound..<sample + 1
      } else {
        blocks.append(sample..<sample + 1)
      }
    }
    return blocks
  }

  private func unknownFrame(_ frame: Int) -> CodecError {
    let (first, last) = (
      windows.responseFrame(ofSample: 0), windows.responseFrame(ofSample: windows.sampleCount - 1)
    )
    return CodecError(
      .usage, "frame \(frame) has no predicted response", at: windows.source.name,
      remedy: "choose from \(first) to \(last), at least \(history) frames after the start of a segment")
  }

  private func run(
    _ samples: Range<Int>, on plan: ReceptiveFieldPlan, withComponents: Bool
  ) throws -> Block {
    let (fields, rates) = try plan.run(windows.normalisedFrames(forSamples: samples))
    let rows = withComponents ? 0..<fields.rows : 0..<0
    return Block(
      frames: samples.map { windows.responseFrame(ofSample: $0) },
      fields: fields.reshaped([samples.count, cells.count, history, frameSize.height, frameSize.width]),
      rates: rates, components: rows.map { ReceptiveFieldComponents(field: fields.row($0), lags: history) })
  }
}
