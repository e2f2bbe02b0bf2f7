import Networks
import Numerics
import Runtime
import TestSupport
import Testing
import VisionAdapters

@Suite struct PerturbationTests {
  @Test func ablatedLogits_equalPyTorchs() throws {
    let reference = try ReferenceNetwork("resnet")
    let layer = try #require(try reference.expected.attribute("layer", of: "ablation")?.asText)
    let channels = try reference.numbers("ablation/channels").map { Int($0) }
    let model = try PerturbedModel(reference.model, layers: [layer], batch: 6)
    var factors = [Float](repeating: 1, count: model.taps[0].channels)
    for channel in channels { factors[channel] = 0 }
    let start = try model.start(reference.input)
    let output = try model.output(from: start, factors: [factors])
    #expect(try reference.difference(output.elements.map(Double.init), "ablation/logits") < 1e-4)
    let plain = try model.output(from: start)
    #expect(try reference.difference(plain.elements.map(Double.init), "logits") < 1e-4)
  }

  /// A mask in the middle of the network gives what the split network gives; later layers' masks see earlier ones.
  @Test(arguments: ["resnet", "vit"]) func severalLayers_areChangedInOnePass(name: String) throws {
    let reference = try ReferenceNetwork(name)
    let layers = name == "resnet" ? ["block12", "block14"] : ["mlp3", "token7"]
    let model = try PerturbedModel(reference.model, layers: layers.reversed(), batch: 6)
    #expect(model.taps.map(\.name) == layers)
    let start = try model.start(reference.input)
    let ones = model.taps.map { [Float](repeating: 1, count: $0.channels) }
    let none = try model.output(from: start, factors: ones)
    #expect(try reference.difference(none.elements.map(Double.init), "logits") < 1e-4)
    var half = ones
    half[0] = half[0].indices.map { $0 % 2 == 0 ? 1 : 0 }
    let changed = try model.output(from: start, factors: half)
    #expect(changed != none)
    // The whole of the later layer taken out: nothing of the earlier one is left.
    var last = half
    last[1] = last[1].map { _ in 0 }
    var lastOnly = ones
    lastOnly[1] = last[1]
    #expect(try model.output(from: start, factors: last) == model.output(from: start, factors: lastOnly))
  }

  @Test func ablatedAndPreservedChannels_complement() {
    var random = RandomStream(seed: 1)
    for count in [1, 7, 128] {
      let order = random.permutation(count)
      for percentage in [0.1, 1, 50, 99, 100] {
        let ablated = Perturbation.ablate.factors(order, percentage: percentage)
        let preserved = Perturbation.preserve.factors(order, percentage: percentage)
        #expect(zip(ablated, preserved).allSatisfy { $0 + $1 == 1 })
        let chosen = preserved.indices.filter { preserved[$0] == 1 }
        #expect(Set(chosen) == Set(order.prefix(max(1, Int(Double(count) * percentage / 100)))))
      }
    }
  }

  @Test func accuracy_countsLabelsAmongTheLargest() {
    let output = Tensor(shape: [3, 4], elements: [1, 5, 2, 3, 9, 9, 0, 0, 4, 3, 2, 1])
    #expect(accuracy(output, labels: [1, 1, 3], top: 1) == 1.0 / 3)
    #expect(accuracy(output, labels: [3, 1, 2], top: 2) == 2.0 / 3)
    #expect(accuracy(output, labels: [0, 2, 3], top: 4) == 1)
  }

  @Test func scores_areOfMeanRatiosAndLeaveOutUnrecognisedPairs() {
    let target = Matrix(rows: 3, columns: 3, elements: [1, 0.5, 0, .nan, .nan, .nan, 0.6, 0.1, 0])
    let other = Matrix(rows: 3, columns: 3, elements: [1, 1, 1, .nan, .nan, .nan, 1, 0.8, 0.4])
    let score = PerturbationScore(target: target, other: other, percentages: [0, 10, 40], group: 1)
    // Mean ratios .8 .3 0 and 1 .9 .7: areas 5.5 + 4.5 and 9.5 + 24 over 40.
    #expect(score.counted == 2)
    #expect(abs(score.target - 10.0 / 40) < 1e-12 && abs(score.other - 33.5 / 40) < 1e-12)
    #expect(abs(score.score - (10 - 33.5) / 33.5) < 1e-12)
    #expect(score.groups.count == 2 && abs(score.groups[0] - (15 - 40) / 40.0) < 1e-12)
  }
}

@Suite struct SweepOptionsTests {
  @Test func configurations_changeOneThingOrAll() throws {
    var options = SweepOptions()
    let names = try options.configurations().map(\.name)
    #expect(names.first == "baseline" && Set(names).count == names.count)
    // 3 penalties of which 1e-4 is the baseline's, 3 thresholds less one, 3 sizes less one, 3 seeds, 4 widths, one sign.
    #expect(names.count == 1 + 2 + 2 + 2 + 3 + 4 + 1)
    options.isGrid = true
    #expect(try options.configurations().count == 1 + 3 * 3 * 3 * 4 * 2 * 3)
    options.thresholds = [1.5]
    #expect(throws: CodecError.self) { try options.configurations() }
  }
}
