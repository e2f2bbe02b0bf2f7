import Networks
import Numerics
import Runtime

/// One thread's machinery for instantaneous receptive fields: the first layer once a window, then every cell's
/// gradient at once, cells riding in the batch, and one transposed first layer.
final class ReceptiveFieldPlan {
  private let series: SeriesPlan
  private let tail: Plan
  private let units: [Int]

  /// - Parameters:
  ///   - units: rows of the model's output to differentiate.
  ///   - windows: the largest number of windows of one call.
  init(model: LoadedModel, units: [Int], windows: Int) throws {
    let preprocessing = model.preprocessing
    series = try SeriesPlan(
      network: model.network, frameShape: preprocessing.frameShape, history: preprocessing.history,
      maxSamples: windows * units.count)
    tail = try Plan(network: series.tail, batch: windows * units.count, taps: [series.tail.input])
    self.units = units
  }

  /// Gradients and rates of consecutive windows.
  /// - Parameters:
  ///   - frames: normalised, `[n + history − 1, channel, y, x]`.
  /// - Returns: `fields` `[n · cell, history × channel, y, x]` and `rates` `[n, cell]`.
  func run(_ frames: Tensor) throws -> (fields: Tensor, rates: Tensor) {
    let layer = try series.firstLayer(frames)
    let outputs = try tail.forward(repeated(layer))
    let unitCount = outputs.rowCount
    var selected = Tensor(shape: outputs.shape)
    var rates = Tensor(shape: [layer.rows, units.count])
    for row in 0..<outputs.rows {
      let unit = units[row % units.count]
      selected.elements[row * unitCount + unit] = 1
      rates.elements[row] = outputs.elements[row * unitCount + unit]
    }
    try tail.reverse(selected)
    let fields = try series.inputGradient(tail.gradient(of: series.tail.input))
    return (fields, rates)
  }

  /// Each row as often as there are cells.
  private func repeated(_ tensor: Tensor) -> Tensor {
    var elements: [Float] = []
    elements.reserveCapacity(tensor.count * units.count)
    for row in 0..<tensor.rows {
      for _ in units { elements.append(contentsOf: tensor.row(row)) }
    }
    return Tensor(shape: [tensor.rows * units.count] + tensor.shape.dropFirst(), elements: elements)
  }
}
