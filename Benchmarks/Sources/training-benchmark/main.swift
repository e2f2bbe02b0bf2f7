import Foundation
import Networks
import Numerics

// Times epochs of training the retina network; `training.py` times PyTorch on the same work.
//
//     training-benchmark [frames side history threads]

let sizes = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let (frames, side) = (sizes.count > 0 ? sizes[0] : 4500, sizes.count > 1 ? sizes[1] : 24)
let (history, threads) = (sizes.count > 2 ? sizes[2] : 20, sizes.count > 3 ? sizes[3] : 2)
let (cells, batch) = (9, 128)

var random = RandomStream(seed: 1)
var movie = Tensor(shape: [frames, 1, side, side])
random.fillNormal(&movie.elements)
let windows = MovieWindows(frames: movie, history: history, starts: Array(0..<frames - history))
var targets = [Float](repeating: 0, count: windows.starts.count * cells)
random.fillUniform(&targets, to: 2)
let kernels = [2 * Int(0.15 * Double(side)) + 1, 2 * Int(0.105 * Double(side)) + 1]
let stack = ConvolutionalStack(
  input: windows.shape, layers: kernels.map { .init(channels: 8, kernel: [$0, $0]) }, outputs: cells)
var network = TrainableNetwork(stack: stack, random: random.split("weights"))
var adam = Adam(count: network.parameters.count)
let pass = try TrainingPass(stack, batch: batch, threads: threads)
let penalties = TrainingPenalties(weights: 1e-3, noise: 0.1)

for run in 1...4 {
  let order = random.permutation(windows.starts.count)
  let time = try ContinuousClock().measure {
    for start in stride(from: 0, through: order.count - batch, by: batch) {
      _ = try pass.run(
        network, movie: windows, samples: order[start..<start + batch], targets: targets, loss: .poisson,
        penalties: penalties, random: random.split(run).split(start))
      adam.step(&network.parameters, gradient: pass.gradient, learningRate: 1e-3)
      pass.settle(&network, momentum: 0.1)
    }
  }
  print("epoch \(run): \(frames) frames of \(side)×\(side), kernels \(kernels), \(threads) threads: \(time)")
}
