import Networks
import Numerics
import Runtime
import Storage
import TestSupport
import Testing
import VisionAdapters

@Suite struct ContributionMapTests {
  /// The fixture's sensitivities are sums of a reverse pass for every channel and position.
  @Test(arguments: ["resnet", "resnet.onnx"]) func onePass_equalsAPassForEveryUnit(_ name: String) throws {
    let reference = try ReferenceNetwork(name)
    let group = "contribution_map"
    let layer = try #require(try reference.expected.attribute("layer", of: group)?.asText)
    let channels = try #require(try reference.expected.attribute("channels", of: group)?.asIntegers)
    let tensor = try #require(reference.layers.first { $0.name == layer }).tensor
    let mapper = try ContributionMapper(reference.model, layer: tensor)
    let maps = try (0..<2).map { row in
      try mapper.maps(of: reference.input.rows(row..<row + 1), label: nil) { _ in channels }
    }
    func difference(_ part: (ContributionMapper.Map) -> Tensor, _ sign: String, _ path: String) throws
      -> Double
    {
      try reference.difference(
        maps.flatMap { part(sign == "positive" ? $0.positive : $0.negative).elements.map(Double.init) },
        "\(group)/\(path)")
    }
    #expect(try difference(\.sensitivity, "positive", "positive_sensitivity") < 2e-4)
    #expect(try difference(\.sensitivity, "negative", "negative_sensitivity") < 2e-4)
    #expect(try difference(\.contribution, "positive", "positive") < 2e-4)
  }

  /// All channels of a full cut together: Σ_i x_i ∂T/∂x_i, whatever the layer.
  @Test func allChannels_sumToTheSameAtEveryLayer() throws {
    let reference = try ReferenceNetwork("resnet")
    let sums = try ["block2", "block7", "block12"].map { layer in
      let mapper = try ContributionMapper(reference.model, layer: layer)
      let found = try mapper.maps(of: reference.input.rows(3..<4), label: 5) { _ in
        Array(0..<mapper.tap.channels)
      }
      return (found.positive.contribution.elements + found.negative.contribution.elements).reduce(0.0) {
        $0 + Double($1)
      }
    }
    for sum in sums { #expect(abs(sum - sums[0]) < 1e-4 * max(1e-3, abs(sums[0]))) }
  }

  @Test func unknownLayers_areListed() throws {
    let reference = try ReferenceNetwork("resnet")
    #expect(throws: CodecError.self) { try ContributionMapper(reference.model, layer: "block16") }
    #expect(throws: CodecError.self) {
      try ContributionMapper(reference.model, layer: reference.model.network.input)
    }
  }

  @Test func overlayMask_equalsSciPys() throws {
    let file = try H5File(reading: Fixtures.path("pictures/expected.h5"))
    let map = try file.dataset("/overlay/map").tensor()
    let filtered: [Float] = try file.dataset("/overlay/filtered").numbers()
    for colour in 0..<3 {
      let found = MapOverlay.medianFiltered(map.row(colour).map { abs($0) }, height: 13, width: 17)
      #expect(found == Array(filtered[colour * 13 * 17..<(colour + 1) * 13 * 17]))
    }
    let mask: [Float] = try file.dataset("/overlay/mask").numbers()
    #expect(zip(MapOverlay.mask(map).elements, mask).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(MapOverlay.mask(Tensor(shape: [3, 4, 4])).elements.allSatisfy { $0 == 0 })
  }
}
