import Modes
import Numerics

// Times the training of one sparse autoencoder; `autoencoder.py` times PyTorch on the same work.
//
//     autoencoder-benchmark [samples features modes epochs]

let sizes = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let (samples, features) = (sizes.count > 0 ? sizes[0] : 6000, sizes.count > 1 ? sizes[1] : 16)
let (modes, epochs) = (sizes.count > 2 ? sizes[2] : 160, sizes.count > 3 ? sizes[3] : 800)

/// Like contributions: sparse sums of a few patterns, the first half of the features negative, the others positive.
func matrix() -> Tensor {
  var random = RandomStream(seed: 1)
  let patterns = (0..<3 * features).map { _ in (0..<features).map { _ in max(0, Float(random.normal())) } }
  var data = Tensor(shape: [samples, features])
  for sample in 0..<samples {
    for _ in 0..<4 {
      let (pattern, gain) = (patterns[random.integer(below: patterns.count)], Float(random.uniform()))
      for feature in 0..<features {
        data.elements[sample * features + feature] +=
          (feature < features / 2 ? -gain : gain) * pattern[feature]
      }
    }
  }
  return data
}

var recipe = TrainingRecipe.paper
recipe.modes = modes
recipe.length = .epochs(count: epochs)
recipe.learningRate = 1e-3
recipe.initialisation = .alive(modes: 0.1 * Double(modes))
recipe.heldOut = 0

BLAS.useThreads(1)
let data = matrix()
let clock = ContinuousClock()
for run in 1...3 {
  var result: Decomposition?
  let time = try clock.measure { result = try Decomposition.fit(data, recipe: recipe) }
  guard let result else { continue }
  let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
  print(
    "run \(run): \(samples)×\(features), \(modes) modes, \(epochs) epochs, \(result.steps) steps:",
    "\((seconds * 1000).rounded() / 1000) s, \((seconds / Double(result.steps) * 1e7).rounded() / 10) µs a step;",
    "R² \((result.quality.r2 * 1000).rounded() / 1000), \(result.alive) alive,",
    "\((result.meanActive * 10).rounded() / 10) on in a sample")
}
