import Networks
import Numerics
import Storage
import TestSupport
import Testing

/// Operators against PyTorch, in double precision there (`scripts/fixtures/operators.py`): outputs and gradients.
@Suite struct ForeignOperatorTests {
  private static func cases() throws -> [(name: String, operation: any Operator)] {
    let file = try Safetensors(reading: Fixtures.path("networks/operators.safetensors"))
    let norm = try file.tensor("norm")
    let window = PoolGeometry(kernel: [3, 3], stride: [2, 2], before: [1, 1])
    let uneven = PoolGeometry(kernel: [3, 2], stride: [2, 3], before: [1, 0], roundsUp: true)
    let padded = PoolGeometry(kernel: [3, 2], stride: [2, 3], before: [1, 1], roundsUp: true)
    func pad(_ mode: Pad.Mode) -> Pad { Pad(before: [0, 0, 1], after: [0, 3, 2], mode: mode) }
    return [
      (
        "asymmetric convolution",
        try Convolution(
          weight: file.tensor("kernel"), bias: file.tensor("bias").elements,
          geometry: .init(
            stride: [2, 1], padding: [1, 2], paddingAfter: [3, 0], dilation: [2, 1], groups: 2))
      ),
      ("max pool", MaxPool(window)), ("max pool rounding up", MaxPool(uneven)),
      ("average pool", AveragePool(window)),
      ("average pool without padding", AveragePool(window, countsPadding: false)),
      ("average pool rounding up", AveragePool(padded)),
      ("global average", AxisSum(axes: [1, 2], isMean: true)),
      ("sum over channels", AxisSum(axes: [0], keepsAxes: true, isMean: false)),
      ("pad by a constant", pad(.constant(0.5))), ("pad by reflection", pad(.reflect)),
      ("pad by the edge", pad(.edge)), ("softmax over channels", Softmax(axis: 0)),
      (
        "layer norm over two axes",
        try LayerNorm(scale: Array(norm.row(0)), shift: Array(norm.row(1)))
      ),
      ("attention", Attention(heads: 2)), ("gelu", GELU()), ("gelu by tanh", GELU(.tanh)), ("silu", SiLU()),
      ("tanh", Tanh()), ("erf", ErrorFunction()), ("hard swish", HardSwish()),
      ("hard sigmoid", HardSigmoid()), ("leaky relu", LeakyReLU(slope: 0.2)),
      ("clip", Clip(low: -1, high: 2)), ("square", Power(exponent: 2)), ("cube", Power(exponent: 3)),
    ]
  }

  @Test func operators_equalPyTorch() throws {
    for (name, operation) in try Self.cases() {
      try check(name) { try singleNode(operation, inputShape: $0) }
    }
  }

  @Test func matrixProduct_equalsPyTorch() throws {
    try check("matrix product") { shape in
      let half = Array(shape.dropFirst())
      func part(_ index: Int, _ name: String) -> [Node] {
        [
          Node("\(name) slice", Slice([.init(axis: 0, start: index, count: 1)]), inputs: ["x"]),
          Node(name, Reshape(to: half), inputs: ["\(name) slice"]),
        ]
      }
      return try Network(
        name: "matrix product", input: "x", inputShape: shape,
        nodes: part(0, "a") + part(1, "b") + [
          Node("y", MatrixProduct(scale: 0.5, transposesRight: true), inputs: ["a", "b"])
        ], output: "y")
    }
  }

  @Test func softmax_equalsPyTorch() throws {
    try check("softmax") { shape in
      try Network(
        name: "softmax", input: "x", inputShape: shape,
        nodes: [Node("s", Scale(by: 3), inputs: ["x"]), Node("y", Softmax(), inputs: ["s"])], output: "y")
    }
  }

  private func check(_ name: String, _ network: (_ inputShape: [Int]) throws -> Network) throws {
    let file = try Safetensors(reading: Fixtures.path("networks/operators.safetensors"))
    let input = try file.tensor("\(name)/input")
    let network = try network(Array(input.shape.dropFirst()))
    let plan = try Plan(network: network, batch: input.rows, taps: [network.input])
    let output = try plan.forward(input)
    let outputError = relativeDifference(output, try file.tensor("\(name)/output"))
    #expect(outputError < 2e-6, "\(name): output")
    try plan.reverse(try file.tensor("\(name)/weights"))
    let gradientError = relativeDifference(
      try plan.gradient(of: network.input), try file.tensor("\(name)/gradient"))
    #expect(gradientError < 3e-6, "\(name): gradient")
  }
}
