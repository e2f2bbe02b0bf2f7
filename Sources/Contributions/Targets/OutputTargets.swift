import Runtime

/// The sum of chosen outputs: one cell or class, all of them, or a sample's settled choice.
package struct OutputSumTarget: Target {
  package let name: String
  package let formula: String
  private let indices: [Int]

  /// - Parameters:
  ///   - indices: places of the outputs to add; all different.
  package init(name: String, formula: String, indices: [Int]) {
    self.name = name
    self.formula = formula
    self.indices = indices
  }

  package func evaluate(_ output: [Double], gradient: inout [Double]) -> Double {
    for index in gradient.indices { gradient[index] = 0 }
    var total = 0.0
    for index in indices {
      total += output[index]
      gradient[index] = 1
    }
    return total
  }
}

/// The sum of the K largest outputs. Equal outputs count in their order, so ties have one answer.
package struct TopTarget: Target {
  private let count: Int
  private let isFrozen: Bool

  /// - Parameters:
  ///   - count: K, at least 1; outputs there are no more than K of are all added.
  ///   - isFrozen: whether the outputs that are largest at the sample stay chosen along its whole path, instead
  ///     of being chosen anew at every point.
  package init(count: Int, isFrozen: Bool) {
    precondition(count > 0)
    self.count = count
    self.isFrozen = isFrozen
  }

  package var name: String { "top:\(count)" }
  package var formula: String {
    "sum of the \(count) largest y" + (isFrozen ? ", chosen at x" : ", chosen at every point of the path")
  }
  package var dependsOnSample: Bool { isFrozen }

  package func settled(at output: [Double], label: Int?) -> any Target {
    isFrozen
      ? OutputSumTarget(name: name, formula: formula, indices: largestIndices(of: output, count: count))
      : self
  }

  package func evaluate(_ output: [Double], gradient: inout [Double]) -> Double {
    OutputSumTarget(name: name, formula: formula, indices: largestIndices(of: output, count: count))
      .evaluate(output, gradient: &gradient)
  }
}

/// The output at each sample's own label.
package struct LabelTarget: Target {
  /// The labelled output; samples bring their labels when they are settled.
  package init() {}

  package var name: String { "label" }
  package var formula: String { "y at the sample's label" }
  package var dependsOnSample: Bool { true }

  package func settled(at output: [Double], label: Int?) throws -> any Target {
    guard let label else {
      throw CodecError(
        .usage, "the target label needs labelled samples",
        remedy: "choose another target, or a source with labels")
    }
    guard output.indices.contains(label) else {
      throw CodecError(
        .data, "label \(label) names none of the model's \(output.count) outputs",
        remedy: "check that the labels belong to this model")
    }
    return OutputSumTarget(name: name, formula: formula, indices: [label])
  }

  package func evaluate(_ output: [Double], gradient: inout [Double]) -> Double {
    preconditionFailure("a label target is settled for each sample before it is evaluated")
  }
}

/// How far the largest output is above the second largest (paper section 10.6).
package struct ContrastiveTarget: Target {
  /// The difference of the two largest outputs.
  package init() {}

  package var name: String { "contrastive" }
  package var formula: String { "largest y − second largest y" }

  package func evaluate(_ output: [Double], gradient: inout [Double]) -> Double {
    let top = largestIndices(of: output, count: 2)
    for index in gradient.indices { gradient[index] = 0 }
    gradient[top[0]] = 1
    gradient[top[1]] = -1
    return output[top[0]] - output[top[1]]
  }
}

/// Places of the `count` largest values, largest first; equal values in their order.
private func largestIndices(of values: [Double], count: Int) -> [Int] {
  var chosen: [Int] = []
  for index in values.indices {
    let place = chosen.firstIndex { values[$0] < values[index] } ?? chosen.count
    guard place < count else { continue }
    chosen.insert(index, at: place)
    if chosen.count > count { chosen.removeLast() }
  }
  return chosen
}
