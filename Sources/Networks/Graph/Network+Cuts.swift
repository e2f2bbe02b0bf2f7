import Runtime

extension Network {
  /// Whether every path from the input to the output passes through `tensor`, so that the contributions of its
  /// units sum to the whole change of the target (method: completeness, eq. 11).
  public func isFullCut(_ tensor: String) -> Bool {
    guard shapes[tensor] != nil, dependents(of: tensor).contains(output) else { return false }
    return tensor == input || !dependents(of: input, avoiding: tensor).contains(output)
  }

  /// The part of the network between two tensors, with `from` as its input.
  /// - Throws: `CodecError` of kind `usage` for unknown tensors, and where `to` cannot be computed from `from`
  ///   alone because another path leads around it.
  public func slice(from: String, to: String) throws -> Network {
    let inputShape = try shape(of: from)
    _ = try shape(of: to)
    let needed = ancestors(of: [to], stoppingAt: from)
    let reached = dependents(of: from)
    guard reached.contains(to), needed.isSubset(of: reached) else {
      throw CodecError(
        .usage, "\(to) does not follow from \(from) alone", at: name,
        remedy: "choose a tensor that every path to \(to) passes through")
    }
    return try Network(
      name: name, input: from, inputShape: inputShape,
      nodes: nodes.filter { needed.contains($0.output) && $0.output != from }, output: to)
  }

  /// The convolution at the start of the network that alone reads the input and slides over it one pixel at a
  /// time without padding: the layer a movie's frames can share between windows.
  public var seriesHead: Node? {
    let readers = nodes.filter { $0.inputs.contains(input) }
    guard readers.count == 1, input != output, let convolution = readers[0].operation as? Convolution,
      convolution.isPlain
    else { return nil }
    return readers[0]
  }

  /// About how many numbers a plan keeps for one sample: values that derivatives read, values and gradients of taps.
  package func memoryPerSample(taps: [String]) -> Int {
    var kept = Set(taps + [input])
    for node in nodes {
      if node.operation.derivativesReadInputs { kept.formUnion(node.inputs) }
      if node.operation.derivativesReadOutput { kept.insert(node.output) }
    }
    return (Array(kept) + taps).reduce(0) { $0 + elementCount(shapes[$1]!) }
  }

  /// `tensor` and every tensor computed from it, leaving out what only follows through `avoided`.
  func dependents(of tensor: String, avoiding avoided: String? = nil) -> Set<String> {
    var reached: Set = [tensor]
    for node in nodes where node.output != avoided && !reached.isDisjoint(with: node.inputs) {
      reached.insert(node.output)
    }
    return reached
  }

  /// The tensors needed to compute `tensors`, themselves included, not looking behind `boundary`.
  func ancestors(of tensors: [String], stoppingAt boundary: String? = nil) -> Set<String> {
    var needed = Set(tensors)
    for node in nodes.reversed() where needed.contains(node.output) && node.output != boundary {
      needed.formUnion(node.inputs)
    }
    return needed
  }
}

extension Network {
  /// The network with an operator put behind a tensor: everything that read the tensor reads the operator's output,
  /// such as a mask that takes channels out of a layer.
  /// - Throws: `CodecError` of kind `usage` for an unknown tensor, `data` where the operator changes its shape.
  public func inserting(_ operation: any Operator, after tensor: String) throws -> Network {
    let shape = try shape(of: tensor)
    guard try operation.outputShape(of: [shape]) == shape else {
      throw CodecError(.data, "\(operation.kind) changes the shape of \(tensor)", at: name)
    }
    let made = "\(tensor), \(operation.kind)"
    var changed = nodes.map { node in
      Node(
        node.name, node.operation, inputs: node.inputs.map { $0 == tensor ? made : $0 }, output: node.output)
    }
    let place = nodes.firstIndex { $0.output == tensor }.map { $0 + 1 } ?? 0
    changed.insert(Node(made, operation, inputs: [tensor]), at: place)
    return try Network(
      name: name, input: input, inputShape: inputShape, nodes: changed,
      output: output == tensor ? made : output)
  }
}
