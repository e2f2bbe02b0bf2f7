import Foundation
import Networks
import Numerics

/// One epoch of a fit.
public struct FitEpoch: Sendable, Equatable, Codable {
  /// Passes over the training windows so far.
  public let epoch: Int
  /// Mean loss of the epoch's batches, noise on, without penalties.
  public let loss: Double
  /// Mean loss of the held-out windows.
  public let heldOutLoss: Double
  /// Correlation of predicted and recorded rates of the held-out windows, mean over cells.
  public let heldOutCorrelation: Double
  /// Adam's step length.
  public let learningRate: Double
}

/// Everything a fit goes on from after an epoch.
struct FitState: Sendable {
  /// The weights that move.
  var network: TrainableNetwork
  /// Their running average.
  var average: [Float]
  var adam: Adam
  var learningRate: Double
  /// The best averaged weights so far, a copy of their own, with settled statistics.
  var best: TrainableNetwork
  var bestEpoch = 0
  var bestLoss = Double.infinity
  /// Epochs since the best, and since the best or the last halving.
  var stale = 0
  var staleSinceHalving = 0
  var history: [FitEpoch] = []

  /// Epochs done.
  var epoch: Int { history.count }

  init(_ stack: ConvolutionalStack, learningRate: Double, random: RandomStream) {
    network = TrainableNetwork(stack: stack, random: random.split("weights"))
    (average, best) = (network.parameters, network)
    adam = Adam(count: network.parameters.count)
    self.learningRate = learningRate
  }

  /// Takes an epoch's score; keeps the weights where they are the best, and shortens steps where nothing improves.
  mutating func note(_ epoch: FitEpoch, _ scored: TrainableNetwork, halveAfter: Int) {
    history.append(epoch)
    if epoch.heldOutLoss < bestLoss {
      (best, bestLoss, bestEpoch, stale, staleSinceHalving) = (scored, epoch.heldOutLoss, epoch.epoch, 0, 0)
      return
    }
    stale += 1
    staleSinceHalving += 1
    if staleSinceHalving >= halveAfter {
      learningRate /= 2
      staleSinceHalving = 0
    }
  }
}
