import Foundation

/// The uncertainty of the model's choice: −Σ p log p of p = softmax(y), in nats.
package struct EntropyTarget: Target {
  /// The entropy of the softmax.
  package init() {}

  package var name: String { "entropy" }
  package var formula: String { "−Σ p log p, p = softmax(y)" }
  package func unit(ofOutputs unit: String) -> String { "nats" }

  package func evaluate(_ output: [Double], gradient: inout [Double]) -> Double {
    let logits = logSoftmax(output)
    let entropy = -logits.reduce(0) { $0 + exp($1) * $1 }
    for index in gradient.indices { gradient[index] = -exp(logits[index]) * (logits[index] + entropy) }
    return entropy
  }
}

/// Another target applied to softmax(y) instead of y.
package struct SoftmaxTarget: Target {
  private let base: any Target

  /// - Parameters:
  ///   - base: the target of the probabilities.
  package init(of base: any Target) { self.base = base }

  package var name: String { base.name }
  package var formula: String { base.formula + ", y replaced by softmax(y)" }
  package var constant: Double { base.constant }
  package var dependsOnSample: Bool { base.dependsOnSample }
  package func unit(ofOutputs unit: String) -> String { base.unit(ofOutputs: "1") }

  package func settled(at output: [Double], label: Int?) throws -> any Target {
    SoftmaxTarget(of: try base.settled(at: logSoftmax(output).map { exp($0) }, label: label))
  }

  package func evaluate(_ output: [Double], gradient: inout [Double]) -> Double {
    let probabilities = logSoftmax(output).map { exp($0) }
    let value = base.evaluate(probabilities, gradient: &gradient)
    var mean = 0.0
    for (p, slope) in zip(probabilities, gradient) { mean += p * slope }
    for index in gradient.indices { gradient[index] = probabilities[index] * (gradient[index] - mean) }
    return value
  }
}

/// y − log Σ exp(y), without overflow.
private func logSoftmax(_ output: [Double]) -> [Double] {
  let largest = output.max() ?? 0
  let total = output.reduce(0) { $0 + exp($1 - largest) }
  return output.map { $0 - largest - log(total) }
}
