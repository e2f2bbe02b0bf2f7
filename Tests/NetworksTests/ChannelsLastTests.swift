import Networks
import Numerics
import Testing

/// Operators on images with the channels last.
@Suite struct ChannelsLastTests {
  @Test(arguments: 0..<8) func convolutionOfSingleChannels_isTheDirectSumWithItsDerivatives(_ trial: Int)
    throws
  {
    var stream = RandomStream(seed: 71).split(trial)
    let channels = [3, 16, 20, 33][trial % 4]
    let (kernel, stride) = (trial % 2 == 0 ? 3 : 5, 1 + trial / 4)
    let geometry = Convolution.Geometry(
      stride: [stride, stride], padding: [kernel / 2, kernel / 2], groups: channels)
    let operation = try Convolution(
      weight: randomTensor([channels, 1, kernel, kernel], &stream),
      bias: randomTensor([channels], &stream).elements, geometry: geometry)
    #expect(operation.prefersChannelsLast)
    let network = try singleNode(operation, inputShape: [channels, 6, 5])
    let input = randomTensor([2, channels, 6, 5], &stream)
    let output = try Plan(network: network, batch: 2, taps: []).forward(input)
    let expected = directConvolution(input, operation, outputShape: network.outputShape)
    #expect(relativeDifference(output.elements.map(Double.init), expected) < 2e-6)
    try checkDerivatives(network, at: input, &stream)
  }

  /// A norm folded into its kernels, and a residual sum.
  @Test func joinedConvolutionOfSingleChannels_hasItsDerivatives() throws {
    var stream = RandomStream(seed: 72)
    func numbers() -> [Float] { randomTensor([16], &stream).elements }
    let norm = try BatchNorm(
      scale: numbers(), shift: numbers(), mean: numbers(), variance: numbers().map { 0.2 + $0 * $0 },
      epsilon: 1e-3)
    let network = try Network(
      name: "separable", input: "x", inputShape: [4, 7, 6],
      nodes: [
        Node("expand", try Convolution(weight: randomTensor([16, 4, 1, 1], &stream)), inputs: ["x"]),
        Node(
          "depth",
          try Convolution(
            weight: randomTensor([16, 1, 3, 5], &stream),
            geometry: .init(padding: [0, 2], paddingAfter: [2, 2], groups: 16)), inputs: ["expand"]),
        Node("norm", norm, inputs: ["depth"]), Node("sum", Add(), inputs: ["norm", "expand"]),
        Node("flat", Reshape(), inputs: ["sum"]),
      ], output: "flat")
    let input = randomTensor([2, 4, 7, 6], &stream)
    try checkDerivatives(network, at: input, &stream)
    let joined = try Plan(network: network, batch: 2, taps: []).forward(input)
    let apart = try Plan(network: network, batch: 2, taps: network.tensors).forward(input)
    #expect(relativeDifference(joined, apart) < 2e-6)
  }

  /// A gate as of squeeze-and-excitation, paddings and constants: after a convolution, whose images have their channels
  /// last, and after the same product of each pixel, whose images are plain.
  @Test func padsAndProducts_areTheSameInBothLayouts() throws {
    var stream = RandomStream(seed: 73)
    let weight = randomTensor([6, 3], &stream)
    let factors = [[6, 1, 1], [6, 7, 1], [4], [7, 1], []].map { randomTensor($0, &stream) }
    let convolution = [
      Node("mixed", try Convolution(weight: weight.reshaped([6, 3, 1, 1])), inputs: ["x"])
    ]
    let product = [
      Node("pixels", Reshape(to: [3, 20]), inputs: ["x"]),
      Node("turned", try Transpose(axes: [1, 0]), inputs: ["pixels"]),
      Node("dense", try Dense(weight: weight), inputs: ["turned"]),
      Node("back", try Transpose(axes: [1, 0]), inputs: ["dense"]),
      Node("mixed", Reshape(to: [6, 5, 4]), inputs: ["back"]),
    ]
    var rest = [
      Node(
        "gate", AxisSum(axes: [1, 2], keepsAxes: true, isMean: true), inputs: ["mixed"]),
      Node("gated", Arithmetic(.multiply), inputs: ["mixed", "gate"]),
      Node("padded", Pad(before: [0, 2, 0], after: [0, 0, 0], mode: .constant(0.5)), inputs: ["gated"]),
    ]
    var last = "padded"
    for (index, factor) in factors.enumerated() {
      let operation: Arithmetic.Operation = index % 2 == 0 ? .multiply : .add
      rest.append(Node("scaled \(index)", Arithmetic(operation, factor), inputs: [last]))
      last = "scaled \(index)"
    }
    rest.append(Node("flat", Reshape(), inputs: [last]))
    let networks = try [convolution, product].map {
      try Network(name: "gate", input: "x", inputShape: [3, 5, 4], nodes: $0 + rest, output: "flat")
    }
    let input = randomTensor([2, 3, 5, 4], &stream)
    let weights = randomTensor([2, networks[0].outputShape[0]], &stream)
    let results = try networks.map { network in
      let plan = try Plan(network: network, batch: 2, taps: ["x", "padded"])
      let output = try plan.forward(input)
      try plan.reverse(weights)
      return [
        output, try plan.tangent(input), try plan.value(of: "padded"), try plan.gradient(of: "padded"),
        try plan.gradient(of: "x"),
      ]
    }
    for (last, plain) in zip(results[0], results[1]) { #expect(relativeDifference(last, plain) < 1e-5) }
  }
}
