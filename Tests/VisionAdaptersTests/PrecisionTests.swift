import Networks
import Numerics
import Runtime
import Testing
import VisionAdapters

/// bf16 on processors that have it, an error that says so on others.
@Suite struct PrecisionTests {
  @Test(arguments: ["resnet", "vit"]) func bf16_isNearPyTorchOrRefused(_ name: String) throws {
    let reference = try ReferenceNetwork(name)
    func difference(_ precision: Precision) throws -> Double {
      let plan = try Plan(network: reference.model.network, batch: 6, taps: [], precision: precision)
      return try reference.difference(plan.forward(reference.input).elements.map(Double.init), "logits")
    }
    do {
      let (rounded, exact) = (try difference(.bf16), try difference(.f32))
      // Nearer would mean that nothing was rounded.
      #expect(rounded < 0.1 && rounded > 10 * exact)
    } catch let error as CodecError {
      #expect(error.kind == .usage && error.what.contains("no bf16 arithmetic"))
    }
  }
}
