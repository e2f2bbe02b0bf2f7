import Runtime

/// A feed-forward network as data: operators joined by named tensors, one input, one output.
///
/// Immutable; running it is a `Plan`'s work. Shapes are per sample.
public struct Network: Sendable {
  /// The network's name in messages.
  public let name: String
  /// Name of the input tensor.
  public let input: String
  /// Per-sample shape of the input.
  public let inputShape: [Int]
  /// Name of the output tensor.
  public let output: String
  /// The operators, each after those it reads from.
  public let nodes: [Node]
  /// Per-sample shape of every tensor.
  public let shapes: [String: [Int]]

  /// Checks the graph and infers every shape.
  /// - Parameters:
  ///   - nodes: in an order in which each reads only the input and outputs of earlier nodes.
  /// - Throws: `CodecError` of kind `data` naming the node at fault.
  public init(name: String, input: String, inputShape: [Int], nodes: [Node], output: String) throws {
    var shapes = [input: inputShape]
    for node in nodes {
      let found = try node.inputs.map { tensor in
        guard let shape = shapes[tensor] else {
          throw CodecError(
            .data, "node \(node.name) reads \(tensor), which nothing before it makes", at: name)
        }
        return shape
      }
      guard shapes[node.output] == nil else {
        throw CodecError(.data, "two nodes make the tensor \(node.output)", at: name)
      }
      do { shapes[node.output] = try node.operation.outputShape(of: found) } catch let error as CodecError {
        throw CodecError(error.kind, error.what, at: "\(name), \(node.name)", remedy: error.remedy)
      }
    }
    guard shapes[output] != nil else {
      throw CodecError(.data, "nothing makes the output \(output)", at: name)
    }
    (self.name, self.input, self.inputShape) = (name, input, inputShape)
    (self.nodes, self.output, self.shapes) = (nodes, output, shapes)
  }

  /// Per-sample shape of the output.
  public var outputShape: [Int] { shapes[output]! }

  /// Names of all tensors, the input first, then in the nodes' order.
  public var tensors: [String] { [input] + nodes.map(\.output) }

  /// Per-sample shape of a tensor.
  /// - Throws: `CodecError` of kind `usage` listing the tensors where there is none of that name.
  public func shape(of tensor: String) throws -> [Int] {
    guard let shape = shapes[tensor] else {
      throw CodecError.unknown("tensor", tensor, valid: tensors, at: name)
    }
    return shape
  }
}
