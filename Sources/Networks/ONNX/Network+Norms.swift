import Numerics

extension Network {
  /// The network with each norm that alone follows a convolution made part of it: the same map with one operator
  /// less. The convolution's own output is no tensor of it any more; the norm's keeps its name.
  public func foldingNorms() throws -> Network {
    var readers: [String: Int] = [:]
    for input in nodes.flatMap(\.inputs) { readers[input, default: 0] += 1 }
    var result: [Node] = []
    var place: [String: Int] = [:]
    for node in nodes {
      if let norm = node.operation as? BatchNorm, let index = place[node.inputs[0]],
        readers[node.inputs[0]] == 1, node.inputs[0] != output,
        let convolution = result[index].operation as? Convolution,
        norm.factor.count == convolution.weight.shape[0]
      {
        result[index] = Node(
          result[index].name, try convolution.followed(by: norm), inputs: result[index].inputs,
          output: node.output)
        place[node.output] = index
      } else {
        place[node.output] = result.count
        result.append(node)
      }
    }
    return try Network(name: name, input: input, inputShape: inputShape, nodes: result, output: output)
  }
}

extension Convolution {
  /// This convolution and then a norm of its channels, as one convolution.
  fileprivate func followed(by norm: BatchNorm) throws -> Convolution {
    let count = weight.rowCount
    var elements = weight.elements
    for (channel, factor) in norm.factor.enumerated() {
      for index in channel * count..<(channel + 1) * count { elements[index] *= factor }
    }
    let bias = norm.factor.indices.map { channel in
      norm.offset[channel] + norm.factor[channel] * (self.bias?[channel] ?? 0)
    }
    return try Convolution(
      weight: Tensor(shape: weight.shape, elements: elements), bias: bias, geometry: geometry)
  }
}
