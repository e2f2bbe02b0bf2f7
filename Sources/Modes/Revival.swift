import Foundation
import Numerics

/// Gives modes that are never on a new start where the reconstruction is worst.
///
/// One mode after another: a sample is drawn with chances proportional to its squared error; the samples whose hidden
/// vectors resemble its own most are taken together, as many as lower the squared error most; the mode's encoder row
/// becomes the drawn sample's hidden vector, scaled so that exactly these samples are on; its atom becomes their
/// residuals' least-squares atom, which is taken off the residuals before the next mode. So no revival raises the
/// error on the samples it saw.
struct Revival {
  private let features: Int
  private let hidden: Int
  private let target: Double
  /// Data minus reconstruction [sample][feature], and last hidden layer [sample][hidden].
  private var residuals: [Float] = []
  private var vectors: [Float] = []
  private var errors: [Double] = []
  /// Modes that are on for none of the samples.
  private(set) var dead: [Int]

  private let largestGroup: Int

  /// A group smaller than this many samples is an accident, not a mode.
  private static let smallestGroup = 4
  /// Samples looked at, and modes revived at once at most.
  static let samples = 1024
  static let mostAtOnce = 256

  /// - Parameters:
  ///   - modesOn: how many modes would be on in a sample if all had the largest group.
  init(
    of model: SparseAutoencoder, data: [Float], rows: [UInt32], modesOn: Double, pass: inout AutoencoderPass
  ) {
    features = model.features
    hidden = model.hidden
    target = log(model.threshold / (1 - model.threshold))
    var isOn = [Bool](repeating: false, count: model.modes)
    for start in stride(from: 0, to: rows.count, by: SparseAutoencoder.evaluationBatch) {
      let batch = rows[start..<min(start + SparseAutoencoder.evaluationBatch, rows.count)]
      pass.encode(batch, of: data, parameters: model.parameters)
      for entry in 0..<pass.codes.count { isOn[Int(pass.codes.code[entry])] = true }
      _ = pass.residuals(parameters: model.parameters)
      residuals += pass.error.prefix(batch.count * features).map { -$0 }
      vectors += pass.hiddenVectors.prefix(batch.count * hidden)
    }
    let share = min(modesOn / Double(model.modes), 0.5)
    largestGroup = max(Self.smallestGroup, Int(Double(rows.count) * share))
    dead = isOn.indices.filter { !isOn[$0] }
    errors = rows.indices.map { row in
      residuals[row * features..<(row + 1) * features].reduce(0.0) { $0 + Double($1 * $1) }
    }
  }

  /// A mode's new weights.
  struct Start {
    let encoder: [Float]
    let atom: [Float]
  }

  /// The next mode's start; nil when nothing is left to explain.
  mutating func next(_ random: inout RandomStream) -> Start? {
    guard let seed = draw(&random) else { return nil }
    let direction = Array(vectors[seed * hidden..<(seed + 1) * hidden])
    let likeness = errors.indices.map { row -> Double in
      var sum: Float = 0
      for unit in 0..<hidden { sum += vectors[row * hidden + unit] * direction[unit] }
      return Double(sum)
    }
    let order = errors.indices.filter { likeness[$0] > 0 }.sorted { likeness[$0] > likeness[$1] }
    guard let size = bestGroup(order) else {
      errors[seed] = 0
      return Start(encoder: [], atom: [])
    }
    let edge =
      size < order.count ? (likeness[order[size - 1]] + likeness[order[size]]) / 2 : likeness[order[size - 1]]
    let factor = target / edge
    let atom = explain(order.prefix(size), likeness: likeness, factor: factor)
    return Start(encoder: direction.map { Float(Double($0) * factor) }, atom: atom)
  }

  /// How many samples of the order, taken together, one atom helps most: maximises |Σ r|² / n.
  private func bestGroup(_ order: [Int]) -> Int? {
    var sum = [Float](repeating: 0, count: features)
    var best: (gain: Float, size: Int)?
    for (place, row) in order.prefix(largestGroup).enumerated() {
      var power: Float = 0
      for feature in 0..<features {
        sum[feature] += residuals[row * features + feature]
        power += sum[feature] * sum[feature]
      }
      let gain = power / Float(place + 1)
      if place + 1 >= Self.smallestGroup && gain > best?.gain ?? 0 { best = (gain, place + 1) }
    }
    return best?.size
  }

  /// The least-squares atom of a group, taken off its residuals.
  private mutating func explain(_ group: ArraySlice<Int>, likeness: [Double], factor: Double) -> [Float] {
    var atom = [Float](repeating: 0, count: features)
    var power: Float = 0
    let codes = group.map { Float(1 / (1 + exp(-likeness[$0] * factor))) }
    for (row, code) in zip(group, codes) {
      power += code * code
      for feature in 0..<features { atom[feature] += code * residuals[row * features + feature] }
    }
    for feature in 0..<features { atom[feature] /= power }
    for (row, code) in zip(group, codes) {
      var error = 0.0
      for feature in 0..<features {
        residuals[row * features + feature] -= code * atom[feature]
        error += Double(residuals[row * features + feature] * residuals[row * features + feature])
      }
      errors[row] = error
    }
    return atom
  }

  /// A sample drawn with chances proportional to the squared errors; nil when all are zero.
  private func draw(_ random: inout RandomStream) -> Int? {
    let total = errors.reduce(0, +)
    guard total > 0, total.isFinite else { return nil }
    var left = random.uniform() * total
    for (row, error) in errors.enumerated() where error > 0 {
      left -= error
      if left <= 0 { return row }
    }
    return errors.lastIndex { $0 > 0 }
  }
}

extension SparseAutoencoder {
  /// Gives every dead mode a new start (see `Revival`).
  /// - Returns: the parameter ranges that were set, two for each revived mode.
  mutating func reviveDead(
    data: [Float], rows: [UInt32], modesOn: Double, pass: inout AutoencoderPass, random: inout RandomStream
  ) -> [Range<Int>] {
    var revival = Revival(of: self, data: data, rows: rows, modesOn: modesOn, pass: &pass)
    var changed: [Range<Int>] = []
    for mode in revival.dead.prefix(Revival.mostAtOnce) {
      guard let start = revival.next(&random) else { break }
      guard !start.atom.isEmpty else { continue }
      let encoder = range(of: .layer3Weight).lowerBound + mode * hidden
      let atom = range(of: .atoms).lowerBound + mode * features
      parameters.replaceSubrange(encoder..<encoder + hidden, with: start.encoder)
      parameters.replaceSubrange(atom..<atom + features, with: start.atom)
      changed += [encoder..<encoder + hidden, atom..<atom + features]
    }
    return changed
  }
}
