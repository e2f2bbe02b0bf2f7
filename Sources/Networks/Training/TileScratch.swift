import CKernels

/// What one thread needs for itself.
final class TileScratch {
  /// Spectra of a tile before they are transformed back, and of its inputs during prediction.
  let products: SharedFloats
  let inputs: SharedFloats
  /// What transforms need.
  let passes: SharedFloats
  /// Kernels of some channels.
  let kernels: SharedFloats
  let noise: SharedFloats
  /// A tile's numbers before and after each layer, for prediction.
  let before: [SharedFloats]
  let after: [SharedFloats]

  init(_ convolutions: [TrainedConvolution], outputs: Int) {
    func largest(_ count: (TrainedConvolution) -> Int) -> SharedFloats {
      SharedFloats(convolutions.map(count).max() ?? 0)
    }
    products = largest(\.tileNumbers)
    inputs = largest(\.tileNumbers)
    passes = largest(\.circle.scratch)
    kernels = largest(\.kernelNumbers)
    noise = largest { tileSamples * $0.output.count }
    let counts = convolutions.map(\.output.count) + [outputs]
    before = counts.map { SharedFloats(tileSamples * $0) }
    after = counts.map { SharedFloats(tileSamples * $0) }
  }
}
