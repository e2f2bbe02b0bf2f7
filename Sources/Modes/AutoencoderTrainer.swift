import Foundation
import Numerics
import Runtime

/// One evaluation during training.
public struct TrainingEvaluation: Sendable, Equatable {
  /// Batches trained on so far.
  public let step: Int
  /// Passes over the training samples so far.
  public let epoch: Double
  /// Mean squared error of the batches since the last evaluation, dropout on, in units of the scaled data.
  public let trainingError: Double
  /// Mean squared error of the held-out samples, dropout off, in the same units; NaN where nothing is held out.
  public let heldOutError: Double
  /// R² of the held-out samples about their own grand mean; NaN where nothing is held out.
  public let heldOutR2: Double
  /// Step length of the last batch.
  public let learningRate: Double
}

/// A trained autoencoder: the weights of its best evaluation.
struct TrainedAutoencoder: Sendable {
  /// The weights of the best evaluation, a copy of their own.
  let model: SparseAutoencoder
  /// Every evaluation, the first before training.
  let history: [TrainingEvaluation]
  /// Batches trained on.
  let steps: Int
  /// Dead modes given a new start, over the whole training.
  let revived: Int
  /// Rows kept from training, ascending.
  let heldOut: [Int]
}

/// Trains one sparse autoencoder on scaled data (paper §4).
struct AutoencoderTrainer {
  private let recipe: TrainingRecipe
  private let data: [Float]
  private let split: HeldOut
  private let batch: Int
  private let length: (steps: Int, evaluateEvery: Int)
  private let task: String
  private let progress: ProgressHandler?

  private(set) var model: SparseAutoencoder
  private var pass: AutoencoderPass
  private var scoringPass: AutoencoderPass
  private var optimiser: Adam
  private var order: [UInt32]
  private var cursor = 0
  private var orderRandom: RandomStream
  private var dropoutRandom: RandomStream
  private var revivalRandom: RandomStream
  private var schedule: LearningRateSchedule
  private var history: [TrainingEvaluation] = []
  private var best: (step: Int, badness: Double, parameters: [Float])?
  private var revived = 0

  /// - Parameters:
  ///   - data: [sample][feature], finite, scaled.
  ///   - random: the stream of this run; the same stream gives the same weights bit for bit.
  init(
    recipe: TrainingRecipe, data: [Float], features: Int, random: RandomStream, task: String,
    progress: ProgressHandler?
  ) {
    self.recipe = recipe
    self.data = data
    self.task = task
    self.progress = progress
    split = HeldOut(samples: data.count / features, share: recipe.heldOut)
    batch = min(recipe.batch, split.training.count)
    length = recipe.length(batchesPerEpoch: split.training.count / batch)
    schedule = LearningRateSchedule(
      recipe.schedule, start: recipe.learningRate, evaluations: length.steps / length.evaluateEvery)
    model = SparseAutoencoder(recipe: recipe, features: features, random: random.split("weights"))
    orderRandom = random.split("order")
    dropoutRandom = random.split("dropout")
    revivalRandom = random.split("revival")
    if case .alive(let count) = recipe.initialisation {
      let rows = Self.spread(split.training, count: 512)
      model.scaleEncoder(toActive: count, data: data, rows: rows)
    }
    pass = AutoencoderPass(for: model, samples: batch)
    scoringPass = AutoencoderPass(for: model, samples: SparseAutoencoder.evaluationBatch)
    optimiser = Adam(count: model.parameters.count)
    order = split.training
    cursor = order.count
  }

  /// At most `count` of the rows, evenly spread.
  private static func spread(_ rows: [UInt32], count: Int) -> [UInt32] {
    guard rows.count > count else { return rows }
    return (0..<count).map { rows[$0 * rows.count / count] }
  }

  /// Trains to the end of the recipe.
  /// - Throws: `CodecError` of kind `interrupted`, or of kind `data` when the loss is no longer finite.
  mutating func run() throws -> TrainedAutoencoder {
    evaluate(step: 0, error: .nan)
    var (squares, step) = (0.0, 0)
    while step < length.steps {
      try Interrupt.check()
      squares += takeStep()
      step += 1
      guard step % length.evaluateEvery == 0 || step == length.steps else { continue }
      let error = squares / Double(length.evaluateEvery * batch * model.features)
      guard error.isFinite, model.parameters.allSatisfy(\.isFinite) else {
        throw CodecError(
          .data, "training diverged at step \(step)", at: task,
          remedy: "lower the learning rate (now \(schedule.rate))")
      }
      squares = 0
      evaluate(step: step, error: error)
      if shouldStop { break }
      reviveIfDue(step: step)
    }
    if step < length.steps {
      progress?(ProgressReport(task: task, finished: step, total: step, detail: "no longer improving"))
    }
    guard let best else { preconditionFailure("the first evaluation always counts") }
    model.parameters = best.parameters
    if let ridge = recipe.refitRidge {
      model.refitAtoms(data: data, rows: split.training, ridge: Float(ridge))
    }
    return TrainedAutoencoder(
      model: model, history: history, steps: step, revived: revived, heldOut: split.heldOut.map { Int($0) })
  }

