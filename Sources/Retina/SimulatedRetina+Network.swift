import Networks
import RetinaData

extension SimulatedRetina {
  /// The circuit as a retina CNN, ready to run: the model that a perfect fit would find.
  public func model() throws -> LoadedModel {
    try RetinaCNN().load(
      ModelWeights(name: "simulated retina", tensors: modelTensors, metadata: modelMetadata))
  }
}
