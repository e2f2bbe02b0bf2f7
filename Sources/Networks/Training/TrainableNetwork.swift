import Foundation
import Numerics

/// The weights of a convolutional stack and its norms' running statistics, as two flat arrays.
public struct TrainableNetwork: Sendable, Equatable {
  /// The network's shape.
  public let stack: ConvolutionalStack
  /// All trained numbers, in the order of `stack.parameters`.
  public var parameters: [Float]
  /// Running means and variances, in the order of `stack.statistics`.
  public var statistics: [Float]

  /// A network with given numbers.
  public init(stack: ConvolutionalStack, parameters: [Float], statistics: [Float]) {
    precondition(parameters.count == stack.parameters.last?.range.upperBound)
    precondition(statistics.count == stack.statistics.last?.range.upperBound)
    (self.stack, self.parameters, self.statistics) = (stack, parameters, statistics)
  }

  /// A network at the start: weights uniform within ±1/√inputs, as PyTorch's; norms that change nothing; and an
  /// output of 1 on average.
  public init(stack: ConvolutionalStack, random: RandomStream) {
    var parameters: [Float] = []
    for entry in stack.parameters {
      var values = [Float](repeating: 0, count: entry.range.count)
      if entry.shape.count > 1 {
        var stream = random.split(entry.name)
        let bound = 1 / Float(elementCount(entry.shape) / entry.shape[0]).squareRoot()
        stream.fillUniform(&values, from: -bound, to: bound)
      } else if entry.name.hasSuffix("weight") {
        values = Array(repeating: 1, count: values.count)
      }
      parameters += values
    }
    if stack.output == .softplus, let last = stack.parameters.last {
      for index in last.range { parameters[index] = Float(log(exp(1.0) - 1)) }
    }
    let statistics = stack.statistics.flatMap { entry in
      Array(repeating: entry.name.hasSuffix("var") ? 1 : 0 as Float, count: entry.range.count)
    }
    self.init(stack: stack, parameters: parameters, statistics: statistics)
  }

  /// Every tensor by its name: weights and statistics.
  public var tensors: [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for entry in stack.parameters {
      tensors[entry.name] = Tensor(shape: entry.shape, elements: Array(parameters[entry.range]))
    }
    for entry in stack.statistics {
      tensors[entry.name] = Tensor(shape: entry.shape, elements: Array(statistics[entry.range]))
    }
    return tensors
  }

  /// The tensors of a file put into a stack.
  /// - Parameter tensor: gives the tensor of a name and shape.
  public init(stack: ConvolutionalStack, tensor: (String, [Int]) throws -> Tensor) rethrows {
    self.init(
      stack: stack,
      parameters: try stack.parameters.flatMap { try tensor($0.name, $0.shape).elements },
      statistics: try stack.statistics.flatMap { try tensor($0.name, $0.shape).elements })
  }
}
