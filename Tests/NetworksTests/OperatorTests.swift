import Foundation
import Networks
import Numerics
import Testing

/// Every operator, in both modes, on random shapes.
@Suite struct OperatorTests {
  @Test(arguments: 0..<6) func convolution_hasItsDerivatives(_ trial: Int) throws {
    var stream = RandomStream(seed: 1).split(trial)
    let (operation, shape) = try randomConvolution(&stream)
    let input = randomTensor([1 + stream.integer(below: 3)] + shape, &stream)
    try checkDerivatives(singleNode(operation, inputShape: shape), at: input, &stream)
  }

  @Test(arguments: 0..<24) func convolution_equalsTheDirectSum(_ trial: Int) throws {
    var stream = RandomStream(seed: 2).split(trial)
    let (operation, shape) = try randomConvolution(&stream)
    let input = randomTensor([1 + stream.integer(below: 4)] + shape, &stream)
    let network = try singleNode(operation, inputShape: shape)
    let output = try Plan(network: network, batch: input.rows, taps: []).forward(input)
    let expected = directConvolution(input, operation, outputShape: network.outputShape)
    #expect(relativeDifference(output.elements.map(Double.init), expected) < 2e-6)
  }

  @Test(arguments: [true, false]) func dense_hasItsDerivatives(_ hasBias: Bool) throws {
    var stream = RandomStream(seed: 3)
    let (inputs, outputs) = (1 + stream.integer(below: 40), 1 + stream.integer(below: 20))
    let bias = hasBias ? randomTensor([outputs], &stream).elements : nil
    let operation = try Dense(weight: randomTensor([outputs, inputs], &stream), bias: bias)
    let input = randomTensor([3, inputs], &stream)
    try checkDerivatives(singleNode(operation, inputShape: [inputs]), at: input, &stream)
    let output = try Plan(network: singleNode(operation, inputShape: [inputs]), batch: 3, taps: []).forward(
      input)
    let expected = (0..<3 * outputs).map { index in
      zip(operation.weight.row(index % outputs), input.row(index / outputs)).reduce(
        Double(bias?[index % outputs] ?? 0)
      ) { $0 + Double($1.0) * Double($1.1) }
    }
    #expect(relativeDifference(output.elements.map(Double.init), expected) < 1e-6)
  }

  @Test(arguments: [true, false]) func batchNorm_hasItsDerivatives(_ isPerUnit: Bool) throws {
    var stream = RandomStream(seed: 4)
    let shape = [3, 4, 5]
    let count = isPerUnit ? 60 : 3
    let parameters = (0..<3).map { _ in randomTensor([count], &stream).elements }
    let variance = (0..<count).map { _ in Float(stream.uniform() + 0.1) }
    let operation = try BatchNorm(
      scale: parameters[0], shift: parameters[1], mean: parameters[2], variance: variance, epsilon: 1e-3)
    let input = randomTensor([2] + shape, &stream)
    let network = try singleNode(operation, inputShape: shape)
    try checkDerivatives(network, at: input, &stream)
    let output = try Plan(network: network, batch: 2, taps: []).forward(input)
    let expected = input.elements.indices.map { index -> Double in
      let unit = isPerUnit ? index % 60 : index % 60 / 20
      let centred = Double(input.elements[index]) - Double(parameters[2][unit])
      return centred / (Double(variance[unit]) + 1e-3).squareRoot() * Double(parameters[0][unit])
        + Double(parameters[1][unit])
    }
    #expect(relativeDifference(output.elements.map(Double.init), expected) < 1e-6)
  }

  @Test(arguments: [false, true]) func nonlinearities_haveTheirDerivatives(_ isFar: Bool) throws {
    var stream = RandomStream(seed: 5)
    let shape = [2, 3, 7]
    var input = randomTensorOffZero([3] + shape, &stream)
    if isFar { input = Tensor(shape: input.shape, elements: input.elements.map { $0 * 4 }) }
    for operation in [ReLU(), Softplus(), Exponential(), Sigmoid(), Scale(by: -1.5), Reshape(to: [6, 7])]
      as [any Operator]
    {
      try checkDerivatives(singleNode(operation, inputShape: shape), at: input, &stream, step: 0.03)
    }
  }

  @Test func nonlinearities_equalTheirFormulasInTheTails() throws {
    let points: [Float] = [-200, -80, -30, -5, -1e-3, 0, 1e-3, 0.7, 5, 30, 80]
    let formulas: [(any Operator, (Double) -> Double)] = [
      (ReLU(), { max($0, 0) }), (Softplus(), { max($0, 0) + log1p(exp(-abs($0))) }),
      (Exponential(), exp), (Sigmoid(), { 1 / (1 + exp(-$0)) }),
    ]
    for (operation, formula) in formulas {
      let plan = try Plan(network: singleNode(operation, inputShape: [1]), batch: points.count, taps: [])
      let values = try plan.forward(Tensor(shape: [points.count, 1], elements: points)).elements
      for (value, point) in zip(values, points) {
        let expected = formula(Double(point))
        #expect(
          abs(Double(value) - expected) <= 5e-7 * abs(expected) + 1e-37, "\(operation.kind) at \(point)")
      }
    }
  }

  @Test func layerNorm_hasItsDerivativesAndUnitVariance() throws {
    var stream = RandomStream(seed: 6)
    let shape = [3, 11]
    let operation = try LayerNorm(
      scale: randomTensor([11], &stream).elements, shift: randomTensor([11], &stream).elements)
    let input = randomTensor([4] + shape, &stream, scale: 2)
    try checkDerivatives(singleNode(operation, inputShape: shape), at: input, &stream)

    let plain = try LayerNorm(scale: .init(repeating: 1, count: 11), shift: .init(repeating: 0, count: 11))
    let output = try Plan(network: singleNode(plain, inputShape: shape), batch: 4, taps: []).forward(input)
    for row in 0..<12 {
      let values = output.elements[row * 11..<(row + 1) * 11].map(Double.init)
      #expect(abs(values.reduce(0, +)) < 1e-5)
      #expect(abs(values.reduce(0) { $0 + $1 * $1 } / 11 - 1) < 1e-4)
    }
  }

  @Test func reshape_withoutAShapeFlattens() throws {
    let network = try singleNode(Reshape(), inputShape: [2, 3, 4])
    #expect(network.outputShape == [24])
    let input = Tensor(shape: [2, 2, 3, 4], elements: (0..<48).map(Float.init))
    #expect(try Plan(network: network, batch: 2, taps: []).forward(input) == input.reshaped([2, 24]))
  }
}
