import Numerics
import ONNXSchema
import Runtime

/// Follows an ONNX graph node by node: what is known is computed at once, what depends on the input becomes nodes of
/// a network.
struct ONNXImporter {
  let file: ONNXFile
  var values: [String: ONNXValue] = [:]
  /// The network's nodes so far.
  var nodes: [Node] = []
  /// Names of the network's tensors.
  private var names: Set<String> = []
  private let inputName: String
  private let inputShape: [Int]
  /// Whether the file fixes the batch at 1, so that a length of 1 may mean the batch.
  let fixesBatch: Bool

  init(_ file: ONNXFile) throws {
    self.file = file
    let stored = Set(file.graph.initializer.map(\.name))
    let inputs = file.graph.input.filter { !stored.contains($0.name) }
    guard inputs.count == 1, let input = inputs.first else {
      let found =
        inputs.isEmpty ? "no input" : "\(inputs.count) inputs: " + inputs.map(\.name).joined(separator: ", ")
      throw CodecError(
        .data, "the graph has \(found)", at: file.name, remedy: "export a network with one input")
    }
    let sizes = input.type.tensorType.shape.dim.map { Int($0.dimValue) }
    guard sizes.count >= 2, sizes.dropFirst().allSatisfy({ $0 > 0 && $0 < batchMarker }) else {
      let found = sizes.map { $0 > 0 ? String($0) : "?" }.joined(separator: "×")
      throw CodecError(
        .data, "the input \(input.name) has the shape \(found)", at: file.name,
        remedy:
          "export the network with a fixed size of the input; only the first axis, the batch, may be open")
    }
    guard sizes[0] <= 1 else {
      throw CodecError(
        .data, "the graph takes exactly \(sizes[0]) samples at once", at: file.name,
        remedy: "export it with an open batch axis, or a batch of 1")
    }
    (inputName, inputShape, fixesBatch) = (input.name, Array(sizes.dropFirst()), sizes[0] == 1)
    let shape = [batchMarker] + inputShape
    try inFile { try checkSize(shape) }
    values[inputName] = .computed(ONNXComputed(name: inputName, shape: shape))
    names = [inputName]
    let needed = Set(file.nodes.flatMap(\.input))
    for tensor in file.graph.initializer where needed.contains(tensor.name) {
      values[tensor.name] = .constant(try inFile { try ONNXConstant(tensor, name: tensor.name) })
    }
  }

  /// Reads every node.
  /// - Throws: `CodecError` of kind `data`: all nodes that cannot be run, together.
  mutating func network() throws -> Network {
    var refused: [String] = []
    for node in file.nodes {
      let reads = node.input.map { $0.isEmpty ? nil : values[$0] }
      guard Self.isKnown(node) else {
        refused.append("\(node.label) (\(node.fullType))")
        continue
      }
      // A tensor of a refused node: nothing can be said of those who read it.
      if zip(node.input, reads).contains(where: { !$0.isEmpty && $1 == nil }) {
        try checkInputs(of: node, refused: !refused.isEmpty)
        continue
      }
      do {
        try add(ONNXNodeReader(node, opset: file.opset, values: reads))
      } catch let problem as ONNXUnsupported {
        refused.append("\(node.label) (\(node.fullType): \(problem.reason))")
      } catch let error as CodecError {
        throw CodecError(error.kind, error.what, at: "\(file.name), \(node.label)", remedy: error.remedy)
      }
    }
    guard refused.isEmpty else {
      throw CodecError(
        .data, "\(refused.count) nodes cannot be run: \(refused.joined(separator: ", "))", at: file.name,
        remedy:
          "export the network for inference, without control flow, recurrence or operators of one library")
    }
    return try finish()
  }

  private func checkInputs(of node: ONNXNode, refused: Bool) throws {
    guard !refused else { return }
    let missing = node.input.filter { !$0.isEmpty && values[$0] == nil }
    throw CodecError(
      .data, "\(node.label) reads \(missing.joined(separator: ", ")), which nothing makes", at: file.name,
      remedy: "the file is damaged: export it again")
  }

  private mutating func finish() throws -> Network {
    let output = file.graph.output[0].name
    guard case .computed(let found)? = values[output] else {
      throw CodecError(.data, "the output \(output) does not depend on the input", at: file.name)
    }
    guard found.batchAxis == 0, !found.isMerged, found.name != inputName else {
      throw CodecError(
        .data, "the output \(output) has the shape \(batchText(found.shape)), expected the batch first",
        at: file.name)
    }
    var last = found.name
    if found.networkShape.count != 1 {
      last = free(output, orElse: "\(output), flat")
      nodes.append(Node(last, Reshape(), inputs: [found.name]))
    }
    let network = try Network(
      name: file.name, input: inputName, inputShape: inputShape, nodes: nodes, output: last)
    return try network.foldingNorms()
  }

  /// Adds an operator whose output is one of the node's.
  /// - Parameters:
  ///   - shape: the output's shape in ONNX.
  mutating func append(
    _ operation: any Operator, of node: ONNXNode, reading inputs: [ONNXComputed], shape: [Int],
    output index: Int = 0, channelAxis: Int? = nil, samplesRunFastest: Bool? = nil
  ) {
    let name = free(node.output[index], orElse: node.output[index])
    nodes.append(
      Node(node.name.isEmpty ? name : node.name, operation, inputs: inputs.map(\.name), output: name))
    var result = ONNXComputed(name: name, shape: shape, channelAxis: channelAxis)
    result.samplesRunFastest = samplesRunFastest ?? inputs[0].samplesRunFastest
    values[node.output[index]] = .computed(result)
    names.insert(name)
  }

