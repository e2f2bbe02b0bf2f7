import Numerics
import Runtime

/// The sparse autoencoder that turns a vector of contributions into a few active modes (paper §4, §10.3).
///
/// Encoder: linear, dropout, ReLU, layer norm, twice, then linear without bias and a sigmoid: u [mode]. Codes are u
/// where u ≥ threshold, else 0; the reconstruction is codes · atoms, or codes · max(atoms, 0) where non-negative.
/// A value: weights and what fixes their meaning, nothing about training.
public struct SparseAutoencoder: Sendable, Equatable {
  /// Entries of one data vector.
  public let features: Int
  /// Width of the two hidden layers.
  public let hidden: Int
  /// Number of modes (atoms).
  public let modes: Int
  /// A mode is on where the sigmoid's output reaches this; between 0 and 1.
  public let threshold: Double
  /// Whether only the positive part of the atoms is used.
  public let nonnegative: Bool
  /// All weights in one array, tensor after tensor in the order of `Part`.
  public internal(set) var parameters: [Float]

  /// Added to the variance in both layer norms.
  public static let normEpsilon: Float = 1e-5

  /// The weight tensors, by the names files use.
  public enum Part: String, CaseIterable, Sendable {
    case layer1Weight = "layer1.weight"
    case layer1Bias = "layer1.bias"
    case norm1Weight = "norm1.weight"
    case norm1Bias = "norm1.bias"
    case layer2Weight = "layer2.weight"
    case layer2Bias = "layer2.bias"
    case norm2Weight = "norm2.weight"
    case norm2Bias = "norm2.bias"
    case layer3Weight = "layer3.weight"
    case atoms
  }

  /// An autoencoder whose weights are all zero.
  init(features: Int, hidden: Int, modes: Int, threshold: Double, nonnegative: Bool) {
    precondition(features > 0 && hidden > 0 && modes > 0 && threshold > 0 && threshold < 1)
    self.features = features
    self.hidden = hidden
    self.modes = modes
    self.threshold = threshold
    self.nonnegative = nonnegative
    parameters = []
    parameters = Array(repeating: 0, count: range(of: .atoms).upperBound)
  }

  /// An autoencoder with given weights.
  /// - Parameters:
  ///   - weights: every tensor of `Part` by its name; `layer1.weight` is [hidden, feature], `layer3.weight`
  ///     [mode, hidden], `atoms` [mode, feature].
  ///   - threshold: between 0 and 1.
  /// - Throws: `CodecError` naming a missing tensor, or one of the wrong shape with the shape it should have.
  public init(weights: [String: Tensor], threshold: Double, nonnegative: Bool) throws {
    guard let first = weights[Part.layer1Weight.rawValue], first.shape.count == 2, first.count > 0 else {
      throw CodecError(.data, "an autoencoder needs the matrix layer1.weight [hidden, feature]")
    }
    guard let atoms = weights[Part.atoms.rawValue], atoms.shape.count == 2, atoms.count > 0 else {
      throw CodecError(.data, "an autoencoder needs the matrix atoms [mode, feature]")
    }
    guard threshold > 0 && threshold < 1 else { throw Self.badThreshold(threshold) }
    self.init(
      features: first.shape[1], hidden: first.shape[0], modes: atoms.shape[0], threshold: threshold,
      nonnegative: nonnegative)
    for part in Part.allCases {
      guard let tensor = weights[part.rawValue] else {
        throw CodecError(.data, "missing autoencoder weights", at: part.rawValue)
      }
      guard tensor.shape == shape(of: part) else {
        throw CodecError(
          .data, "autoencoder weights have shape \(tensor.shape), not \(shape(of: part))", at: part.rawValue)
      }
      parameters.replaceSubrange(range(of: part), with: tensor.elements)
    }
  }

  static func badThreshold(_ threshold: Double) -> CodecError {
    CodecError(.usage, "a threshold of \(threshold)", remedy: "choose one between 0 and 1, such as 0.9")
  }

  /// The shape of one weight tensor.
  public func shape(of part: Part) -> [Int] {
    switch part {
    case .layer1Weight: [hidden, features]
    case .layer2Weight: [hidden, hidden]
    case .layer3Weight: [modes, hidden]
    case .atoms: [modes, features]
    default: [hidden]
    }
  }

  /// Where one weight tensor lies in `parameters`.
  func range(of part: Part) -> Range<Int> {
    var start = 0
    for other in Part.allCases {
      let count = shape(of: other).reduce(1, *)
      if other == part { return start..<start + count }
      start += count
    }
    preconditionFailure("every part is listed")
  }

  /// One weight tensor (copies).
  public subscript(part: Part) -> Tensor {
    Tensor(shape: shape(of: part), elements: Array(parameters[range(of: part)]))
  }

  /// All weight tensors by name.
  public var weights: [String: Tensor] {
    Dictionary(uniqueKeysWithValues: Part.allCases.map { ($0.rawValue, self[$0]) })
  }

  /// The dictionary the reconstruction uses, [mode, feature]: the atoms, or their positive part where non-negative.
  public var dictionary: Tensor {
    var atoms = self[.atoms]
    if nonnegative {
      for index in atoms.elements.indices { atoms.elements[index] = max(0, atoms.elements[index]) }
    }
    return atoms
  }
}
