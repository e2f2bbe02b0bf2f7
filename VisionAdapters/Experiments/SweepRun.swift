import Foundation
import Modes
import Networks
import Numerics
import Runtime
import Storage

/// How far modes depend on how they were found (S3–S6): a `contributions.h5` decomposed again and again into a `sweep.h5`.
public struct SweepRun: Sendable {
  /// The `schema` of the files it writes.
  public static let schema = "sweep"
  /// The version of their layout.
  public static let schemaVersion = 1

  /// What was asked for, every layer by its name.
  public let options: SweepOptions
  private let path: String
  private let file: LabelledResult
  private let labels: [Int]
  private let layers: [String]
  private let configurations: [SweepOptions.Configuration]
  private let ablation: Ablation?

  /// What ablations need.
  private struct Ablation: Sendable {
    let model: LoadedModel
    let experiment: PerturbationExperiment
    let options: PerturbationOptions
  }

  /// - Parameters:
  ///   - model: with `images`, to ablate each configuration's modes as well.
  /// - Throws: `CodecError` where the parts do not fit together.
  public init(
    contributions path: String, model: LoadedModel? = nil, images: ImageSource? = nil, options: SweepOptions
  ) throws {
    self.path = path
    file = try LabelledResult(reading: path, schema: "contributions")
    labels = try file.requiredLabels()
    let paper = ["block3", "block7", "block13", "block15"]
    let usual = paper.allSatisfy(file.layers.contains) ? paper : file.layers
    layers = try file.chosen(options.layers ?? usual)
    configurations = try options.configurations()
    if let example = options.example, !file.classNames.indices.contains(example) {
      throw CodecError.unknown(
        "class", "\(example)", valid: file.classNames.indices.map(String.init), at: file.file.name)
    }
    ablation = try zipped(model, images).map { try Self.ablation(model: $0, images: $1, options) }
    var resolved = options
    resolved.layers = layers
    self.options = resolved
  }

  private static func ablation(model: LoadedModel, images: ImageSource, _ options: SweepOptions) throws
    -> Ablation
  {
    var perturbation = PerturbationOptions()
    perturbation.selections = [.modes]
    (perturbation.percentages, perturbation.trials) = (options.percentages, options.trials)
    (perturbation.group, perturbation.seed) = (1, options.seed)
    try perturbation.validate()
    return Ablation(
      model: model,
      experiment: try PerturbationExperiment(model: model, images: images, tree: nil, options: perturbation),
      options: perturbation)
  }

  /// Trains and measures every configuration of every layer that the writer does not hold yet, and completes the file.
  /// - Throws: `CodecError` of kind `interrupted` once a stop was asked for; the file can then be resumed.
  public func write(to writer: ResultWriter, threads: Int = 1, progress: ProgressHandler? = nil) throws
    -> SweepSummary
  {
    BLAS.useThreads(1)
    try define(in: writer)
    var finished = writer.finishedSamples
    let team = try WorkerTeam(count: threads) { _ in }
    for (index, layer) in layers.enumerated() where finished < (index + 1) * configurations.count {
      let done = finished - index * configurations.count
      let baseline = try decomposed(layer, configurations[0])
      for first in stride(from: done, to: configurations.count, by: threads) {
        try Interrupt.check()
        let range = first..<min(first + threads, configurations.count)
        let rows = try team.map(range) { [self] _, place in
          let modes = place == 0 ? baseline : try decomposed(layer, configurations[place])
          return try measured(modes, layer: layer, against: baseline)
        }
        for row in rows { try append(row, layer: layer, to: writer) }
        finished += range.count
        try writer.flush(finishedSamples: finished)
        progress?(
          ProgressReport(task: "sweep", finished: finished, total: layers.count * configurations.count))
      }
    }
    let summary = try summary(from: writer)
    try writer.commit()
    return summary
  }

  /// One configuration's modes of a layer; `nil` where none came alive.
  private struct Found: Sendable {
    let result: LayerDecomposition
    let modes: ModeClasses?
  }

