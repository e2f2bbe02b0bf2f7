import Networks
import Numerics
import Runtime
import Testing

/// Plans: batches, reuse, what they refuse.
@Suite struct PlanTests {
  @Test func batch_doesNotMixSamples() throws {
    var stream = RandomStream(seed: 21)
    let network = try residualNetwork(&stream)
    let input = randomTensor([7, 2, 5, 4], &stream)
    let gradient = randomTensor([7, 4], &stream)
    let whole = try Plan(network: network, batch: 7, taps: ["x", "relu1"])
    let together = try whole.forward(input)
    try whole.reverse(gradient)
    let tangent = try whole.tangent(input)
    for rows in [0..<1, 2..<5, 6..<7] {
      let part = try Plan(network: network, batch: 7, taps: ["x", "relu1"])
      #expect(relativeDifference(try part.forward(input.rows(rows)), together.rows(rows)) < 1e-6)
      try part.reverse(gradient.rows(rows))
      for tap in ["x", "relu1"] {
        let expected = try whole.gradient(of: tap).rows(rows)
        #expect(relativeDifference(try part.gradient(of: tap), expected) < 2e-6)
      }
      #expect(relativeDifference(try part.tangent(input.rows(rows)), tangent.rows(rows)) < 2e-6)
    }
  }

  @Test func plan_usedAgainGivesTheSameBits() throws {
    var stream = RandomStream(seed: 22)
    let network = try residualNetwork(&stream)
    let plan = try Plan(network: network, batch: 4, taps: network.tensors)
    let (input, gradient) = (randomTensor([4, 2, 5, 4], &stream), randomTensor([4, 4], &stream))
    let output = try plan.forward(input)
    try plan.reverse(gradient)
    let first = try network.tensors.map { try plan.gradient(of: $0) }
    _ = try plan.forward(randomTensor([3, 2, 5, 4], &stream))
    try plan.reverse(randomTensor([3, 4], &stream))
    _ = try plan.tangent(randomTensor([3, 2, 5, 4], &stream))
    #expect(try plan.forward(input) == output)
    try plan.reverse(gradient)
    try plan.reverse(gradient)
    #expect(try network.tensors.map { try plan.gradient(of: $0) } == first)
  }

  @Test func reverse_givesZeroToATapTheOutputDoesNotDependOn() throws {
    let network = try Network(
      name: "side", input: "x", inputShape: [3],
      nodes: [Node("side", Sigmoid(), inputs: ["x"]), Node("y", Scale(by: 2), inputs: ["x"])], output: "y")
    let plan = try Plan(network: network, batch: 1, taps: ["side", "x"])
    let one = Tensor(shape: [1, 3], repeating: 1)
    _ = try plan.forward(one)
    try plan.reverse(one)
    #expect(try plan.gradient(of: "side") == Tensor(shape: [1, 3], repeating: 0))
    #expect(try plan.gradient(of: "x") == Tensor(shape: [1, 3], repeating: 2))
    #expect(try plan.value(of: "side").elements[0] > 0.7)
  }

  @Test func plan_namesWhatItCannotUse() throws {
    let network = try singleNode(Exponential(), inputShape: [2])
    #expect(
      throws: CodecError(.usage, "unknown tensor z", at: "exponential", remedy: "choose from x, y")
    ) { try Plan(network: network, batch: 2, taps: ["z"]) }
    let plan = try Plan(network: network, batch: 2, taps: ["x"])
    #expect(
      throws: CodecError(
        .data, "the input has shape 3×2, expected n×2, n ≤ 2", at: "exponential")
    ) { try plan.forward(Tensor(shape: [3, 2], repeating: 0)) }
    #expect(
      throws: CodecError(
        .data, "the value of y is not finite in sample 1 of the batch", at: "exponential",
        remedy: "look for NaN, infinite or huge numbers in the stimulus and the weights")
    ) { try plan.forward(Tensor(shape: [2, 2], elements: [0, 1, 0, 1000])) }
    #expect(throws: CodecError.self) { try plan.forward(Tensor(shape: [1, 2], elements: [.nan, 1])) }
    #expect(throws: CodecError.self) { try plan.value(of: "y") }
  }
}
