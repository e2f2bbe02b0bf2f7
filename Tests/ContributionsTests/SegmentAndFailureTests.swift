import Contributions
import Networks
import Numerics
import Runtime
import Storage
import Stimuli
import TestSupport
import Testing

/// Random frames in continuous runs.
private struct RandomMovie: StimulusSource {
  let segments: [Range<Int>]
  let name = "random movie"
  let frameShape = [1, 4, 5]
  let frameInterval: Double? = 0.02
  var frameCount: Int { segments.last?.upperBound ?? 0 }

  func frames(_ range: Range<Int>) throws -> Tensor {
    var frames = Tensor(shape: [range.count] + frameShape)
    for (place, frame) in range.enumerated() {
      var stream = RandomStream(seed: 3).split(frame)
      for pixel in 0..<20 { frames.elements[place * 20 + pixel] = Float(stream.normal()) }
    }
    return frames
  }
}

/// A small model of three frames of history whose last weights are multiplied by `factor`.
private func model(factor: Float = 1) throws -> LoadedModel {
  var source = WeightSource(seed: 5)
  let convolution = try source.convolution([2, 3, 3, 3])
  var dense = source.tensor([2, 12])
  for index in dense.elements.indices { dense.elements[index] *= factor }
  let network = try Network(
    name: "small", input: "window", inputShape: [3, 4, 5],
    nodes: [
      Node("conv1", convolution, inputs: ["window"]), Node("relu1", ReLU(), inputs: ["conv1"]),
      Node("flat", Reshape(), inputs: ["relu1"]), Node("rate", try Dense(weight: dense), inputs: ["flat"]),
    ], output: "rate")
  return LoadedModel(
    network: network, taps: ["conv1", "relu1"], defaultTarget: "surprisal",
    preprocessing: Preprocessing(
      mean: 0, standardDeviation: 1, history: 3, frameShape: [1, 4, 5], frameRate: nil),
    unitIDs: [10, 20], metadata: [:])
}

private func run(_ model: LoadedModel, _ segments: [Range<Int>], _ options: ContributionOptions) throws
  -> ContributionFile
{
  let series = try WindowSeries(
    source: RandomMovie(segments: segments), history: 3, mean: 0, standardDeviation: 1)
  let run = try ContributionRun(input: try ContributionInput(model: model, series: series), options: options)
  let path = try Fixtures.temporaryFolder().appending(path: "contributions.h5").path
  let provenance = try Provenance(
    schema: ContributionFile.schema, schemaVersion: ContributionFile.schemaVersion, command: "test",
    options: run.resolvedOptions, seed: nil, software: "codec", inputs: [])
  try run.write(to: try ResultWriter(path: path, provenance: provenance))
  return try ContributionFile(reading: path)
}

@Suite struct SegmentAndFailureTests {
  @Test func segments_areRunsOfTheirOwn() throws {
    let file = try run(try model(), [0..<150, 150..<152, 152..<160], ContributionOptions())
    #expect(try file.frames() == Array(3..<150) + Array(155..<160))
    #expect(try file.segments() == Array(repeating: 0, count: 147) + Array(repeating: 2, count: 5))
    #expect(try file.times()?.last == 159 * 0.02)
    let alone = try run(
      try model(), [0..<160],
      {
        var options = ContributionOptions()
        options.frames = [155..<160]
        options.target = .unit("20")
        return options
      }())
    var options = ContributionOptions()
    options.target = .unit("20")
    let together = try run(try model(), [0..<150, 150..<152, 152..<160], options)
    let rows = try together.contributions(of: "relu1").positive
    let expected = try alone.contributions(of: "relu1").positive
    #expect(worstDifference(rows.elements.suffix(10), expected.elements) < 1e-5)
  }

  @Test func outputsBeyondSinglePrecision_nameUnitAndFrame() throws {
    #expect {
      try run(try model(factor: 1e38), [0..<60], ContributionOptions())
    } throws: { error in
      let text = (error as? CodecError)?.description ?? ""
      return text.contains("output of unit") && text.contains("of random movie") && text.contains("frame")
    }
  }

  @Test func contributionsBeyondSinglePrecision_nameLayerAndFrame() throws {
    // The outputs are finite, their squares in the target's gradient are not.
    var options = ContributionOptions()
    options.target = .sum
    options.method = .actgrad(hiddenBaseline: .zero)
    var scaled = try model(factor: 1e37)
    let shrink = Node("small", Scale(by: 1e-38), inputs: ["relu1"])
    scaled = LoadedModel(
      network: try Network(
        name: "steep", input: "window", inputShape: [3, 4, 5],
        nodes: [
          scaled.network.nodes[0], scaled.network.nodes[1], shrink,
          Node("flat", Reshape(), inputs: ["small"]),
          Node("large", Scale(by: 1e38), inputs: ["flat"]),
          Node("rate", scaled.network.nodes[3].operation, inputs: ["large"]),
        ], output: "rate"),
      taps: ["flat"], defaultTarget: "sum", preprocessing: scaled.preprocessing, unitIDs: [10, 20],
      metadata: [:])
    #expect {
      try run(scaled, [0..<60], options)
    } throws: { error in
      let text = (error as? CodecError)?.description ?? ""
      return text.contains("flat") && text.contains("frame 3 of random movie")
    }
  }

  @Test func outputsThatNeverChange_haveNoSurprisal() throws {
    let constant = try model(factor: 0)
    #expect {
      try run(constant, [0..<60], ContributionOptions())
    } throws: { ($0 as? CodecError)?.description.contains("constant") == true }
  }
}
