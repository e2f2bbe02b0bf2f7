import Contributions
import Networks
import Numerics
import Runtime

/// A classifier some of whose layers' channels can be taken out: what a perturbation experiment runs. Belongs to one
/// thread.
///
/// Where every path leads through the first of the layers, the network up to it runs once for each batch of pictures and
/// only the rest runs again for each perturbation.
package final class PerturbedModel {
  /// The layers, in the network's order.
  package let taps: [Tap]
  /// The largest number of pictures of one call.
  package let batch: Int
  private let head: Plan?
  private let tail: Plan

  /// - Parameters:
  ///   - layers: in any order.
  ///   - batch: the largest number of pictures of one call.
  /// - Throws: `CodecError` of kind `usage` for unknown layers.
  package init(_ model: LoadedModel, layers: [String], batch: Int) throws {
    let network = model.network
    let order = network.tensors
    for layer in layers where network.shapes[layer] == nil {
      throw CodecError.unknown("layer", layer, valid: model.taps, at: network.name)
    }
    taps = try layers.sorted { order.firstIndex(of: $0)! < order.firstIndex(of: $1)! }.map {
      try Tap($0, of: network, reduction: model.reductions[$0])
    }
    self.batch = batch
    let first = taps[0]
    let splits = first.isFullCut && first.name != network.input && first.name != network.output
    head =
      splits
      ? try Plan(network: try network.slice(from: network.input, to: first.name), batch: batch, taps: [])
      : nil
    tail = try Plan(
      network: splits ? try network.slice(from: first.name, to: network.output) : network, batch: batch,
      taps: taps.map(\.name))
  }

  /// What perturbations of some pictures start from: the first layer, or the pictures themselves.
  /// - Parameter inputs: `[picture, channel, y, x]`, normalised.
  package func start(_ inputs: Tensor) throws -> Tensor { try head?.forward(inputs) ?? inputs }

  /// The outputs with channels scaled, `[picture, class]`.
  /// - Parameters:
  ///   - start: from ``start(_:)``.
  ///   - factors: for each of ``taps`` one factor for each channel; the same for every picture.
  package func output(from start: Tensor, factors: [[Float]]) throws -> Tensor {
    let masks = zip(taps, factors).map { tap, factors in
      ChannelMask(
        tap.name, layout: tap.layout,
        factors: Tensor(
          shape: [start.rows, factors.count],
          elements: Array(repeating: factors, count: start.rows).flatMap { $0 }))
    }
    return try tail.forward(start, masks: masks)
  }

  /// The outputs as they are.
  package func output(from start: Tensor) throws -> Tensor { try tail.forward(start) }
}

/// The share of pictures whose label is among the `top` largest outputs; equal outputs count in their order.
package func accuracy(_ output: Tensor, labels: [Int], top: Int) -> Double {
  let correct = labels.enumerated().count { row, label in
    let values = Array(output.row(row))
    let above = values.indices.count {
      values[$0] > values[label] || values[$0] == values[label] && $0 < label
    }
    return above < top
  }
  return Double(correct) / Double(labels.count)
}
