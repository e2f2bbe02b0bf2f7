import Foundation
import Numerics
import ONNXSchema
import Runtime
import SwiftProtobuf

/// Writes networks as ONNX, with the model's metadata, for other programs to run.
public enum ONNXExport {
  /// The file's bytes, opset 17 with an open batch axis named `n`.
  /// - Throws: `CodecError` of kind `data` listing the operators that cannot be written.
  public static func bytes(of model: LoadedModel, software: String) throws -> [UInt8] {
    let network = model.network
    var graph = ONNXGraphWriter()
    graph.graph.name = network.name
    graph.graph.input = [graph.value(network.input, network.inputShape)]
    graph.graph.output = [graph.value(network.output, network.outputShape)]
    var refused: [String] = []
    for node in network.nodes where !(try graph.add(node, inputShapes: node.inputs.map(network.shape))) {
      refused.append("\(node.name) (\(node.operation.kind))")
    }
    guard refused.isEmpty else {
      throw CodecError(
        .data, "\(refused.count) operators cannot be written as ONNX: \(refused.joined(separator: ", "))",
        at: network.name)
    }
    var file = ONNXModel()
    (file.irVersion, file.producerName, file.graph) = (8, software, graph.graph)
    file.opsetImport = [ONNXOperatorSet.with { $0.version = 17 }]
    var metadata = model.metadata
    metadata["layers"] = String(decoding: try JSONEncoder().encode(model.taps), as: UTF8.self)
    file.metadataProps = metadata.sorted { $0.key < $1.key }.map { entry in
      ONNXStringEntry.with { ($0.key, $0.value) = (entry.key, entry.value) }
    }
    return try file.serializedBytes()
  }
}

/// A graph while it is written.
private struct ONNXGraphWriter {
  var graph = ONNXGraph()

  func value(_ name: String, _ shape: [Int]) -> ONNXValueInfo {
    let sizes = shape.map { size in ONNXShape.Dimension.with { $0.dimValue = Int64(size) } }
    return .with {
      $0.name = name
      $0.type.tensorType.elemType = ONNXElement.float.rawValue
      $0.type.tensorType.shape.dim = [.with { $0.dimParam = "n" }] + sizes
    }
  }

  /// Writes one operator.
  /// - Returns: false where it cannot be written.
  mutating func add(_ node: Node, inputShapes: [[Int]]) throws -> Bool {
    switch node.operation {
    case let convolution as Convolution: addConvolution(convolution, node)
    case let norm as BatchNorm:
      addAffine(norm.factor, norm.offset, node, shape: inputShapes[0])
    case let scale as Scale: addAffine(scale.factors, nil, node, shape: inputShapes[0])
    case is ReLU: add("Relu", node)
    case is Softplus: add("Softplus", node)
    case is Exponential: add("Exp", node)
    case is Sigmoid: add("Sigmoid", node)
    case is Tanh: add("Tanh", node)
    case is Add where node.inputs.count == 2: add("Add", node)
    case let reshape as Reshape where reshape.shape == nil: add("Flatten", node)
    case let dense as Dense where inputShapes[0].count == 1: addDense(dense, node)
    default: return false
    }
    return true
  }

  private mutating func addConvolution(_ convolution: Convolution, _ node: Node) {
    let geometry = convolution.geometry
    let pads = geometry.padding + (geometry.paddingAfter ?? geometry.padding)
    add(
      "Conv", node, weights: [("weight", convolution.weight)] + bias(convolution.bias),
      attributes: [
        integers("strides", geometry.stride), integers("pads", pads),
        integers("dilations", geometry.dilation),
        integer("group", geometry.groups), integers("kernel_shape", Array(convolution.weight.shape[2...])),
      ])
  }

  private mutating func addDense(_ dense: Dense, _ node: Node) {
    add(
      "Gemm", node, weights: [("weight", dense.weight)] + bias(dense.bias), attributes: [integer("transB", 1)]
    )
  }

  /// A factor for each channel or unit, and what is added then.
  private mutating func addAffine(_ factor: [Float], _ offset: [Float]?, _ node: Node, shape: [Int]) {
    let isPerUnit = factor.count == elementCount(shape)
    let form = isPerUnit ? shape : [factor.count] + shape.dropFirst().map { _ in 1 }
    let factors = Tensor(shape: factor.count == 1 ? [] : form, elements: factor)
    guard let offset else { return add("Mul", node, weights: [("factor", factors)]) }
    let scaled = Node("\(node.name), scaled", node.operation, inputs: node.inputs)
    add("Mul", scaled, weights: [("factor", factors)])
    let shifted = Node(node.name, node.operation, inputs: [scaled.output], output: node.output)
    add("Add", shifted, weights: [("offset", Tensor(shape: form, elements: offset))])
  }

  private func bias(_ bias: [Float]?) -> [(String, Tensor)] {
    bias.map { [("bias", Tensor(shape: [$0.count], elements: $0))] } ?? []
  }

  private mutating func add(
    _ type: String, _ node: Node, weights: [(name: String, tensor: Tensor)] = [],
    attributes: [ONNXAttribute] = []
  ) {
    for weight in weights {
      graph.initializer.append(
        .with {
          $0.name = "\(node.name).\(weight.name)"
          $0.dims = weight.tensor.shape.map { Int64($0) }
          $0.dataType = ONNXElement.float.rawValue
          $0.rawData = weight.tensor.elements.reduce(into: Data(capacity: 4 * weight.tensor.count)) {
            data, number in
            withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) }
          }
        })
    }
    graph.node.append(
      .with {
        ($0.name, $0.opType, $0.attribute) = (node.name, type, attributes)
        $0.input = node.inputs + weights.map { "\(node.name).\($0.name)" }
        $0.output = [node.output]
      })
  }

  private func integers(_ name: String, _ values: [Int]) -> ONNXAttribute {
    .with { ($0.name, $0.type, $0.ints) = (name, .ints, values.map { Int64($0) }) }
  }

  private func integer(_ name: String, _ value: Int) -> ONNXAttribute {
    .with { ($0.name, $0.type, $0.i) = (name, .int, Int64(value)) }
  }
}
