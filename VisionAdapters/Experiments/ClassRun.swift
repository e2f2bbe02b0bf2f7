import Foundation
import Modes
import Numerics
import Runtime
import Storage

/// How modes and channels go with classes and superclasses (eq. 3; Fig. 5, S2, S9): `modes.h5` files into a
/// `classes.h5`.
public struct ClassRun: Sendable {
  /// The `schema` of the files it writes.
  public static let schema = "classes"
  /// The version of their layout.
  public static let schemaVersion = 1

  /// What was asked for.
  public struct Options: Sendable, Codable, Equatable {
    /// Layers by name; `nil` is every layer that the files hold.
    public var layers: [String]?
    /// Which modes: `contributions` or `activations`; `nil` is what the files hold.
    public var data: DecompositionOptions.Data?

    /// What is asked for.
    public init(layers: [String]? = nil, data: DecompositionOptions.Data? = nil) {
      (self.layers, self.data) = (layers, data)
    }
  }

  private let sources: [ModeSource]
  private let channels: LabelledResult?
  private let tree: ClassTree?
  private let layers: [String]
  /// What was asked for, every layer by its name.
  public let options: Options

  /// - Parameters:
  ///   - modes: paths of `modes.h5` files, at most one of each kind of data.
  ///   - contributions: the `contributions.h5` they were decomposed from, for single channels and class averages.
  ///   - tree: path of a superclass tree.
  /// - Throws: `CodecError` where the files do not fit together, for unknown layers and unlabelled samples.
  public init(modes: [String], contributions: String?, tree: String?, options: Options) throws {
    sources = try ModeSource.read(modes, data: options.data)
    let first = sources[0].file
    channels = try contributions.map { try LabelledResult(reading: $0, schema: "contributions") }
    if let channels, channels.labels != first.labels {
      throw CodecError(
        .data, "the modes are of other samples than the contributions", at: channels.file.name,
        remedy: "give the file the modes were decomposed from")
    }
    self.tree = try tree.map { try ClassTree(reading: $0, classCount: first.classNames.count) }
    layers = try first.chosen(options.layers)
    for source in sources { _ = try source.file.chosen(layers) }
    self.options = Options(layers: layers, data: options.data)
  }

  /// Computes every layer and completes the file.
  public func write(to writer: ResultWriter, progress: ProgressHandler? = nil) throws -> ClassSummary {
    let first = sources[0].file
    try writer.write(layers, to: "/layer", axes: ["layer"])
    try writer.write(first.classNames, to: "/class", axes: ["class"])
    if let tree { try writer.write(tree.superclasses.map(\.name), to: "/superclass", axes: ["superclass"]) }
    var lines: [ClassSummary.Layer] = []
    for (index, layer) in layers.enumerated() {
      for source in sources {
        try Interrupt.check()
        let result = try ClassResult(layer, of: source, channels: channels, tree: tree)
        try result.write(to: writer)
        lines.append(result.summary)
      }
      progress?(ProgressReport(task: "classes", finished: index + 1, total: layers.count))
    }
    let summary = ClassSummary(layers: lines)
    try writer.commit()
    return summary
  }
}

/// A `modes.h5` and what it decomposed.
struct ModeSource: Sendable {
  let file: LabelledResult
  let data: DecompositionOptions.Data

  init(reading path: String) throws {
    file = try LabelledResult(reading: path, schema: DecompositionRun.schema)
    data = try Provenance(of: file.file).decodedOptions(DecompositionOptions.self, at: file.file.name).data
  }

  /// Opens some files, at most one of each kind.
  /// - Parameter data: the only kind wanted.
  static func read(_ paths: [String], data: DecompositionOptions.Data?) throws -> [ModeSource] {
    let all = try paths.map(ModeSource.init(reading:))
    let found = data.map { wanted in all.filter { $0.data == wanted } } ?? all
    guard let first = found.first else {
      throw CodecError(
        .usage, "no file holds modes of \(data?.rawValue ?? "anything")", at: paths.joined(separator: ", "),
        remedy: "make one with codec decompose --data \(data?.rawValue ?? "contributions")")
    }
    for (place, source) in found.enumerated() {
      if found.prefix(place).contains(where: { $0.data == source.data }) {
        throw CodecError(
          .usage, "two files hold modes of \(source.data.rawValue)", at: source.file.file.name,
          remedy: "give one of each kind")
      }
      guard try source.file.requiredLabels() == first.file.requiredLabels() else {
        throw CodecError(.data, "the files' modes are of other samples", at: source.file.file.name)
      }
    }
    return found
  }
}

/// The table people read, and programs.
public struct ClassSummary: Codable, Sendable, Equatable {
  /// One layer's modes of one kind.
  public struct Layer: Codable, Sendable, Equatable {
    /// The layer's name.
    public let name: String
    /// `contributions` or `activations`.
    public let data: String
    /// Modes that are ever on.
    public let modes: Int
    /// R² of the decomposition.
    public let r2: Double
    /// Mean over modes of the largest correlation with a class.
    public let meanBest: Double
    /// Median of the same.
    public let medianBest: Double
    /// Modes that correlate with a class above 0.2.
    public let modesAbove: Int
    /// Classes that a mode correlates with above 0.2.
    public let classesAbove: Int
    /// Superclasses that a mode correlates with above 0.2.
    public let superclassesAbove: Int?
    /// Mean over channels of the largest correlation with a class.
    public let channelMeanBest: Double?
    /// Channels that correlate with a class above 0.2.
    public let channelsAbove: Int?
    /// Classes that a channel correlates with above 0.2.
    public let channelClassesAbove: Int?
    /// Median Hoyer sparsity of atoms.
    public let atomHoyer: Double
    /// Median Hoyer sparsity of samples' loadings.
    public let loadingHoyer: Double
    /// Median correlation of modes' atoms with the averages of their best classes.
    public let atomAverageCorrelation: Double?
  }

  /// The layers, in the network's order, each kind of data after the other.
  public let layers: [Layer]

  /// The table people read.
  public var lines: [String] {
    var rows = [
      [
        "layer", "modes of", "modes", "R²", "best corr. mean", "median", "modes > 0.2", "classes > 0.2",
        "superclasses", "channels: mean", "channels > 0.2", "classes > 0.2", "Hoyer atoms", "loadings",
        "atom × average",
      ]
    ]
    for layer in layers {
      rows.append([
        layer.name, layer.data, "\(layer.modes)", shown(layer.r2), shown(layer.meanBest),
        shown(layer.medianBest), "\(layer.modesAbove)", "\(layer.classesAbove)",
        layer.superclassesAbove.map(String.init) ?? "–", shown(layer.channelMeanBest),
        layer.channelsAbove.map(String.init) ?? "–", layer.channelClassesAbove.map(String.init) ?? "–",
        shown(layer.atomHoyer), shown(layer.loadingHoyer), shown(layer.atomAverageCorrelation),
      ])
    }
    return TextTable.lines(rows)
  }
}
