/// One compiled operator of a plan with the tensors it joins.
struct PlanStep {
  let name: String
  let compiled: any CompiledOperator
  let inputs: [String]
  let output: String
  /// Whether derivatives need the values of the inputs, and of the output.
  let reads: (inputs: Bool, output: Bool)
}

/// A plan's steps in order, and how its tensors are kept.
struct PlanProgram {
  private(set) var steps: [PlanStep] = []
  /// Per-sample shapes of the network's tensors and of turned copies, as `[channel, y, x]` whatever the place.
  private(set) var shapes: [String: [Int]]
  /// Where tensors are that are not plain.
  private(set) var places: [String: Place] = [:]
  private let workspace: PlanWorkspace

  /// Compiles the nodes that the output or a tap needs, joining neighbours that can run as one and turning images
  /// between layouts where operators ask for it.
  init(_ network: Network, taps: [String], workspace: PlanWorkspace) throws {
    shapes = network.shapes
    self.workspace = workspace
    let needed = network.ancestors(of: [network.output] + taps)
    let nodes = Self.fuse(
      network.nodes.filter { needed.contains($0.output) }, keeping: taps + [network.output])
    for node in nodes { try append(node) }
  }

  private mutating func append(_ node: Node) throws {
    let inputShapes = node.inputs.map { shapes[$0]! }
    let wantsLast =
      node.operation.prefersChannelsLast || node.inputs.contains { places[$0] == .channelsLast }
    if wantsLast,
      let compiled = try node.operation.compileChannelsLast(inputShapes: inputShapes, workspace: workspace)
    {
      steps.append(step(node, compiled, inputs: node.inputs.map { turned($0, to: .channelsLast) }))
      if shapes[node.output]!.count == 3 { places[node.output] = .channelsLast }
    } else {
      let compiled = try node.operation.compile(inputShapes: inputShapes, workspace: workspace)
      steps.append(step(node, compiled, inputs: node.inputs.map { turned($0, to: .plain) }))
    }
  }

  private func step(_ node: Node, _ compiled: any CompiledOperator, inputs: [String]) -> PlanStep {
    PlanStep(
      name: node.name, compiled: compiled, inputs: inputs, output: node.output,
      reads: (node.operation.derivativesReadInputs, node.operation.derivativesReadOutput))
  }

  /// The tensor in a layout: itself, or a copy that a step makes.
  private mutating func turned(_ tensor: String, to place: Place) -> String {
    let shape = shapes[tensor]!
    guard shape.count == 3, places[tensor, default: .plain] != place else { return tensor }
    let copy = "\(tensor), turned"
    if shapes[copy] == nil {
      shapes[copy] = shape
      places[copy] = place
      steps.append(
        PlanStep(
          name: copy, compiled: CompiledTurn(shape, to: place), inputs: [tensor], output: copy,
          reads: (false, false)))
    }
    return copy
  }

  /// Joins a node with the only reader of its output where their operators offer a joint one and nobody looks in between.
  private static func fuse(_ nodes: [Node], keeping kept: [String]) -> [Node] {
    var readers: [String: Int] = [:]
    for input in nodes.flatMap(\.inputs) { readers[input, default: 0] += 1 }
    var result: [Node] = []
    for node in nodes {
      let joint = node.inputs.lazy.filter { !kept.contains($0) && readers[$0] == 1 }.compactMap {
        input -> (Int, Node)? in
        guard let index = result.lastIndex(where: { $0.output == input }),
          let operation = result[index].operation.fused(with: node.operation)
        else { return nil }
        let others = node.inputs.filter { $0 != input }
        return (
          index,
          Node(
            "\(result[index].name)+\(node.name)", operation, inputs: result[index].inputs + others,
            output: node.output)
        )
      }.first
      if let joint { result.remove(at: joint.0) }
      result.append(joint?.1 ?? node)
    }
    return result
  }
}
