/// An operator in a network: which tensors it reads and the one it makes.
public struct Node: Sendable {
  /// The node's name in errors and provenance.
  public let name: String
  /// What it computes.
  public let operation: any Operator
  /// Names of the tensors it reads.
  public let inputs: [String]
  /// Name of the tensor it makes; taps are such names.
  public let output: String

  /// A node; its output has the node's name unless told otherwise.
  public init(_ name: String, _ operation: any Operator, inputs: [String], output: String? = nil) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.output = output ?? name
  }
}
