import COneDNN
import Runtime
import Synchronization

/// The weights of one operator in the layouts that oneDNN's primitives want: packed once, and read by the plans of all
/// threads.
final class PackedWeights: Sendable {
  private struct Packing: @unchecked Sendable {
    let memory: codec_dnnl_packing
    /// What each output channel was multiplied by.
    let factor: [Float]?
  }

  private let packings = Mutex<[Packing]>([])

  deinit {
    packings.withLock { for packing in $0 { free(packing.memory.numbers) } }
  }

  /// Gives a layer its weights, packed now unless another layer wanted the same before.
  /// - Parameters:
  ///   - plain: `[output, input / groups, y, x]`.
  ///   - factor: what each output is multiplied by; `nil` for 1.
  func lend(
    to layer: UnsafeMutablePointer<codec_dnnl_layer>, sizes: codec_dnnl_sizes, plain: [Float],
    factor: [Float]?, _ workspace: PlanWorkspace
  ) throws {
    let memory = try packings.withLock { packings in
      if let known = packings.first(where: {
        var memory = $0.memory
        return $0.factor == factor && codec_dnnl_layer_fits(layer, &memory) != 0
      }) {
        return known
      }
      var (sizes, memory) = (sizes, codec_dnnl_packing())
      let weights = Self.scaled(plain, by: factor)
      guard codec_dnnl_layer_pack(&workspace.context, layer, &sizes, weights, &memory) != 0 else {
        throw CodecError(.bug, "oneDNN packs no weights")
      }
      let made = Packing(memory: memory, factor: factor)
      packings.append(made)
      return made
    }.memory
    var lent = memory
    guard codec_dnnl_layer_take(&workspace.context, layer, &lent) != 0 else {
      throw CodecError(.bug, "oneDNN takes no packed weights")
    }
  }

  private static func scaled(_ weights: [Float], by factor: [Float]?) -> [Float] {
    guard let factor else { return weights }
    let row = weights.count / factor.count
    return weights.enumerated().map { $1 * factor[$0 / row] }
  }
}