  /// Adds an operator on the way to a node's own.
  /// - Returns: the tensor it makes.
  mutating func appendStep(
    _ operation: any Operator, of node: ONNXNode, named step: String, reading input: ONNXComputed,
    shape: [Int],
    channelAxis: Int? = nil
  ) -> ONNXComputed {
    let name = free("\(node.output[0]), \(step)", orElse: "\(node.output[0]), \(step) \(nodes.count)")
    nodes.append(Node(name, operation, inputs: [input.name]))
    names.insert(name)
    var result = ONNXComputed(name: name, shape: shape, channelAxis: channelAxis)
    result.samplesRunFastest = input.samplesRunFastest
    return result
  }

  private func free(_ name: String, orElse other: String) -> String { names.contains(name) ? other : name }

  func inFile<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as CodecError {
      throw CodecError(error.kind, error.what, at: file.name, remedy: error.remedy)
    }
  }
}

/// A shape with the batch as `n`.
func batchText(_ shape: [Int]) -> String {
  shape.map { length in
    guard countsSamples(length) else { return String(length) }
    let factor = length / batchMarker
    return factor == 1 ? "n" : "\(factor)n"
  }.joined(separator: "×")
}

extension ONNXImporter {
  /// Operators whose output is computed from constants at once, and those a network can have.
  static func isKnown(_ node: ONNXNode) -> Bool {
    guard ["", "ai.onnx"].contains(node.domain) else { return false }
    return layers.contains(node.opType) || ONNXFolding.kinds.contains(node.opType)
  }

  /// Reads one node.
  mutating func add(_ reader: ONNXNodeReader) throws {
    let node = reader.node
    if node.opType == "Shape" { return try addShape(reader) }
    let constants = reader.values.map { value -> ONNXConstant? in
      if case .constant(let constant)? = value { constant } else { nil }
    }
    let isComputed = reader.values.contains { if case .computed? = $0 { true } else { false } }
    if isComputed {
      try addLayer(reader)
    } else {
      let results = try ONNXFolding(reader, constants).results()
      for (name, result) in zip(node.output, results) { values[name] = .constant(result) }
    }
    for case let value? in node.output.map({ values[$0] }) { try checkSize(value.shape) }
  }

  /// Lengths of axes are known, whatever the numbers: that of the batch is its marker.
  private mutating func addShape(_ reader: ONNXNodeReader) throws {
    let shape = try reader.value(0).shape
    func bound(_ name: String, _ fallback: Int) -> Int {
      let given = reader.integer(name, fallback)
      return min(max(given < 0 ? given + shape.count : given, 0), shape.count)
    }
    let (start, end) = (bound("start", 0), bound("end", shape.count))
    values[reader.node.output[0]] = .constant(ONNXConstant(Array(shape[start..<max(start, end)])))
  }

  /// Names of the operators that may depend on the network's input.
  static let layers: Set<String> =
    Set(pointwise.keys).union(arithmetic.keys).union(movements).union([
      "Conv", "Gemm", "MatMul", "MaxPool", "AveragePool", "GlobalAveragePool", "ReduceMean", "ReduceSum",
      "BatchNormalization", "LayerNormalization", "Softmax", "Clip", "Pow", "Min", "Max", "Dropout",
      "Identity", "Cast",
      "Shape",
    ])

  private mutating func addLayer(_ reader: ONNXNodeReader) throws {
    let type = reader.node.opType
    if let operation = Self.pointwise[type] { return try addPointwise(reader, operation(reader)) }
    if let operation = Self.arithmetic[type] { return try addArithmetic(reader, operation) }
    if Self.movements.contains(type) { return try addMovement(reader) }
    switch type {
    case "Conv": try addConvolution(reader)
    case "Gemm": try addGemm(reader)
    case "MatMul": try addMatMul(reader)
    case "MaxPool", "AveragePool": try addPool(reader)
    case "GlobalAveragePool":
      try addReduction(reader, axes: Array(2..<reader.computed(0).shape.count), keeps: true, isMean: true)
    case "ReduceMean", "ReduceSum":
      try addReduction(
        reader, axes: try reader.integers("axes", orInput: 1), keeps: reader.integer("keepdims", 1) != 0,
        isMean: type == "ReduceMean")
    case "BatchNormalization": try addBatchNorm(reader)
    case "LayerNormalization": try addLayerNorm(reader)
    case "Softmax": try addSoftmax(reader)
    case "Clip", "Min", "Max", "Pow": try addPointwise(reader, bounded(reader))
    case "Dropout", "Identity": try alias(reader)
    case "Cast":
      guard ONNXElement(rawValue: Int32(clamping: reader.integer("to", 1)))?.isFloat == true else {
        throw ONNXUnsupported(reason: "it rounds what depends on the network's input")
      }
      try alias(reader)
    default: throw ONNXUnsupported(reason: "only of constants")
    }
  }

  /// The output is the input under another name.
  mutating func alias(_ reader: ONNXNodeReader) throws {
    values[reader.node.output[0]] = .computed(try reader.computed(0))
  }
}
