import Foundation
import Networks
import Numerics
import RetinaData
import Runtime

/// Fits the three-layer retina network to a recording: Adam on batches of shuffled windows, early stopping on held-out
/// blocks, and rates in Hz.
///
/// The network predicts each cell's rate over its mean; the means are kept as the model's `rate_scale`, so that cells count
/// alike and the last norm need not grow to hundreds of Hz.
public struct RetinaFit: Sendable {
  /// The resolved options.
  public let options: FitOptions
  /// The network's shape.
  public let stack: ConvolutionalStack
  /// Frames a response is predicted from.
  public let history: Int
  /// Mean and standard deviation of the training movie's pixels.
  let normalisation: (mean: Float, deviation: Float)
  let recording: Recording
  let data: FitData
  let train: [Int]
  let heldOut: [Int]
  let batch: Int
  /// What a rate in Hz is divided by, for each cell.
  let scale: [Double]
  let random: RandomStream
  private let targets: [Float]
  let pass: TrainingPass

  /// Reads the training split.
  /// - Parameters:
  ///   - seed: of weights, order, noise and held-out blocks; the same seed gives the same network bit for bit.
  /// - Throws: `CodecError` where options or recording cannot be used.
  public init(
    _ recording: Recording, options: FitOptions, seed: UInt64, threads: Int
  ) throws {
    try options.check()
    let split = try recording.split("train")
    var options = options
    let history = options.history ?? FitOptions.history(frameRate: split.frameRate)
    options.history = history
    options.kernels = options.kernels ?? FitOptions.kernels(for: Array(split.frameShape.dropFirst()))
    stack = try options.stack(frame: split.frameShape, history: history, cells: split.cellIDs.count)
    normalisation = try FitData.normalisation(of: split)
    data = try FitData(split, history: history, normalisation: normalisation, memory: options.memory << 20)
    random = RandomStream(seed: seed)
    var offset = random.split("held out")
    (train, heldOut) = FitData.partition(data.count, heldOut: options.heldOut, offset: offset.uniform())
    batch = min(options.batch, train.count / 16 * 16)
    guard batch > 0, !heldOut.isEmpty else {
      throw CodecError(
        .data, "\(data.count) windows of \(history) frames are too few to fit a network", at: split.name,
        remedy: "give a longer recording or a shorter --history")
    }
    let means = data.meanRates(train)
    guard means.contains(where: { $0 > 0 }) else {
      throw CodecError(.data, "no cell ever fires", at: split.name)
    }
    scale = means.map { $0 > 0 ? $0 : 1 }
    let cells = data.cells
    let scale = scale
    targets = data.rates.enumerated().map { Float(Double($1) / scale[$0 % cells]) }
    pass = try TrainingPass(stack, batch: batch, threads: threads)
    (self.history, self.options, self.recording) = (history, options, recording)
  }

  /// Trains until held-out windows stop improving.
  /// - Parameters:
  ///   - state: where to go on from; nil starts.
  ///   - checkpoint: called after every epoch.
  /// - Throws: `CodecError` of kind `interrupted`, or of kind `data` where the loss is no longer finite.
  func run(
    from state: FitState? = nil, progress: ProgressHandler? = nil,
    checkpoint: (FitState) throws -> Void = { _ in }
  ) throws -> FitState {
    var state =
      state ?? FitState(stack, learningRate: options.learningRate, random: random)
    while state.epoch < options.epochs, state.stale < options.patience {
      let loss = try trainEpoch(&state)
      let scored = try settled(state.average)
      let (heldOutLoss, correlation) = try score(scored)
      guard loss.isFinite, heldOutLoss.isFinite else {
        throw CodecError(
          .data, "training diverged in epoch \(state.epoch + 1)", at: recording.name,
          remedy: "lower the learning rate (now \(state.learningRate))")
      }
      let epoch = FitEpoch(
        epoch: state.epoch + 1, loss: loss, heldOutLoss: heldOutLoss, heldOutCorrelation: correlation,
        learningRate: state.learningRate)
      state.note(epoch, scored, halveAfter: options.halveAfter)
      try checkpoint(state)
      let isLast = state.epoch == options.epochs || state.stale >= options.patience
      progress?(
        ProgressReport(
          task: "fit", finished: state.epoch, total: isLast ? state.epoch : options.epochs,
          detail: String(
            format: "loss %.4f  held-out correlation %.3f  best in epoch %d", loss, correlation,
            state.bestEpoch)))
    }
    return state
  }

