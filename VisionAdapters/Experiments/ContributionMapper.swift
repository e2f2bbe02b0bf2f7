import Contributions
import Networks
import Numerics
import Runtime

/// Which pixels act on a class through chosen channels of a layer (paper §6, §10.8). Belongs to one thread.
///
/// For every channel c and position p of the layer, A_i(c, p) = ∂T/∂h_cp · ∂h_cp/∂x_i; T is the softmax output of the
/// class. The (c, p) are split by the sign of Σ_i A_i(c, p)·x_i, which is each unit's InputGrad contribution, so one
/// forward-mode pass along x gives all signs and one reverse pass of the gradient masked by them gives the sum.
package final class ContributionMapper {
  /// Pixels' sensitivities through the units of one sign, and their contributions.
  package struct Map: Sendable, Equatable {
    /// Σ A over the units, `[channel, y, x]` of the input.
    package let sensitivity: Tensor
    /// The sensitivities times the normalised picture: their sum is the units' contribution.
    package let contribution: Tensor
  }

  /// The layer.
  package let tap: Tap
  private let whole: Plan
  private let head: Plan

  /// - Throws: `CodecError` of kind `usage` for an unknown layer, and the input itself.
  package init(_ model: LoadedModel, layer: String) throws {
    let network = model.network
    guard network.shapes[layer] != nil, layer != network.input else {
      throw CodecError.unknown("layer", layer, valid: model.taps, at: network.name)
    }
    tap = try Tap(layer, of: network, reduction: model.reductions[layer])
    whole = try Plan(network: network, batch: 1, taps: [layer])
    head = try Plan(
      network: try network.slice(from: network.input, to: layer), batch: 1, taps: [network.input])
  }

  /// The model's outputs for a picture, and the gradient of a class's softmax with respect to the layer.
  private func layerGradient(_ picture: Tensor, _ chosen: ([Float]) -> Int) throws -> (label: Int, [Float]) {
    let output = try whole.forward(picture).elements
    let label = chosen(output)
    let target = SoftmaxTarget(
      of: OutputSumTarget(name: "class:\(label)", formula: "y[\(label)]", indices: [label]))
    let gradient = target.gradient(output.map(Double.init)).map { Float($0) }
    try whole.reverse(Tensor(shape: [1] + whole.network.outputShape, elements: gradient))
    return (label, try whole.gradient(of: tap.name).elements)
  }

  /// The maps of one picture, through units that favour the class and through those that speak against it.
  /// - Parameters:
  ///   - picture: normalised, `[1, channel, y, x]`.
  ///   - label: the class; `nil` for the one the model finds most likely.
  ///   - channels: the channels of the layer for the class.
  package func maps(
    of picture: Tensor, label wanted: Int?, channels: (_ label: Int) throws -> [Int]
  ) throws -> (label: Int, channels: [Int], positive: Map, negative: Map) {
    let (label, gradient) = try layerGradient(picture) { output in
      wanted ?? output.indices.max { output[$0] < output[$1] }!
    }
    let chosen = try channels(label)
    _ = try head.forward(picture)
    let tangent = try head.tangent(picture).elements
    var (positive, negative) = (
      [Float](repeating: 0, count: gradient.count), [Float](repeating: 0, count: gradient.count)
    )
    for unit in gradient.indices where chosen.contains(tap.channel(ofUnit: unit)) {
      let contribution = gradient[unit] * tangent[unit]
      if contribution > 0 { positive[unit] = gradient[unit] }
      if contribution < 0 { negative[unit] = gradient[unit] }
    }
    return (label, chosen, try map(of: positive, picture), try map(of: negative, picture))
  }

  private func map(of gradient: [Float], _ picture: Tensor) throws -> Map {
    try head.reverse(Tensor(shape: [1] + tap.shape, elements: gradient))
    let shape = Array(picture.shape.dropFirst())
    let sensitivity = try head.gradient(of: head.network.input).elements
    return Map(
      sensitivity: Tensor(shape: shape, elements: sensitivity),
      contribution: Tensor(shape: shape, elements: zip(sensitivity, picture.elements).map { $0 * $1 }))
  }
}

extension Tap {
  /// The channel a unit belongs to.
  fileprivate func channel(ofUnit unit: Int) -> Int { unit / layout.inner % layout.channels }
}