  /// One batch: forward, gradients, Adam.
  /// - Returns: the sum of squared errors over the batch.
  private mutating func takeStep() -> Double {
    if cursor + batch > order.count {
      orderRandom.shuffle(&order)
      cursor = 0
    }
    pass.encode(
      order[cursor..<cursor + batch], of: data, parameters: model.parameters, dropout: recipe.dropout,
      random: &dropoutRandom)
    cursor += batch
    let squares = pass.residuals(parameters: model.parameters)
    pass.backward(parameters: model.parameters, penalties: recipe.penalties)
    optimiser.step(&model.parameters, gradient: pass.gradient, learningRate: schedule.rate)
    return squares
  }

  /// Scores the held-out samples, keeps the weights if they are the best so far, and moves the learning rate.
  private mutating func evaluate(step: Int, error: Double) {
    let heldOutSquares = squaredError(of: split.heldOut)
    history.append(
      TrainingEvaluation(
        step: step, epoch: Double(step * batch) / Double(split.training.count), trainingError: error,
        heldOutError: heldOutSquares / Double(split.heldOut.count * model.features),
        heldOutR2: split.heldOut.isEmpty ? .nan : 1 - heldOutSquares / variation(of: split.heldOut),
        learningRate: schedule.rate))
    let badness = badness
    let improved = best.map { badness < $0.badness } ?? true
    if improved { best = (step, badness, model.parameters) }
    if step > 0 { schedule.advance(improved: improved) }
    let detail =
      split.heldOut.isEmpty
      ? String(format: "error %.3f", error)
      : String(format: "held-out R² %.3f", history.last?.heldOutR2 ?? .nan)
    progress?(ProgressReport(task: task, finished: step, total: length.steps, detail: detail))
  }

  /// What the best weights have least of: held-out error, averaged over the last evaluations, plus training error.
  ///
  /// A short recording's held-out samples are few and alike, so one evaluation of them is mostly chance: without the
  /// average and the training error, lucky early weights win.
  private var badness: Double {
    guard let last = history.last, !last.trainingError.isNaN else { return .infinity }
    guard !split.heldOut.isEmpty else { return last.trainingError }
    let recent = history.dropFirst().suffix(Self.smoothing)
    return recent.reduce(0) { $0 + $1.heldOutError } / Double(recent.count) + last.trainingError
  }

  /// Evaluations averaged to judge weights by their held-out error.
  private static var smoothing: Int { 5 }

  private var shouldStop: Bool {
    guard let patience = recipe.patience, let best else { return false }
    return history.reversed().prefix { $0.step > best.step }.count >= patience
  }

  /// Sum of squared errors of some rows, without dropout.
  private mutating func squaredError(of rows: [UInt32]) -> Double {
    var squares = 0.0
    for start in stride(from: 0, to: rows.count, by: SparseAutoencoder.evaluationBatch) {
      let batch = rows[start..<min(start + SparseAutoencoder.evaluationBatch, rows.count)]
      scoringPass.encode(batch, of: data, parameters: model.parameters)
      squares += scoringPass.residuals(parameters: model.parameters)
    }
    return squares
  }

  /// Sum of squares of some rows' entries about their grand mean.
  private func variation(of rows: [UInt32]) -> Double {
    var (sum, squares) = (0.0, 0.0)
    for row in rows {
      for value in data[Int(row) * model.features..<(Int(row) + 1) * model.features] {
        sum += Double(value)
        squares += Double(value) * Double(value)
      }
    }
    return squares - sum * sum / Double(rows.count * model.features)
  }
}

extension AutoencoderTrainer {
  /// Gives modes that are on for no training sample a new start, when the recipe says it is time.
  private mutating func reviveIfDue(step: Int) {
    guard let revival = recipe.revival, step % (revival.evaluations * length.evaluateEvery) == 0,
      Double(step) <= revival.until * Double(length.steps)
    else { return }
    let rows = Self.spread(split.training, count: Revival.samples)
    let changed = model.reviveDead(
      data: data, rows: rows, modesOn: revival.modesOn, pass: &scoringPass, random: &revivalRandom)
    for range in changed { optimiser.forget(range) }
    revived += changed.count / 2
  }
}
