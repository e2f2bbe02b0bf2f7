import Foundation
import Numerics

extension SparseAutoencoder {
  /// How far above the threshold, before the sigmoid, a revived mode answers to the sample it was made for.
  private static let revivalMargin = 1.0

  /// Gives each mode that is on for none of the rows a new start at a badly reconstructed sample: its atom becomes the
  /// sample's residual, its encoder row the sample's hidden vector, scaled so that the mode is on there.
  ///
  /// Samples are drawn with chances proportional to their squared error, each at most once.
  /// - Returns: the parameter ranges that were set, two for each revived mode.
  mutating func reviveDead(
    data: [Float], rows: [UInt32], pass: inout AutoencoderPass, random: inout RandomStream
  ) -> [Range<Int>] {
    var isOn = [Bool](repeating: false, count: modes)
    var residuals = [Float](), hiddens = [Float](), errors = [Double]()
    for start in stride(from: 0, to: rows.count, by: Self.evaluationBatch) {
      let batch = rows[start..<min(start + Self.evaluationBatch, rows.count)]
      pass.encode(batch, of: data, parameters: parameters)
      for entry in 0..<pass.codes.count { isOn[Int(pass.codes.code[entry])] = true }
      _ = pass.residuals(parameters: parameters)
      residuals += pass.error.prefix(batch.count * features)
      hiddens += pass.hiddenVectors.prefix(batch.count * hidden)
    }
    for row in rows.indices {
      errors.append(residuals[row * features..<(row + 1) * features].reduce(0.0) { $0 + Double($1 * $1) })
    }
    let target = log(threshold / (1 - threshold)) + Self.revivalMargin
    var changed: [Range<Int>] = []
    for mode in 0..<modes where !isOn[mode] {
      guard let row = random.draw(weights: errors) else { break }
      errors[row] = 0
      let residual = residuals[row * features..<(row + 1) * features].map { -$0 }
      let vector = Array(hiddens[row * hidden..<(row + 1) * hidden])
      let power = vector.reduce(0.0) { $0 + Double($1 * $1) }
      guard power > 0 else { continue }
      let encoder = range(of: .layer3Weight).lowerBound + mode * hidden
      let atom = range(of: .atoms).lowerBound + mode * features
      for index in 0..<hidden { parameters[encoder + index] = vector[index] * Float(target / power) }
      for index in 0..<features { parameters[atom + index] = residual[index] }
      changed += [encoder..<encoder + hidden, atom..<atom + features]
    }
    return changed
  }
}

extension RandomStream {
  /// An index drawn with chances proportional to the weights; nil when all are zero.
  fileprivate mutating func draw(weights: [Double]) -> Int? {
    let total = weights.reduce(0, +)
    guard total > 0, total.isFinite else { return nil }
    var left = uniform() * total
    for (index, weight) in weights.enumerated() where weight > 0 {
      left -= weight
      if left <= 0 { return index }
    }
    return weights.lastIndex { $0 > 0 }
  }
}