  /// One pass over the training windows in random order.
  /// - Returns: the batches' mean loss.
  private func trainEpoch(_ state: inout FitState) throws -> Double {
    var orderRandom = random.split("order").split(state.epoch)
    let noise = random.split("noise").split(state.epoch)
    var (sum, steps) = (0.0, 0)
    for portion in data.movie.portions(of: train, batch: batch, random: &orderRandom) {
      try data.movie.holding(portion) {
        for start in stride(from: 0, through: portion.count - batch, by: batch) {
          try Interrupt.check()
          sum += try step(&state, portion[start..<start + batch], noise.split(steps))
          steps += 1
        }
      }
    }
    return sum / Double(steps)
  }

  /// One step of Adam and of the running average.
  /// - Returns: the batch's mean loss.
  private func step(_ state: inout FitState, _ samples: ArraySlice<Int>, _ noise: RandomStream) throws
    -> Double
  {
    let loss = try pass.run(
      state.network, movie: data.movie, samples: samples, targets: targets, loss: options.loss,
      penalties: options.penalties, random: noise)
    state.adam.step(&state.network.parameters, gradient: pass.gradient, learningRate: state.learningRate)
    // Short averages at the beginning, where weights still move far.
    let kept = Float(min(options.averaging, Double(state.adam.steps) / Double(state.adam.steps + 10)))
    for index in state.average.indices {
      let value = state.network.parameters[index]
      state.average[index] = value + kept * (state.average[index] - value)
    }
    return loss
  }

  /// Weights with their norms' statistics over training windows, evenly spread.
  private func settled(_ parameters: [Float]) throws -> TrainableNetwork {
    var network = TrainableNetwork(
      stack: stack, parameters: parameters,
      statistics: [Float](repeating: 0, count: stack.statistics.last?.range.upperBound ?? 0))
    let batches = min(train.count / batch, 16)
    let windows = (0..<batches * batch).map { place in
      // Each batch takes windows from the whole recording.
      train[(place % batch * batches + place / batch) * train.count / (batches * batch)]
    }
    try pass.settle(&network, movie: data.movie, over: windows)
    return network
  }

  /// Loss and mean correlation over cells of the held-out windows.
  func score(_ network: TrainableNetwork) throws -> (loss: Double, correlation: Double) {
    let rates = try pass.predict(network, movie: data.movie, samples: heldOut)
    let cells = data.cells
    let wanted = heldOut.flatMap { targets[$0 * cells..<($0 + 1) * cells] }
    let predicted = Matrix(rows: heldOut.count, columns: cells, elements: rates.map(Double.init))
    let recorded = Matrix(rows: heldOut.count, columns: cells, elements: wanted.map(Double.init))
    return (
      options.loss.mean(of: rates, targets: wanted),
      RateAgreement(rates: predicted, recorded: recorded).mean
    )
  }

  /// What makes each cell's mean prediction over the training windows its recorded mean: the model's `rate_scale`.
  func calibratedScale(_ network: TrainableNetwork) throws -> [Double] {
    let windows = Array(0..<data.count)
    let predicted = FitData.means(
      try pass.predict(network, movie: data.movie, samples: windows), cells: data.cells, windows)
    return zip(zip(data.meanRates(windows), predicted), scale).map { means, scale in
      means.0 > 0 && means.1 > 0 ? means.0 / means.1 : scale
    }
  }
}
