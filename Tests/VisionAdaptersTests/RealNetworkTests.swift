import Contributions
import Foundation
import Networks
import Numerics
import Storage
import TestSupport
import Testing
import VisionAdapters

/// EfficientNet-Lite0, trained on ImageNet, whose file computes its padding from the input's size.
@Suite struct RealNetworkTests {
  private let path = Fixtures.shared("models/efficientnet_lite0.onnx")

  @Test func logits_equalONNXRuntimes() throws {
    guard let path else { return }
    let network = try ModelFile.load(path, architectures: []).network
    var waves = Tensor(shape: [1, 3, 224, 224])
    for index in waves.elements.indices {
      let (channel, y, x) = (index / (224 * 224), index / 224 % 224, index % 224)
      waves.elements[index] = Float(sin(0.03 * Double((channel + 1) * y) + 0.05 * Double(x)))
    }
    let logits = try Plan(network: network, batch: 1, taps: []).forward(waves).elements
    let file = try H5File(reading: Fixtures.path("networks/efficientnet_lite0.h5"))
    let expected: [Float] = try file.dataset("logits").numbers()
    let scale = expected.reduce(0) { max($0, abs($1)) }
    #expect(zip(logits, expected).allSatisfy { abs($0 - $1) < 1e-3 * scale })
  }

  /// The path refined, no block's contributions miss the change of the target by more than the tolerance.
  @Test func photographOfACat_isACatsAndItsContributionsAreComplete() throws {
    guard let path else { return }
    let model = try ModelFile.load(path, architectures: [])
    let preparation = try PicturePreparation(
      ImagePreprocessing(
        size: [224, 224], resize: .shorterSide(256), interpolation: .bicubic,
        mean: [0.498, 0.498, 0.498], standardDeviation: [0.502, 0.502, 0.502]), of: model.network)
    let list = try ImageList(
      Fixtures.path("pictures/cat"), classes: ClassNames(count: model.unitIDs.count, names: nil))
    let input = try ImageSource(list, preparation: preparation).frames(0..<1)
    let plan = try ContributionPlan(
      network: model.network, taps: try model.taps.map { try Tap($0, of: model.network) },
      method: .ig(rule: .trapezoid, steps: .automatic(tolerance: 0.1, limit: 200)), maxSamples: 1, rows: 8)
    let target = try TargetChoice(parsing: "top:1").target(
      unitIDs: model.unitIDs.map(String.init), appliesSoftmax: false)
    let block = try plan.contributions(to: [target], inputs: input)
    let (value, baseline) = (block.targets[0].values[0], block.targets[0].baselineValues[0])
    #expect(model.taps.count == 9)
    for sums in try block.sums(ofTarget: 0, on: plan) {
      let sum = (sums.negative.elements + sums.positive.elements).reduce(0.0) { $0 + Double($1) }
      #expect(abs(sum - (value - baseline)) <= 0.1 * abs(value - baseline))
    }
    let logits = try Plan(network: model.network, batch: 1, taps: []).forward(input).elements
    let best = try #require(logits.indices.max { logits[$0] < logits[$1] })
    // Tabby, tiger cat, Persian, Siamese and Egyptian cat.
    #expect((281...285).contains(best), "class \(best)")
  }
}
