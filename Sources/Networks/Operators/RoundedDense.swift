import COneDNN
import CKernels

/// A dense layer in bf16 on many vectors: to oneDNN a 1×1 convolution of an image with a pixel for each vector.
final class CompiledRoundedDense: CompiledOperator {
  let backend: String? = "onednn, bf16"
  private let layer: ChannelsLastLayer
  private let rows: Int
  private let outputs: Int
  private let inputs: Int
  private let hasBias: Bool
  private let workspace: PlanWorkspace

  /// - Parameter rows: vectors of one sample.
  init(_ dense: Dense, rows: Int, _ workspace: PlanWorkspace) {
    let (outputs, inputs) = (dense.weight.shape[0], dense.weight.shape[1])
    (self.outputs, self.inputs, self.rows, self.workspace) = (outputs, inputs, rows, workspace)
    hasBias = dense.bias != nil
    layer = ChannelsLastLayer(
      workspace: workspace, weight: dense.weight.elements, packed: dense.packed, bias: dense.bias,
      sizes: { samples in
        let size = (Int32(samples * rows), Int32(1))
        return codec_dnnl_sizes(
          samples: 1, groups: 1, in_channels: Int32(inputs), in_size: size, out_channels: Int32(outputs),
          out_size: size, kernel: (1, 1), stride: (1, 1), padding: (0, 0), dilation: (1, 1))
      })
  }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) throws {
    try layer.run(
      hasBias ? .bias : [], samples: samples, source: inputs[0], sourceCount: rows * self.inputs,
      result: output)
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) throws {
    guard let sink = inputGradients[0] else { return }
    let count = samples * rows * self.inputs
    let target = sink.adds ? workspace.scratch(count) : sink.buffer
    try layer.run(
      .transposed, samples: samples, source: outputGradient, sourceCount: rows * outputs, result: target)
    if sink.adds { codec_scaled(count, 1, target, sink.buffer, 1) }
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) throws {
    try layer.run(
      [], samples: samples, source: inputTangents[0], sourceCount: rows * self.inputs, result: outputTangent)
  }
}
