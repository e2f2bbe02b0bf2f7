import Networks
import Numerics
import Runtime
import Testing

/// Graphs: fan-out, cuts, slices, plans used again.
@Suite struct GraphTests {
  @Test func fanOut_addsTheGradientsOfAllReaders() throws {
    var stream = RandomStream(seed: 11)
    let network = try residualNetwork(&stream)
    try checkDerivatives(
      network, at: randomTensorOffZero([3, 2, 5, 4], &stream), &stream, step: 0.01, tolerance: 2e-3)
  }

  @Test func fanOut_ofATensorReadTwiceByOneNode() throws {
    var stream = RandomStream(seed: 12)
    let network = try Network(
      name: "twice", input: "x", inputShape: [5],
      nodes: [Node("a", Sigmoid(), inputs: ["x"]), Node("y", Add(), inputs: ["a", "x", "a"])], output: "y")
    try checkDerivatives(network, at: randomTensor([2, 5], &stream), &stream)
  }

  @Test func isFullCut_holdsWhereEveryPathPasses() throws {
    var stream = RandomStream(seed: 13)
    let network = try residualNetwork(&stream)
    let cuts = network.tensors.filter(network.isFullCut)
    #expect(cuts == ["x", "stem", "sum1", "relu1", "sum2", "flat", "rate"])
    #expect(!network.isFullCut("nowhere"))
  }

  @Test func slice_equalsTheWholeBehindItsStart() throws {
    var stream = RandomStream(seed: 14)
    let network = try residualNetwork(&stream)
    let plan = try Plan(network: network, batch: 3, taps: ["relu1", "branch2", "x"])
    let output = try plan.forward(randomTensor([3, 2, 5, 4], &stream))
    let gradient = randomTensor(output.shape, &stream)
    try plan.reverse(gradient)

    let tail = try Plan(
      network: network.slice(from: "relu1", to: "rate"), batch: 3, taps: ["relu1", "branch2"])
    #expect(try tail.forward(plan.value(of: "relu1")) == output)
    try tail.reverse(gradient)
    #expect(try tail.gradient(of: "relu1") == plan.gradient(of: "relu1"))
    #expect(try tail.gradient(of: "branch2") == plan.gradient(of: "branch2"))

    let head = try Plan(network: network.slice(from: "x", to: "relu1"), batch: 3, taps: [])
    #expect(try head.forward(plan.value(of: "x")) == plan.value(of: "relu1"))
  }

  @Test func slice_refusesAStartThatIsNotACut() throws {
    var stream = RandomStream(seed: 15)
    let network = try residualNetwork(&stream)
    #expect(throws: CodecError.self) { try network.slice(from: "branch2", to: "rate") }
    #expect(throws: CodecError.self) { try network.slice(from: "rate", to: "x") }
    #expect(throws: CodecError.self) { try network.slice(from: "nowhere", to: "rate") }
  }

  @Test func taps_doNotChangeResults() throws {
    var stream = RandomStream(seed: 16)
    let network = try residualNetwork(&stream)
    let input = randomTensor([2, 2, 5, 4], &stream)
    let (bare, tapped) = (
      try Plan(network: network, batch: 2, taps: ["x"]),
      try Plan(network: network, batch: 2, taps: network.tensors)
    )
    let output = try bare.forward(input)
    #expect(relativeDifference(try tapped.forward(input), output) < 1e-6)
    let gradient = randomTensor(output.shape, &stream)
    try bare.reverse(gradient)
    try tapped.reverse(gradient)
    #expect(relativeDifference(try tapped.gradient(of: "x"), try bare.gradient(of: "x")) < 1e-6)
    let direction = randomTensor(input.shape, &stream)
    #expect(relativeDifference(try tapped.tangent(direction), try bare.tangent(direction)) < 1e-6)
  }

  @Test func network_refusesBrokenGraphs() throws {
    func make(_ nodes: [Node], output: String = "y") throws -> Network {
      try Network(name: "broken", input: "x", inputShape: [4], nodes: nodes, output: output)
    }
    #expect(throws: CodecError(.data, "node y reads z, which nothing before it makes", at: "broken")) {
      try make([Node("y", ReLU(), inputs: ["z"])])
    }
    #expect(throws: CodecError(.data, "two nodes make the tensor x", at: "broken")) {
      try make([Node("y", ReLU(), inputs: ["x"], output: "x")])
    }
    #expect(throws: CodecError(.data, "nothing makes the output y", at: "broken")) { try make([]) }
    let narrow = try Dense(weight: Tensor(shape: [2, 3], repeating: 1))
    #expect(
      throws: CodecError(.data, "dense expects an input of shape …×3, found 4", at: "broken, y")
    ) { try make([Node("y", narrow, inputs: ["x"])]) }
  }
}

/// Two residual blocks, a rectifier between them, and a dense read-out.
func residualNetwork(_ stream: inout RandomStream) throws -> Network {
  func convolution(_ inputs: Int, _ outputs: Int, padding: Int = 1) throws -> Convolution {
    let size = 2 * padding + 1
    return try Convolution(
      weight: randomTensor([outputs, inputs, size, size], &stream, scale: 0.3),
      bias: randomTensor([outputs], &stream).elements, geometry: .init(padding: [padding, padding]))
  }
  let norm = try BatchNorm(
    scale: randomTensor([3], &stream).elements, shift: randomTensor([3], &stream).elements,
    mean: randomTensor([3], &stream).elements, variance: [0.5, 1, 2], epsilon: 1e-3)
  return try Network(
    name: "residual", input: "x", inputShape: [2, 5, 4],
    nodes: [
      Node("stem", try convolution(2, 3), inputs: ["x"]),
      Node("branch1a", try convolution(3, 3), inputs: ["stem"]),
      Node("branch1b", norm, inputs: ["branch1a"]),
      Node("branch1c", Softplus(), inputs: ["branch1b"]),
      Node("sum1", Add(), inputs: ["branch1c", "stem"]),
      Node("relu1", Softplus(), inputs: ["sum1"]),
      Node("branch2", try convolution(3, 3), inputs: ["relu1"]),
      Node("short2", try convolution(3, 3, padding: 0), inputs: ["relu1"]),
      Node("sum2", Add(), inputs: ["branch2", "short2"]),
      Node("flat", Reshape(), inputs: ["sum2"]),
      Node("rate", try Dense(weight: randomTensor([4, 60], &stream, scale: 0.2)), inputs: ["flat"]),
    ], output: "rate")
}
