import Numerics
import Runtime
import Storage

/// A finished `contributions.h5`, read lazily.
public final class ContributionFile: Sendable {
  /// The `schema` of such files.
  public static let schema = "contributions"
  /// The version of the layout written here.
  public static let schemaVersion = 1

  /// The open file.
  public let file: H5File
  /// Names of the layers, as their datasets spell them.
  public let layers: [String]
  /// Number of samples.
  public let sampleCount: Int

  /// - Throws: `CodecError`: `fileSystem` where there is no such file, `data` where it is none of ours, or of a newer
  ///   layout.
  public init(reading path: String) throws {
    file = try H5File(reading: path)
    let schema = try file.attribute("schema")?.asText
    guard schema == Self.schema else {
      throw CodecError(
        .data, schema.map { "a file of \($0)" } ?? "a file without a schema", at: file.name,
        remedy: "give a file written by codec contributions")
    }
    let version = try file.attribute("schema_version")?.asInteger ?? 0
    guard version == Self.schemaVersion else {
      throw CodecError(
        .data, "layout \(version) of contributions, this program reads \(Self.schemaVersion)", at: file.name,
        remedy: "write it anew, or use the program that wrote it")
    }
    layers = try file.children(of: "/layers")
    sampleCount = try file.dataset("/target", rank: 1).rows
  }

  /// The frame of the stimulus each sample belongs to.
  public func frames() throws -> [Int] { try file.dataset("/sample/index", rank: 1).numbers() }

  /// The time of each sample in s; `nil` where frames had none.
  public func times() throws -> [Double]? { try optional("/sample/time") }

  /// The segment of each sample; `nil` where the stimulus is continuous.
  public func segments() throws -> [Int]? { try optional("/sample/segment") }

  /// The model's outputs, `[sample, unit]`.
  public func output() throws -> Matrix { try file.dataset("/output").matrix() }

  /// Ids of the output units.
  public func unitIDs() throws -> [Int] { try file.attribute("unit_ids", of: "/output")?.asIntegers ?? [] }

  /// Names of the output units, such as classes; `nil` where they have none.
  public func unitNames() throws -> [String]? { try texts("/unit_name") }

  /// The class of each sample; `nil` where samples have no labels.
  public func labels() throws -> [Int]? { try optional("/sample/label") }

  /// The name of each sample, such as a picture's file; `nil` where samples are only counted.
  public func sampleNames() throws -> [String]? { try texts("/sample/name") }

  /// The recorded rates in Hz, `[sample, cell]`; `nil` where there were none.
  public func recordedRates() throws -> Matrix? {
    file.contains("/recorded_rate") ? try file.dataset("/recorded_rate").matrix() : nil
  }

  /// T(x) of each sample.
  public func target() throws -> [Double] { try file.dataset("/target", rank: 1).numbers() }

  /// T(x0) of each sample.
  public func targetBaseline() throws -> [Double] { try file.dataset("/target_baseline", rank: 1).numbers() }

  /// The target's spelling, such as `surprisal`.
  public func targetName() throws -> String { try file.attribute("target", of: "/target")?.asText ?? "" }

  /// A layer's contributions, C⁻ and C⁺, each `[sample, channel]`.
  /// - Throws: `CodecError` of kind `usage` for an unknown layer.
  public func contributions(of layer: String) throws -> (negative: Matrix, positive: Matrix) {
    (try matrix("negative", of: layer), try matrix("positive", of: layer))
  }

  /// A layer's contributions summed over each attention head, C⁻ and C⁺, each `[sample, head]`; `nil` where it has none.
  public func headContributions(of layer: String) throws -> (negative: Matrix, positive: Matrix)? {
    guard file.contains(try path("head_negative", of: layer)) else { return nil }
    return (try matrix("head_negative", of: layer), try matrix("head_positive", of: layer))
  }

  /// A layer's activations summed over space, `[sample, channel]`.
  public func activations(of layer: String) throws -> Matrix { try matrix("activation", of: layer) }

  /// Σ C − (T(x) − T(x0)) of each sample; `nil` where the layer is no full cut.
  public func completeness(of layer: String) throws -> [Double]? {
    try optional(try path("completeness", of: layer))
  }

  /// The same over Σ|C|.
  public func relativeCompleteness(of layer: String) throws -> [Double]? {
    try optional(try path("completeness_relative", of: layer))
  }

  /// Each cell's own contributions averaged over frames, each `[cell, channel]`; `nil` where they were not asked for.
  public func cellAverages(of layer: String) throws -> (negative: Matrix, positive: Matrix)? {
    guard file.contains(try path("cell_negative", of: layer)) else { return nil }
    return (try matrix("cell_negative", of: layer), try matrix("cell_positive", of: layer))
  }

  /// Rows of the samples whose maps are kept.
  public func pickedRows() throws -> [Int] { try optional("/picked") ?? [] }

  /// The maps of the samples picked, `[picked, channel, …]`; `nil` where there are none.
  public func maps(of layer: String) throws -> Tensor? {
    let path = try path("map", of: layer)
    return file.contains(path) ? try file.dataset(path).tensor() : nil
  }

  /// Which samples' paths were refined until their gap closed; `nil` for fixed steps.
  public func converged() throws -> [Bool]? {
    let flags: [Int]? = try optional("/sample/converged")
    return flags?.map { $0 != 0 }
  }

  /// Steps of each sample's path; `nil` for fixed steps.
  public func steps() throws -> [Int]? { try optional("/sample/steps") }

  private func path(_ dataset: String, of layer: String) throws -> String {
    let path = Tap.path(of: layer, dataset)
    guard layers.contains(layer) || file.contains(Tap.path(of: layer, "negative")) else {
      throw CodecError.unknown("layer", layer, valid: layers, at: file.name)
    }
    return path
  }

  private func matrix(_ dataset: String, of layer: String) throws -> Matrix {
    try file.dataset(try path(dataset, of: layer)).matrix()
  }

  private func texts(_ path: String) throws -> [String]? {
    file.contains(path) ? try file.dataset(path, rank: 1).texts() : nil
  }

  private func optional<Number: StoredNumber>(_ path: String) throws -> [Number]? {
    file.contains(path) ? try file.dataset(path, rank: 1).numbers() : nil
  }
}