  private func decomposed(_ layer: String, _ configuration: SweepOptions.Configuration) throws -> Found {
    var options = try DecompositionOptions(defaultsFor: path)
    (options.layers, options.data, options.recipe) = ([layer], self.options.data, configuration.recipe)
    (options.seed, options.includesBaselines) = (configuration.seed, false)
    let result = try DecompositionRun(contributions: path, options: options).decomposition(of: layer)
    guard result.decomposition.alive > 0 else { return Found(result: result, modes: nil) }
    return Found(
      result: result, modes: try ModeClasses(result, labels: labels, classes: file.classNames.count))
  }

  /// Numbers of one configuration, in the order of ``SweepRun/quantities``, and the example's atoms.
  private struct Row: Sendable {
    let numbers: [Double]
    let example: [Double]
  }

  /// Columns of the table: name and unit.
  static let quantities = [
    ("r2", "1"), ("r2_held_out", "1"), ("alive", "modes"), ("mean_l0", "modes"), ("modes_above", "modes"),
    ("classes_above", "classes"), ("baseline_correlation", "1"), ("baseline_correlation_sem", "1"),
    ("ablation_score", "1"), ("ablation_score_sem", "1"),
  ]

  private func measured(_ found: Found, layer: String, against baseline: Found) throws -> Row {
    let decomposition = found.result.decomposition
    let reading = found.modes.map { ClassReading($0.sums, tree: nil) }
    let correlations = zipped(found.modes, baseline.modes).map { modes, other in
      modes.sums.presentClasses.map { label in
        Statistics.pearson(modes.summedAtom(of: label), other.summedAtom(of: label))
      }.filter { !$0.isNaN }
    }
    let score = try found.modes.flatMap { try ablationScore(of: $0, layer: layer) }
    let example = options.example.map { label in found.modes?.summedAtom(of: label) ?? [] }
    let width = try file.columns(of: layer, "positive")
    return Row(
      numbers: [
        decomposition.quality.r2, decomposition.heldOutR2, Double(decomposition.alive),
        decomposition.meanActive,
        Double(reading?.unitsAbove ?? 0), Double(reading?.classesAbove ?? 0),
        correlations.map { Statistics.mean($0) } ?? .nan, correlations.map(standardError) ?? .nan,
        score?.groupMean ?? .nan, score?.groupError ?? .nan,
      ],
      example: example.map { $0.isEmpty ? Array(repeating: .nan, count: width) : unitNorm($0) } ?? [])
  }

  private func ablationScore(of modes: ModeClasses, layer: String) throws -> PerturbationScore? {
    guard let ablation else { return nil }
    let names = ablation.model.network.tensors
    let tensor = names.first { LabelledResult.group(of: $0) == layer } ?? layer
    let model = try PerturbedModel(ablation.model, layers: [tensor], batch: 2 * ablation.options.images)
    let ranking = LayerRanking(channels: model.taps[0].channels, modes: modes)
    let kind = PerturbationWriter.Kind(.ablate, .modes)
    let results = try ablation.experiment.trials.indices.map {
      try ablation.experiment.result(of: $0, on: model, rankings: [tensor: ranking])
    }
    func matrix(_ part: (PerturbationResult) -> [Double]?) -> Matrix {
      Matrix(
        rows: results.count, columns: ablation.options.percentages.count,
        elements: results.flatMap { part($0) ?? [] })
    }
    return PerturbationScore(
      target: matrix { $0.targetRatios[kind] }, other: matrix { $0.otherRatios[kind] },
      percentages: ablation.options.percentages, group: ablation.options.group)
  }

  private func define(in writer: ResultWriter) throws {
    try writer.write(layers, to: "/layer", axes: ["layer"])
    try writer.write(configurations.map(\.name), to: "/configuration/name", axes: ["configuration"])
    func column(_ name: String, _ units: String, _ value: (SweepOptions.Configuration) -> Double) throws {
      try writer.write(
        configurations.map(value), shape: [configurations.count], to: "/configuration/\(name)",
        axes: ["configuration"], units: units)
    }
    try column("dictionary_penalty", "1") { $0.recipe.dictionaryPenalty }
    try column("threshold", "1") { $0.recipe.threshold }
    try column("modes_per_feature", "1") { Double($0.recipe.modesPerFeature) }
    try column("hidden", "units") { $0.recipe.hidden.map(Double.init) ?? .nan }
    try column("nonnegative", "1") { $0.recipe.nonnegative ? 1 : 0 }
    try column("seed", "1") { Double($0.seed) }
    for layer in layers {
      for (name, units) in Self.quantities {
        try writer.createDataset("/layers/\(layer)/\(name)", .float64, axes: ["configuration"], units: units)
      }
      guard options.example != nil else { continue }
      try writer.createDataset(
        "/layers/\(layer)/class_atom", .float64, rowShape: [try file.columns(of: layer, "positive")],
        axes: ["configuration", "channel"], units: "1", attributes: ["class": .integer(options.example ?? 0)])
    }
  }

