import Foundation
import Networks
import Numerics
import TestSupport
import Testing

/// Largest difference as a share of the largest expected magnitude.
private func relativeDifference(_ found: [Float], _ expected: [Double]) -> Double {
  let largest = expected.reduce(1e-30) { max($0, abs($1)) }
  return zip(found, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) } / largest
}

@Suite struct BackendTests {
  @Test(arguments: 0..<24) func everyBackend_equalsTheDefinition_forwardAndTransposed(seed: Int) throws {
    var stream = RandomStream(seed: UInt64(seed)).split("backends")
    let (drawn, inputShape) = try randomConvolution(&stream, isPlain: seed % 2 == 0)
    let convolution = try Convolution(weight: drawn.weight, bias: nil, geometry: drawn.geometry)
    let shape = try convolution.sizes(inputShape: inputShape)
    // More samples than any block of sixteen, and not a multiple of it.
    let input = randomTensor([19] + inputShape, &stream)
    let outputGradient = randomTensor([19] + shape.output, &stream)
    let expected = directConvolution(input, convolution, outputShape: shape.output)
    let candidates = convolution.candidates(shape, batch: 19)
    #expect(candidates.map(\.name).contains("onednn") && candidates.map(\.name).contains("openblas"))
    for candidate in candidates {
      let (output, gradient) = try run(try candidate.make(), shape, input, outputGradient)
      #expect(relativeDifference(output, expected) < 1e-5, "\(candidate.name) of \(shape.key)")
      // ⟨u, Wx⟩ = ⟨Wᵀu, x⟩ for each sample
      for sample in 0..<19 {
        let (count, outputs) = (shape.inputCount, shape.outputCount)
        var (left, right, size) = (0.0, 0.0, 0.0)
        for index in sample * outputs..<(sample + 1) * outputs {
          left += Double(outputGradient.elements[index]) * expected[index]
          size += abs(Double(outputGradient.elements[index]) * expected[index])
        }
        for index in sample * count..<(sample + 1) * count {
          right += Double(gradient[index]) * Double(input.elements[index])
        }
        #expect(abs(left - right) < 1e-5 * max(size, 1), "\(candidate.name) of \(shape.key)")
      }
    }
  }

  @Test(arguments: 0..<6) func samples_doNotDependOnTheirBatch(seed: Int) throws {
    var stream = RandomStream(seed: UInt64(seed)).split("batch")
    let (convolution, inputShape) = try randomConvolution(&stream, isPlain: true)
    let shape = try convolution.sizes(inputShape: inputShape)
    let input = randomTensor([21] + inputShape, &stream)
    let gradient = randomTensor([21] + shape.output, &stream)
    for candidate in convolution.candidates(shape, batch: 21) {
      let backend = try candidate.make()
      let whole = try run(backend, shape, input, gradient)
      let last = try run(backend, shape, input.rows(20..<21), gradient.rows(20..<21))
      #expect(Array(whole.output.suffix(shape.outputCount)) == last.output, "\(candidate.name)")
      #expect(Array(whole.gradient.suffix(shape.inputCount)) == last.gradient, "\(candidate.name)")
    }
  }

  private func run(
    _ backend: any ConvolutionBackend, _ shape: ConvolutionShape, _ input: Tensor, _ outputGradient: Tensor
  ) throws -> (output: [Float], gradient: [Float]) {
    var output = [Float](repeating: 0, count: input.rows * shape.outputCount)
    // What was there is added to where asked for.
    var gradient = [Float](repeating: 0.5, count: input.count)
    try input.elements.withUnsafeBufferPointer { input in
      try output.withUnsafeMutableBufferPointer {
        try backend.apply(
          samples: outputGradient.rows, input: input.baseAddress!, inputStride: shape.inputCount,
          output: $0.baseAddress!)
      }
    }
    try outputGradient.elements.withUnsafeBufferPointer { outputGradient in
      try gradient.withUnsafeMutableBufferPointer {
        try backend.applyTransposed(
          samples: outputGradient.count / shape.outputCount, outputGradient: outputGradient.baseAddress!,
          to: GradientSink(buffer: $0.baseAddress!, adds: true))
      }
    }
    return (output, gradient.map { $0 - 0.5 })
  }
}

@Suite struct BackendTimingsTests {
  /// Trials of which the second is clearly faster; each run is counted.
  private final class Work {
    var runs = 0
    func trials() -> [BackendTimings.Trial] {
      [
        (
          "slow",
          {
            {
              self.runs += 1; usleep(3000)
            }
          }
        ), ("fast", { { self.runs += 1 } }),
      ]
    }
  }

  @Test func fastest_isMeasuredOnce_andRememberedByLaterProcesses() throws {
    let file = try Fixtures.temporaryFolder().appending(path: "cache/backends.json")
    let work = Work()
    #expect(BackendTimings(file: file).choose("shape", rule: "slow", trials: work.trials()) == "fast")
    let measured = work.runs
    #expect(measured > 2)
    // Another process reads the file.
    #expect(BackendTimings(file: file).choose("shape", rule: "slow", trials: work.trials()) == "fast")
    #expect(work.runs == measured)
    #expect(BackendTimings(file: file).choose("other shape", rule: "slow", trials: work.trials()) == "fast")
    #expect(work.runs > measured)
  }

  @Test func rule_decidesWhereNothingCanBeKept() throws {
    let folder = try Fixtures.temporaryFolder()
    let work = Work()
    #expect(BackendTimings(file: nil).choose("shape", rule: "slow", trials: work.trials()) == "slow")
    let torn = folder.appending(path: "torn.json")
    try Data("{\"half".utf8).write(to: torn)
    #expect(BackendTimings(file: torn).choose("shape", rule: "slow", trials: work.trials()) == "slow")
    let below = torn.appending(path: "backends.json")
    #expect(BackendTimings(file: below).choose("shape", rule: "slow", trials: work.trials()) == "slow")
    #expect(work.runs == 0)
  }

  @Test func backendsThatRefuse_areLeftOut() throws {
    struct Refusal: Error {}
    let file = try Fixtures.temporaryFolder().appending(path: "backends.json")
    let trials: [BackendTimings.Trial] = [("refusing", { throw Refusal() }), ("willing", { {} })]
    #expect(BackendTimings(file: file).choose("shape", rule: "refusing", trials: trials) == "willing")
  }
}
