import Numerics
import Runtime

/// Factors on the channels of a tensor, for each sample of a pass: 0 takes a channel out, 1 leaves it as it is.
public struct ChannelMask: Sendable {
  /// Name of the tensor.
  public let tensor: String
  /// How the tensor's units fall into channels.
  package let layout: ChannelLayout
  /// `[sample, channel]`
  public let factors: Tensor

  /// - Parameters:
  ///   - layout: of the tensor's per-sample shape.
  ///   - factors: a row for each sample of the pass.
  package init(_ tensor: String, layout: ChannelLayout, factors: Tensor) {
    precondition(factors.shape.count == 2 && factors.shape[1] == layout.channels)
    (self.tensor, self.layout, self.factors) = (tensor, layout, factors)
  }
}

extension Plan {
  /// Runs the network with some tensors' channels scaled as soon as they are made, so that everything after them sees
  /// the change.
  /// - Parameters:
  ///   - input: `[n, input shape…]`, n at most the batch.
  ///   - masks: of taps of this plan, or of its input.
  /// - Returns: `[n, output shape…]`.
  /// - Throws: as `forward(_:)`.
  public func forward(_ input: Tensor, masks: [ChannelMask]) throws -> Tensor {
    for mask in masks {
      precondition(taps.contains(mask.tensor) || mask.tensor == network.input, "\(mask.tensor) is no tap")
      precondition(
        mask.factors.rows == input.rows && mask.layout.units == elementCount(network.shapes[mask.tensor]!))
    }
    return try forward(input) { tensor in
      for mask in masks where mask.tensor == tensor { self.scale(by: mask) }
    }
  }

  private func scale(by mask: ChannelMask) {
    let (buffer, layout) = (values[mask.tensor], layout(of: mask.tensor, mask.layout))
    for sample in 0..<mask.factors.rows {
      for channel in 0..<layout.channels {
        let factor = mask.factors.elements[sample * layout.channels + channel]
        guard factor != 1 else { continue }
        for outer in 0..<layout.outer {
          let start = sample * layout.units + (outer * layout.channels + channel) * layout.inner
          for unit in start..<start + layout.inner { buffer[unit] *= factor }
        }
      }
    }
  }
}
