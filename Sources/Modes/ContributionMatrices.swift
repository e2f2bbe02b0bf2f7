import Numerics
import Runtime
import Storage

/// One column of a data matrix.
public struct Feature: Sendable, Equatable {
  /// The channel's number in its layer.
  public let channel: Int
  /// −1 for C⁻, +1 for C⁺, 0 for activations.
  public let sign: Int
}

/// The data matrices in a `contributions.h5`.
struct ContributionMatrices {
  let file: H5File
  let data: DecompositionOptions.Data
  let positiveOnly: Bool
  /// Names of the layers asked for, as their groups spell them.
  let layers: [String]
  let samples: Int

  /// - Throws: `CodecError` of kind `data` where the file is no contributions file, `usage` for an unknown layer.
  init(reading path: String, options: DecompositionOptions) throws {
    file = try H5File(reading: path)
    _ = try Provenance(of: file, schema: "contributions", version: 1)
    (data, positiveOnly) = (options.data, options.positiveOnly)
    samples = try file.dataset("/output", rank: 2).rows
    let present = try file.children(of: "/layers")
    // Slashes in a tensor's name are no levels of the file.
    let wanted = options.layers?.map { String($0.map { $0 == "/" ? "|" : $0 }) } ?? present
    for layer in wanted where !present.contains(layer) {
      throw CodecError.unknown("layer", layer, valid: present, at: file.name)
    }
    guard !wanted.isEmpty else {
      throw CodecError(.usage, "no layer to decompose", at: file.name, remedy: "name one or more")
    }
    layers = wanted.enumerated().filter { wanted.firstIndex(of: $1) == $0 }.map(\.element)
  }

  private var parts: [(dataset: String, sign: Int)] {
    switch data {
    case .contributions: positiveOnly ? [("positive", 1)] : [("negative", -1), ("positive", 1)]
    case .activations: [("activation", 0)]
    }
  }

  /// What the numbers of a layer's matrix are measured in.
  func units(of layer: String) throws -> String {
    try file.attribute("units", of: "/layers/\(layer)/\(parts[0].dataset)")?.asText ?? "1"
  }

  /// A layer's matrix, [sample, feature]: [C⁻, C⁺], or C⁺, or activations, and what its columns are.
  /// - Throws: `CodecError` of kind `data` naming a dataset that is missing or does not fit.
  func matrix(of layer: String) throws -> (data: Tensor, features: [Feature]) {
    let blocks = try parts.map { part in
      let dataset = try file.dataset("/layers/\(layer)/\(part.dataset)", rank: 2)
      guard dataset.rows == samples else {
        throw CodecError(.data, "\(dataset.rows) rows for \(samples) samples", at: dataset.place)
      }
      return (values: try dataset.tensor(), sign: part.sign)
    }
    let width = blocks.reduce(0) { $0 + $1.values.shape[1] }
    var elements: [Float] = []
    elements.reserveCapacity(samples * width)
    for sample in 0..<samples { for block in blocks { elements += block.values.row(sample) } }
    let features = blocks.flatMap { block in
      (0..<block.values.shape[1]).map { Feature(channel: $0, sign: block.sign) }
    }
    return (Tensor(shape: [samples, width], elements: elements), features)
  }
}
