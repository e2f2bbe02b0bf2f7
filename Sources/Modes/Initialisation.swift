import Foundation
import Numerics

extension SparseAutoencoder {
  /// An autoencoder with random weights: linear layers uniform within ±1/√inputs (biases too), layer norms at one and
  /// zero, atoms Xavier-uniform within ±√(6 / (modes + features)).
  init(recipe: TrainingRecipe, features: Int, random: RandomStream) {
    self.init(
      features: features, hidden: recipe.hiddenWidth(features: features),
      modes: recipe.modeCount(features: features),
      threshold: recipe.threshold, nonnegative: recipe.nonnegative)
    for part in Part.allCases {
      var values = [Float](repeating: 0, count: range(of: part).count)
      let bound: Double
      switch part {
      case .norm1Weight, .norm2Weight:
        values = Array(repeating: 1, count: values.count)
        bound = 0
      case .norm1Bias, .norm2Bias: bound = 0
      case .layer1Weight, .layer1Bias: bound = 1 / Double(features).squareRoot()
      case .layer2Weight, .layer2Bias, .layer3Weight: bound = 1 / Double(hidden).squareRoot()
      case .atoms: bound = (6 / Double(modes + features)).squareRoot()
      }
      if bound > 0 {
        var stream = random.split(part.rawValue)
        stream.fillUniform(&values, from: Float(-bound), to: Float(bound))
      }
      parameters.replaceSubrange(range(of: part), with: values)
    }
  }

  /// Scales the last encoder layer so that about `count` modes are on in each of the given samples.
  ///
  /// The hard threshold passes no gradient below it, so a model that starts with every code off stays so. Pre-codes
  /// are linear in the last layer, hence one factor brings their quantile to logit(threshold), whatever the sizes.
  /// Thresholds up to a half have more codes on anyway and are left alone.
  mutating func scaleEncoder(toActive count: Double, data: [Float], rows: [UInt32]) {
    let target = log(threshold / (1 - threshold))
    guard target > 0, !rows.isEmpty else { return }
    var pass = AutoencoderPass(for: self, samples: rows.count, preThreshold: -.infinity)
    pass.encode(rows[...], of: data, parameters: parameters)
    let sorted = pass.codes.pre.prefix(pass.codes.count).sorted()
    let share = min(count / Double(modes), 0.5)
    let place = min(sorted.count - 1, Int(Double(sorted.count) * (1 - share)))
    guard sorted[place] > 0 else { return }
    let factor = Float(target) / sorted[place]
    for index in range(of: .layer3Weight) { parameters[index] *= factor }
  }
}
