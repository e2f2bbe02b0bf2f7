/// One compiled operator of a plan with the tensors it joins.
struct PlanStep {
  let name: String
  let compiled: any CompiledOperator
  let inputs: [String]
  let output: String

  /// Compiles the nodes that the output or a tap needs, joining neighbours that can run as one.
  static func compile(_ network: Network, batch: Int, taps: [String]) throws -> [PlanStep] {
    let needed = network.ancestors(of: [network.output] + taps)
    let nodes = fuse(network.nodes.filter { needed.contains($0.output) }, keeping: taps + [network.output])
    return try nodes.map { node in
      let shapes = node.inputs.map { network.shapes[$0]! }
      return PlanStep(
        name: node.name, compiled: try node.operation.compile(inputShapes: shapes, batch: batch),
        inputs: node.inputs, output: node.output)
    }
  }

  /// Joins a node with its only reader where their operators offer a joint one and nobody looks in between.
  private static func fuse(_ nodes: [Node], keeping kept: [String]) -> [Node] {
    var result: [Node] = []
    for node in nodes {
      if node.inputs.count == 1, !kept.contains(node.inputs[0]),
        nodes.count(where: { $0.inputs.contains(node.inputs[0]) }) == 1,
        let index = result.firstIndex(where: { $0.output == node.inputs[0] }),
        let joint = result[index].operation.fused(with: node.operation)
      {
        result[index] = Node(
          "\(result[index].name)+\(node.name)", joint, inputs: result[index].inputs, output: node.output)
      } else {
        result.append(node)
      }
    }
    return result
  }
}