  private func append(_ row: Row, layer: String, to writer: ResultWriter) throws {
    for ((name, _), value) in zip(Self.quantities, row.numbers) {
      try writer.append([value], to: "/layers/\(layer)/\(name)")
    }
    if options.example != nil { try writer.append(row.example, to: "/layers/\(layer)/class_atom") }
  }

  private func summary(from writer: ResultWriter) throws -> SweepSummary {
    var lines: [SweepSummary.Line] = []
    for layer in layers {
      let columns = try Self.quantities.map { try writer.appended(to: "/layers/\(layer)/\($0.0)") }
      for (place, configuration) in configurations.enumerated() {
        lines.append(SweepSummary.Line(layer, configuration.name, columns.map { $0[place] }))
      }
    }
    return SweepSummary(lines: lines)
  }
}

/// The one table of a sweep.
public struct SweepSummary: Codable, Sendable, Equatable {
  /// One configuration of one layer.
  public struct Line: Codable, Sendable, Equatable {
    /// The layer.
    public let layer: String
    /// What differs from the baseline.
    public let configuration: String
    /// R², over all samples.
    public let r2: Double
    /// R² of samples held out.
    public let heldOutR2: Double
    /// Modes that are ever on.
    public let alive: Int
    /// Modes on in a sample, on average.
    public let meanOn: Double
    /// Modes that correlate with a class above 0.2.
    public let modesAbove: Int
    /// Classes that a mode correlates with above 0.2.
    public let classesAbove: Int
    /// Mean over classes of the correlation of summed atoms with the baseline's.
    public let baselineCorrelation: Double
    /// Mean ablation score; NaN without pictures and model.
    public let ablationScore: Double
    /// Its standard error over trials.
    public let ablationError: Double

    init(_ layer: String, _ configuration: String, _ numbers: [Double]) {
      (self.layer, self.configuration) = (layer, configuration)
      (r2, heldOutR2, alive, meanOn) = (numbers[0], numbers[1], Int(numbers[2]), numbers[3])
      (modesAbove, classesAbove, baselineCorrelation) = (Int(numbers[4]), Int(numbers[5]), numbers[6])
      (ablationScore, ablationError) = (numbers[8], numbers[9])
    }
  }

  /// By layer, the baseline first.
  public let lines: [Line]

  /// The table people read.
  public var text: [String] {
    var rows = [
      [
        "layer", "configuration", "R²", "held out", "modes", "on", "modes > 0.2", "classes > 0.2",
        "corr. with baseline", "ablation score", "± s.e.m.",
      ]
    ]
    for line in lines {
      rows.append([
        line.layer, line.configuration, shown(line.r2), shown(line.heldOutR2), "\(line.alive)",
        shown(line.meanOn),
        "\(line.modesAbove)", "\(line.classesAbove)", shown(line.baselineCorrelation),
        shown(line.ablationScore),
        shown(line.ablationError),
      ])
    }
    return TextTable.lines(rows)
  }
}

extension ModeClasses {
  /// All modes that go with a class above the limit (the best one where none does), summed by channel.
  func summedAtom(of label: Int) -> [Double] {
    channelWeights(of: modes(for: [label], above: ClassReading.limit))
  }
}

/// Both, where both are there.
private func zipped<A, B>(_ a: A?, _ b: B?) -> (A, B)? {
  guard let a, let b else { return nil }
  return (a, b)
}

private func standardError(_ values: [Double]) -> Double {
  Statistics.standardDeviation(values) / Double(values.count).squareRoot()
}

private func unitNorm(_ values: [Double]) -> [Double] {
  let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  return norm > 0 ? values.map { $0 / norm } : values
}
