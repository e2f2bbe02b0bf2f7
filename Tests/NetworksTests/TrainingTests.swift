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
      // Half along the gradient, so that the change stands out of rounding, and half in a random direction; short steps
      // cross few of the rectifiers' kinks.
      let slope = entry.range.map { Double(gradient[$0]) }
      let noise = entry.range.map { _ in stream.normal() }
      let (size, spread) = (norm2(slope), norm2(noise))
      let direction = zip(slope, noise).map { $0 / size + $1 / spread }
      func value(_ t: Double) throws -> Double {
        var network = step.network
        for (place, index) in entry.range.enumerated() {
          network.parameters[index] += Float(t * direction[place])
        }
        let squares = step.stack.parameters.filter { $0.shape.count > 1 }.flatMap { $0.range }
          .reduce(0.0) { $0 + Double(network.parameters[$1]) * Double(network.parameters[$1]) }
        return try step.run(pass, network, loss: loss, penalties: penalties) + 0.01 * squares
      }
      let found = (try value(2e-4) - value(-2e-4)) / 4e-4
      let expected = zip(slope, direction).reduce(0.0) { $0 + $1.0 * $1.1 }
      #expect(abs(found - expected) < 0.03 * size, "\(entry.name): \(found) and \(expected)")
    }
  }

  private func norm2(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

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
    let windows = try (Array(0..<32) + [3]).flatMap { window in
      try step.movie.frames(step.movie.starts[window]..<step.movie.starts[window] + 4)
    }
    let expected = try Plan(network: model.network, batch: 33, taps: [])
      .forward(Tensor(shape: [33, 4, 9, 8], elements: windows))
    #expect(relativeDifference(rates.map(Double.init), expected.elements.map(Double.init)) < 1e-5)
  }

  /// A network that looks at two of eleven frames of three channels is one with a history of two: every lag's slopes are those
  /// of the short network, whose first layer sums over fewer inputs at once.
  @Test func everyLagHasItsGradient() throws {
    var random = RandomStream(seed: 4)
    var frames = Tensor(shape: [50, 3, 6, 5])
    random.fillNormal(&frames.elements)
    var targets = [Float](repeating: 0, count: 32 * 2)
    random.fillUniform(&targets, to: 2)
    func stack(history: Int) -> ConvolutionalStack {
      ConvolutionalStack(
        input: [3 * history, 6, 5], layers: [.init(channels: 3, kernel: [3, 2])], outputs: 2)
    }
    func gradient(_ network: TrainableNetwork, history: Int, from first: Int) throws -> [Float] {
      let pass = try TrainingPass(network.stack, batch: 32, threads: 1)
      let movie = MovieWindows(frames: frames, history: history, starts: Array(first..<first + 32))
      _ = try pass.run(
        network, movie: movie, samples: Array(0..<32)[...], targets: targets, loss: .squared,
        penalties: TrainingPenalties(), random: RandomStream(seed: 0))
      return pass.gradient
    }
    let short = TrainableNetwork(stack: stack(history: 2), random: random.split("weights"))
    // 6 inputs and 33 inputs of 6 taps for each of three outputs.
    for lag in 0...9 {
      var kernels = [Float](repeating: 0, count: 594)
      for output in 0..<3 {
        let first: Int = 198 * output + 18 * lag
        for tap in 0..<36 { kernels[first + tap] = short.parameters[36 * output + tap] }
      }
      kernels.append(contentsOf: short.parameters.dropFirst(108))
      let long = TrainableNetwork(
        stack: stack(history: 11), parameters: kernels, statistics: short.statistics)
      let expected = try gradient(short, history: 2, from: lag)
      let whole = try gradient(long, history: 11, from: 0)
      var found: [Float] = []
      for output in 0..<3 {
        let first: Int = 198 * output + 18 * lag
        found.append(contentsOf: whole[first..<(first + 36)])
      }
      found.append(contentsOf: whole.dropFirst(594))
      #expect(relativeDifference(found.map(Double.init), expected.map(Double.init)) < 1e-5, "lag \(lag)")
    }
  }

  /// A movie whose transforms do not fit is read again for every call, and in portions for training.
  @Test func movieThatDoesNotFitGivesTheSame() throws {
    let step = try StepCase(.unit)
    let read = ReadCount()
    let movie = MovieWindows(
      frameCount: 60, frameShape: [1, 9, 8], history: 4, starts: step.movie.starts, budget: 0
    ) { range in
      read.add(range.count)
      return try step.movie.frames(range)
    }
    let pass = try TrainingPass(step.stack, batch: 32, threads: 1)
    let samples = Array(0..<32)
    let rates = try [step.movie, movie].map { try pass.predict(step.network, movie: $0, samples: samples) }
    #expect(relativeDifference(rates[0].map(Double.init), rates[1].map(Double.init)) < 1e-5)
    #expect(read.frames >= 32)
    let gradients = try [step.movie, movie].map { movie in
      _ = try pass.run(
        step.network, movie: movie, samples: samples[...], targets: step.targets, loss: .poisson,
        penalties: TrainingPenalties(), random: RandomStream(seed: 1))
      return pass.gradient.map(Double.init)
    }
    #expect(relativeDifference(gradients[0], gradients[1]) < 1e-5)
    let before = read.frames
    try movie.holding(samples) {
      _ = try pass.predict(step.network, movie: movie, samples: samples)
      _ = try pass.predict(step.network, movie: movie, samples: [3])
    }
    #expect(read.frames - before <= 60, "frames are read once while they are held")
  }

  @Test func portionsHoldEveryWindowOnceAndFitTheBudget() throws {
    let starts = Array(0..<9_000)
    func movie(_ budget: Int) -> MovieWindows {
      MovieWindows(frameCount: 9_003, frameShape: [1, 9, 8], history: 4, starts: starts, budget: budget) {
        Array(repeating: 0, count: $0.count * 72)
      }
    }
    var random = RandomStream(seed: 3)
    #expect(movie(9_003 * 360).portions(of: starts, batch: 16, random: &random).count == 1)
    // A frame of 9 × 8 has spectra of 9 × 5 complex numbers, 360 bytes.
    let portions = movie(2_000 * 360).portions(of: starts, batch: 16, random: &random)
    #expect(portions.count == 5)
    #expect(portions.flatMap { $0 }.sorted() == starts)
    for portion in portions {
      #expect(Set(portion.flatMap { $0..<$0 + 4 }).count <= 2_000)
      #expect(portion != portion.sorted())
      // From all over the movie.
      #expect((portion.min() ?? 0) < 3_000 && (portion.max() ?? 0) > 6_000)
    }
    // However little fits, portions are some batches long.
    #expect(movie(0).portions(of: starts, batch: 128, random: &random).count == 17)
  }

  /// Frames that were read.
  private final class ReadCount: @unchecked Sendable {
    private(set) var frames = 0
    func add(_ count: Int) { frames += count }
  }
}
