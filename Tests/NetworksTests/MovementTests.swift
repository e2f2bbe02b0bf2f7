import Networks
import Numerics
import Testing

/// Operators that move, join, pool and multiply, in both modes on random shapes; the movers against their definitions.
@Suite struct MovementTests {
  @Test(arguments: 0..<4) func operators_haveTheirDerivatives(_ trial: Int) throws {
    var stream = RandomStream(seed: 11).split(trial)
    let shape = (0..<3).map { _ in 2 + stream.integer(below: 4) }
    let input = offKinks(randomTensorOffZero([2] + shape, &stream, gap: 0.5))
    let ladder = shuffledLadder([2] + shape, &stream)
    let constant = randomTensorOffZero([shape[1], 1], &stream, gap: 0.5)
    let block = randomTensor([shape[0], 1, shape[2]], &stream)
    let window = PoolGeometry(kernel: [2, 2], stride: [1, 2], before: [1, 0], roundsUp: true)
    let operators: [any Operator] =
      [
        try Transpose(axes: [2, 0, 1]),
        Slice([.init(axis: 2, start: 1, count: 1), .init(axis: 0, start: 1, count: 2, step: -1)]),
        Gather(axis: 1, indices: [1, 0, 1]), Broadcast(to: [3] + shape),
        Concatenation(axis: 1, parts: [.constant(block), .input]),
        Pad(before: [1, 0, 1], after: [0, 2, 0], mode: .edge),
        Pad(before: [1, 1, 0], after: [0, 0, 1], mode: .reflect),
        AxisSum(axes: [0, 2], isMean: true), AxisSum(axes: [1], keepsAxes: true, isMean: false),
        Softmax(axis: 0), Softmax(axis: 1), Softmax(), AveragePool(window, countsPadding: false),
        MaxPool(window),
        GELU(), GELU(.tanh), SiLU(), Tanh(), ErrorFunction(), HardSwish(), HardSigmoid(), LeakyReLU(),
        Power(exponent: 2),
      ]
      + Arithmetic.Operation.allCases.flatMap {
        [Arithmetic($0, constant), Arithmetic($0, left: .constant(constant))] as [any Operator]
      }
    for operation in operators {
      // Kinks are further away than the steps reach, and quotients' poles too.
      try checkDerivatives(
        singleNode(operation, inputShape: shape), at: operation is MaxPool ? ladder : input, &stream,
        step: 0.03, tolerance: 1e-3)
    }
  }

  /// The numbers moved away from ±3, where the hard nonlinearities bend.
  private func offKinks(_ tensor: Tensor) -> Tensor {
    Tensor(
      shape: tensor.shape,
      elements: tensor.elements.map { abs(abs($0) - 3) < 0.4 ? ($0 < 0 ? -2.5 : 2.5) : $0 })
  }

  /// Numbers half a unit apart in random order: no step changes which is the largest of a window.
  private func shuffledLadder(_ shape: [Int], _ stream: inout RandomStream) -> Tensor {
    let keys = (0..<shape.reduce(1, *)).map { _ in stream.normal() }
    var elements = [Float](repeating: 0, count: keys.count)
    for (rank, index) in keys.indices.sorted(by: { keys[$0] < keys[$1] }).enumerated() {
      elements[index] = 0.5 * Float(rank - keys.count / 2)
    }
    return Tensor(shape: shape, elements: elements)
  }

  @Test(arguments: 0..<3) func pairs_haveTheirDerivatives(_ trial: Int) throws {
    var stream = RandomStream(seed: 12).split(trial)
    let shape = [2, 3, 2 + stream.integer(below: 3), 3]
    var input = randomTensor([2] + shape, &stream)
    input = Tensor(shape: input.shape, elements: input.elements.map { $0 + ($0 < 0 ? -1 : 1) })
    func half(_ index: Int) -> [Node] {
      [
        Node("slice \(index)", Slice([.init(axis: 0, start: index, count: 1)]), inputs: ["x"]),
        Node("half \(index)", Reshape(to: Array(shape.dropFirst())), inputs: ["slice \(index)"]),
      ]
    }
    let row = [Node("row", AxisSum(axes: [1], keepsAxes: true, isMean: false), inputs: ["half 1"])]
    let operators: [(any Operator, String)] =
      Arithmetic.Operation.allCases.map { (Arithmetic($0), "half 1") }
      + Arithmetic.Operation.allCases.filter { $0 != .divide }.map { (Arithmetic($0), "row") }
      + [
        (MatrixProduct(scale: 0.7, transposesRight: true), "half 1"),
        (Concatenation(axis: 1, inputs: 2), "half 1"),
      ]
    for (operation, right) in operators {
      let network = try Network(
        name: "\(operation.kind) with \(right)", input: "x", inputShape: shape,
        nodes: half(0) + half(1) + row + [Node("y", operation, inputs: ["half 0", right])], output: "y")
      try checkDerivatives(network, at: input, &stream, step: 0.02, tolerance: 1e-3)
    }
  }

  @Test func matrixProduct_hasItsDerivatives() throws {
    var stream = RandomStream(seed: 13)
    let network = try Network(
      name: "matrix product", input: "x", inputShape: [2, 3, 4],
      nodes: [
        Node("turned", try Transpose(axes: [0, 2, 1]), inputs: ["x"]),
        Node("y", MatrixProduct(scale: 0.5), inputs: ["x", "turned"]),
      ], output: "y")
    try checkDerivatives(network, at: randomTensor([3, 2, 3, 4], &stream), &stream)
  }

  @Test(arguments: [1, 3]) func attention_hasItsDerivatives(_ heads: Int) throws {
    var stream = RandomStream(seed: 14).split(heads)
    let input = randomTensor([2, 4, 3 * heads * 2], &stream)
    try checkDerivatives(
      singleNode(Attention(heads: heads), inputShape: [4, 3 * heads * 2]), at: input, &stream, tolerance: 2e-3
    )
  }

  @Test func gradientsAdd_whereATensorHasTwoReaders() throws {
    var stream = RandomStream(seed: 15)
    let shape = [2, 3, 6]
    let readers: [any Operator] = [
      try Transpose(axes: [0, 1, 2]), GELU(), Softmax(axis: 1), AveragePool(PoolGeometry(kernel: [1, 1])),
      Arithmetic(.multiply, randomTensor([6], &stream)), LeakyReLU(), Clip(low: -0.1, high: 0.1),
      Reshape(to: shape),
    ]
    var nodes = readers.enumerated().map { Node("r\($0)", $1, inputs: ["x"]) }
    nodes.append(Node("mean", AxisSum(axes: [2], keepsAxes: true, isMean: true), inputs: ["x"]))
    nodes.append(Node("spread", Broadcast(to: shape), inputs: ["mean"]))
    nodes.append(Node("attention", Attention(heads: 1), inputs: ["flat"]))
    nodes.insert(Node("flat", Reshape(to: [6, 6]), inputs: ["x"]), at: 0)
    nodes.append(Node("tall", Reshape(to: [2, 3, 2]), inputs: ["attention"]))
    nodes.append(Node("wide", Concatenation(axis: 2, inputs: 3), inputs: ["tall", "tall", "tall"]))
    nodes.append(
      Node("y", Add(), inputs: readers.indices.map { "r\($0)" } + ["spread", "wide"]))
    let network = try Network(name: "sum", input: "x", inputShape: shape, nodes: nodes, output: "y")
    let input = randomTensorOffZero([2] + shape, &stream)
    try checkDerivatives(network, at: input, &stream, step: 0.02, tolerance: 2e-3)
  }
}
