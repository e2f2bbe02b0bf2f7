import Foundation
import Numerics

/// The loss's penalties: λ_D · mean|D| + λ_z · mean|z|.
public struct Penalties: Sendable, Equatable {
  /// λ_D, on the dictionary's entries.
  public var dictionary: Double
  /// λ_z, on the codes.
  public var codes: Double

  /// Penalties; none unless given.
  public init(dictionary: Double = 0, codes: Double = 0) {
    self.dictionary = dictionary
    self.codes = codes
  }
}

/// Working memory for taking batches forwards and backwards through a sparse autoencoder; nothing is allocated later.
///
/// The threshold is applied before the sigmoid, at logit(threshold), so that sigmoid, reconstruction and gradients run
/// over the active codes alone: with a hard threshold no other code takes part in either (exactly).
struct AutoencoderPass {
  /// Where each weight tensor lies.
  private struct Places {
    let weight1, bias1, gain1, shift1, weight2, bias2, gain2, shift2, encoder, atoms: Range<Int>

    init(_ model: SparseAutoencoder) {
      weight1 = model.range(of: .layer1Weight)
      bias1 = model.range(of: .layer1Bias)
      gain1 = model.range(of: .norm1Weight)
      shift1 = model.range(of: .norm1Bias)
      weight2 = model.range(of: .layer2Weight)
      bias2 = model.range(of: .layer2Bias)
      gain2 = model.range(of: .norm2Weight)
      shift2 = model.range(of: .norm2Bias)
      encoder = model.range(of: .layer3Weight)
      atoms = model.range(of: .atoms)
    }
  }

  private let features: Int
  private let hidden: Int
  private let modes: Int
  private let rectify: Bool
  private let preThreshold: Float
  private let places: Places
  private var samples = 0
  private var dataRows: [Float]
  private var dataColumns: [Float]
  private var norm1: DropReLUNorm
  private var norm2: DropReLUNorm
  /// Output of each layer norm, [hidden][stride].
  private var hidden1: [Float]
  private var hidden2: [Float]
  private var hiddenRows: [Float]
  private var bits: [UInt16]
  /// Reconstruction, then its error, [sample][feature].
  private(set) var error: [Float]
  private var slopeRows: [Float]
  private var slope2: [Float]
  private var slope1: [Float]
  /// The active codes of the batch.
  private(set) var codes: CodeList
  /// The loss's gradient with respect to every parameter.
  private(set) var gradient: [Float]

  /// - Parameters:
  ///   - samples: the largest batch.
  ///   - preThreshold: what a code must reach before the sigmoid; nil is the model's threshold.
  init(for model: SparseAutoencoder, samples: Int, preThreshold: Float? = nil) {
    features = model.features
    hidden = model.hidden
    modes = model.modes
    rectify = model.nonnegative
    self.preThreshold = preThreshold ?? Float(log(model.threshold / (1 - model.threshold)))
    places = Places(model)
    let stride = SampleColumns.stride(samples)
    dataRows = Array(repeating: 0, count: samples * features)
    dataColumns = Array(repeating: 0, count: features * stride)
    norm1 = DropReLUNorm(width: hidden, samples: samples, epsilon: SparseAutoencoder.normEpsilon)
    norm2 = DropReLUNorm(width: hidden, samples: samples, epsilon: SparseAutoencoder.normEpsilon)
    let columns = [Float](repeating: 0, count: hidden * stride)
    (hidden1, hidden2, slope1, slope2) = (columns, columns, columns, columns)
    hiddenRows = Array(repeating: 0, count: samples * hidden)
    slopeRows = hiddenRows
    bits = Array(repeating: 0, count: hidden * stride)
    error = dataRows
    codes = CodeList(codes: modes, samples: samples)
    gradient = Array(repeating: 0, count: model.parameters.count)
  }

