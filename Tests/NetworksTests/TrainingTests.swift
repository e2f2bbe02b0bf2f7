import Networks
import Numerics
import Retina
import Storage
import TestSupport
import Testing

/// One training step of a small network against PyTorch's, and gradients against finite differences.
struct TrainingTests {
  /// A fixture of `scripts/fixtures/training.py`.
  struct StepCase {
    let file: Safetensors
    let stack: ConvolutionalStack
    let movie: MovieWindows
    let targets: [Float]
    let network: TrainableNetwork

    init(_ norm: ConvolutionalStack.Norm) throws {
      let file = try Safetensors(reading: Fixtures.path("training/\(norm.rawValue).safetensors"))
      self.file = file
      stack = ConvolutionalStack(
        input: [4, 9, 8],
        layers: [.init(channels: 5, kernel: [3, 4]), .init(channels: 9, kernel: [2, 3])], outputs: 3,
        norm: norm)
      movie = MovieWindows(
        frames: try file.tensor("movie").reshaped([60, 1, 9, 8]), history: 4,
        starts: try file.tensor("starts").elements.map { Int($0) })
      targets = try file.tensor("targets").elements
      network = try TrainableNetwork(stack: stack) { try file.tensor("before.\($0)", shape: $1) }
    }

    func run(
      _ pass: TrainingPass, _ network: TrainableNetwork, loss: TrainingLoss = .poisson,
      penalties: TrainingPenalties = TrainingPenalties(weights: 0.01, activity: 0.02)
    ) throws -> Double {
      try pass.run(
        network, movie: movie, samples: Array(0..<32)[...], targets: targets, loss: loss,
        penalties: penalties,
        random: RandomStream(seed: 5))
    }
  }

  @Test(arguments: ConvolutionalStack.Norm.allCases)
  func oneStepIsPyTorchs(_ norm: ConvolutionalStack.Norm) throws {
    let step = try StepCase(norm)
    let pass = try TrainingPass(step.stack, batch: 32, threads: 2)
    let loss = try step.run(pass, step.network)
    #expect(abs(loss - Double(try step.file.tensor("loss").elements[0])) < 1e-5)
    for entry in step.stack.parameters {
      let expected = try step.file.tensor("gradient.\(entry.name)").elements.map(Double.init)
      let found = pass.gradient[entry.range].map(Double.init)
      #expect(relativeDifference(found, expected) < 2e-5, "\(entry.name)")
    }
    var network = step.network
    var adam = Adam(count: network.parameters.count)
    adam.step(&network.parameters, gradient: pass.gradient, learningRate: 0.01)
    pass.settle(&network, momentum: 0.1)
    for (name, tensor) in network.tensors {
      let expected = try step.file.tensor("after.\(name)", shape: tensor.shape)
      #expect(relativeDifference(tensor, expected) < 2e-5, "\(name)")
    }
  }

  @Test(arguments: [TrainingLoss.poisson, .squared], ConvolutionalStack.Norm.allCases)
  func gradientsAreFiniteDifferences(_ loss: TrainingLoss, _ norm: ConvolutionalStack.Norm) throws {
    let step = try StepCase(norm)
    let pass = try TrainingPass(step.stack, batch: 32, threads: 1)
    let penalties = TrainingPenalties(weights: 0.01)
    _ = try step.run(pass, step.network, loss: loss, penalties: penalties)
    let gradient = pass.gradient
    var stream = RandomStream(seed: 11)
    for entry in step.stack.parameters {
      // A random direction through one tensor: all of its numbers at once, above the loss's rounding.
      let direction = entry.range.map { _ in Float(stream.normal()) }
      let slopes = try derivative(step: 2e-3) { t in
        var network = step.network
        for (place, index) in entry.range.enumerated() { network.parameters[index] += t * direction[place] }
        let weights = step.stack.parameters.filter { $0.shape.count > 1 }.flatMap {
          network.parameters[$0.range]
        }
        let squares = weights.reduce(0.0) { $0 + Double($1) * Double($1) }
        let value = try step.run(pass, network, loss: loss, penalties: penalties)
        return Tensor(shape: [1], elements: [Float(value + 0.01 * squares)])
      }
      let expected = zip(entry.range, direction).reduce(0.0) { $0 + Double(gradient[$1.0]) * Double($1.1) }
      let size = entry.range.reduce(0.0) { $0 + Double(gradient[$1]) * Double(gradient[$1]) }.squareRoot()
      #expect(abs(slopes[0] - expected) < 0.02 * size + 1e-3, "\(entry.name): \(slopes[0]) and \(expected)")
    }
  }

  @Test func gradientsDoNotDependOnThreads() throws {
    let step = try StepCase(.unit)
    let penalties = TrainingPenalties(weights: 0.01, activity: 0.02, noise: 0.1)
    let passes = try [1, 3].map { try TrainingPass(step.stack, batch: 32, threads: $0) }
    let losses = try passes.map { try step.run($0, step.network, penalties: penalties) }
    #expect(losses[0] == losses[1])
    #expect(passes[0].gradient == passes[1].gradient)
  }

  @Test func predictionsUseTheRunningStatistics() throws {
    let step = try StepCase(.unit)
    let pass = try TrainingPass(step.stack, batch: 32, threads: 1)
    var network = step.network
    try pass.settle(&network, movie: step.movie, over: Array(0..<32))
    let rates = try pass.predict(network, movie: step.movie, samples: Array(0..<32) + [3])
    let metadata = [
      "architecture": "retina-cnn", "history": "4", "frame": "9x8", "norm": "unit", "bn_eps": "0.001",
      "norm_mean": "0", "norm_std": "1", "output": "softplus",
    ]
    let model = try RetinaCNN().load(
      ModelWeights(name: "fitted", tensors: network.tensors, metadata: metadata))
    let windows = (Array(0..<32) + [3]).flatMap { window in
      step.movie.frames[step.movie.starts[window] * 72..<(step.movie.starts[window] + 4) * 72]
    }
    let expected = try Plan(network: model.network, batch: 33, taps: [])
      .forward(Tensor(shape: [33, 4, 9, 8], elements: windows))
    #expect(relativeDifference(rates.map(Double.init), expected.elements.map(Double.init)) < 1e-5)
  }
}
