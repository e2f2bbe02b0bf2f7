import Foundation

/// The learning rate over the evaluations of one training.
struct LearningRateSchedule {
  private let kind: TrainingRecipe.Schedule
  private let start: Double
  private let evaluations: Int
  private var done = 0
  private var withoutImprovement = 0
  /// The learning rate of the next step.
  private(set) var rate: Double

  /// - Parameters:
  ///   - evaluations: how many the longest training has.
  init(_ kind: TrainingRecipe.Schedule, start: Double, evaluations: Int) {
    self.kind = kind
    self.start = start
    self.evaluations = max(1, evaluations)
    rate = start
  }

  /// To be called after every evaluation.
  mutating func advance(improved: Bool) {
    done += 1
    withoutImprovement = improved ? 0 : withoutImprovement + 1
    switch kind {
    case .decay(let factor, let every): rate = start * pow(factor, Double(done / every))
    case .halve(let patience):
      if withoutImprovement > patience {
        rate /= 2
        withoutImprovement = 0
      }
    case .cosine(let final):
      let phase = min(1, Double(done) / Double(evaluations))
      rate = start * (final + (1 - final) * 0.5 * (1 + cos(.pi * phase)))
    }
  }
}

extension TrainingRecipe {
  /// Batches of the longest training and between two evaluations.
  func length(batchesPerEpoch: Int) -> (steps: Int, evaluateEvery: Int) {
    switch length {
    case .epochs(let epochs): (epochs * batchesPerEpoch, batchesPerEpoch)
    case .steps(let steps, let every): (steps, min(every, steps))
    }
  }
}