  /// Takes a batch up to its active codes.
  /// - Parameters:
  ///   - index: rows of `data` [sample][feature] that make up the batch.
  ///   - dropout: share of hidden units dropped, 0 when the model is used; `random` decides which.
  mutating func encode(
    _ index: ArraySlice<UInt32>, of data: [Float], parameters: [Float], dropout: Double,
    random: inout RandomStream
  ) {
    samples = index.count
    SampleColumns.gather(index, of: data, width: features, rows: &dataRows, columns: &dataColumns)
    SampleColumns.affine(
      dataColumns, samples: samples, parameters: parameters, weight: places.weight1, bias: places.bias1,
      into: &norm1.values)
    if dropout > 0 { random.fillBits(&bits) }
    norm1.forward(
      samples: samples, dropout: dropout, bits: bits, parameters: parameters, gain: places.gain1,
      shift: places.shift1, into: &hidden1)
    SampleColumns.affine(
      hidden1, samples: samples, parameters: parameters, weight: places.weight2, bias: places.bias2,
      into: &norm2.values)
    if dropout > 0 { random.fillBits(&bits) }
    norm2.forward(
      samples: samples, dropout: dropout, bits: bits, parameters: parameters, gain: places.gain2,
      shift: places.shift2, into: &hidden2)
    codes.find(
      hidden: hidden2, width: hidden, samples: samples, parameters: parameters, encoder: places.encoder,
      threshold: preThreshold)
  }

  /// Takes a batch up to its active codes as the finished model does, without dropout.
  mutating func encode(_ index: ArraySlice<UInt32>, of data: [Float], parameters: [Float]) {
    var unused = RandomStream(seed: 0)
    encode(index, of: data, parameters: parameters, dropout: 0, random: &unused)
  }

  /// The last hidden layer's output for the encoded batch, [sample][hidden].
  var hiddenVectors: [Float] {
    mutating get {
      SampleColumns.rows(fromColumns: hidden2, count: samples, width: hidden, into: &hiddenRows)
      return hiddenRows
    }
  }

  /// Fills `error` with the reconstruction of the encoded batch, [sample][feature].
  mutating func reconstruct(parameters: [Float]) {
    codes.decode(
      samples: samples, width: features, parameters: parameters, atoms: places.atoms, rectify: rectify,
      into: &error)
  }

  /// Fills `error` with reconstruction − data of the encoded batch.
  /// - Returns: the sum of squared errors.
  mutating func residuals(parameters: [Float]) -> Double {
    reconstruct(parameters: parameters)
    return residual(samples * features, data: dataRows, reconstruction: &error)
  }

  /// Fills `gradient`; call after `residuals`.
  mutating func backward(parameters: [Float], penalties: Penalties) {
    SampleColumns.rows(fromColumns: hidden2, count: samples, width: hidden, into: &hiddenRows)
    codes.gradients(
      samples: samples, width: features, hiddenWidth: hidden, parameters: parameters,
      places: .init(atoms: places.atoms, encoder: places.encoder), rectify: rectify, error: error,
      scale: Float(2 / Double(samples * features)), penalty: Float(penalties.codes / Double(samples * modes)),
      hidden: hiddenRows, gradient: &gradient, dhidden: &slopeRows)
    addDictionaryPenalty(
      parameters: parameters, atoms: places.atoms, rectify: rectify,
      weight: Float(penalties.dictionary / Double(places.atoms.count)), gradient: &gradient)
    SampleColumns.columns(fromRows: slopeRows, count: samples, width: hidden, into: &slope2)
    norm2.backward(
      &slope2, samples: samples, parameters: parameters, gain: places.gain2, shift: places.shift2,
      gradient: &gradient)
    SampleColumns.affineGradient(
      slope2, x: hidden1, samples: samples, weight: places.weight2, bias: places.bias2, gradient: &gradient)
    SampleColumns.affineInputGradient(
      slope2, samples: samples, outputs: hidden, parameters: parameters, weight: places.weight2, into: &slope1
    )
    norm1.backward(
      &slope1, samples: samples, parameters: parameters, gain: places.gain1, shift: places.shift1,
      gradient: &gradient)
    SampleColumns.affineGradient(
      slope1, x: dataColumns, samples: samples, weight: places.weight1, bias: places.bias1,
      gradient: &gradient)
  }
}
