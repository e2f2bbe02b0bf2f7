import Modes
import Numerics
import Runtime
import Storage

/// One layer's modes of one kind, read against classes: a group of `classes.h5`.
struct ClassResult: Sendable {
  let layer: String
  let data: DecompositionOptions.Data
  let modes: ModeClasses
  let reading: ClassReading
  let r2: Double
  let atomSparsity: [Double]
  /// Single channels of the same data; `nil` where no contributions file was given.
  private(set) var channels: Channels?

  struct Channels: Sendable {
    let reading: ClassReading
    /// `[class, channel]`; NaN for classes without samples.
    let averages: Matrix
    /// Correlation over channels of each mode's atom with the average of its best class.
    let atomCorrelation: [Double]
  }

  init(_ layer: String, of source: ModeSource, channels file: LabelledResult?, tree: ClassTree?) throws {
    (self.layer, data) = (layer, source.data)
    let modes = try ModeClasses(layer, of: source.file)
    self.modes = modes
    reading = ClassReading(modes.sums, tree: tree)
    r2 = try source.file.file.attribute("r2", of: "/layers/\(layer)")?.asNumber ?? .nan
    atomSparsity = (0..<modes.atoms.rows).map { Statistics.hoyerSparsity(modes.atoms.row($0)) }
    if let file { channels = try Self.channels(of: layer, source.data, modes, reading, file, tree) }
  }

  private static func channels(
    of layer: String, _ data: DecompositionOptions.Data, _ modes: ModeClasses, _ reading: ClassReading,
    _ file: LabelledResult, _ tree: ClassTree?
  ) throws -> Channels {
    let labels = try file.requiredLabels()
    let dataset = data == .contributions ? "positive" : "activation"
    _ = try file.chosen([layer])
    var sums = ClassSums(
      classes: file.classNames.count, columns: try file.columns(of: layer, dataset))
    try file.forEachRow(of: layer, [dataset]) { sums.add($1[0], label: labels[$0]) }
    let averages = sums.averages
    let correlation = (0..<modes.atoms.rows).map { mode in
      let weights = modes.channelWeights(of: [mode])
      guard weights.count == averages.columns else { return Double.nan }
      return Statistics.pearson(weights, Array(averages.row(reading.bestClass[mode])))
    }
    return Channels(
      reading: ClassReading(sums, tree: tree), averages: averages, atomCorrelation: correlation)
  }

  /// The layer's line of the table.
  var summary: ClassSummary.Layer {
    ClassSummary.Layer(
      name: layer, data: data.rawValue, modes: modes.modeIDs.count, r2: r2,
      meanBest: Statistics.mean(reading.best), medianBest: Statistics.median(reading.best),
      modesAbove: reading.unitsAbove, classesAbove: reading.classesAbove,
      superclassesAbove: reading.superclassesAbove,
      channelMeanBest: channels.map { Statistics.mean($0.reading.best) },
      channelsAbove: channels?.reading.unitsAbove, channelClassesAbove: channels?.reading.classesAbove,
      atomHoyer: median(atomSparsity), loadingHoyer: modes.loadingSparsity,
      atomAverageCorrelation: channels.map { median($0.atomCorrelation) })
  }

  /// Writes the layer's group.
  func write(to writer: ResultWriter) throws {
    let group = "/layers/\(layer)/\(data.rawValue)"
    try writer.write(
      modes.modeIDs, shape: [modes.modeIDs.count], to: "\(group)/mode_id", axes: ["mode"], units: "mode")
    try write(reading, of: "mode", to: writer, group)
    try vector(atomSparsity, "atom_hoyer", axis: "mode", to: writer, group)
    let summary = summary
    let attributes: [(String, AttributeValue)] = [
      ("r2", .number(r2)), ("best_mean", .number(summary.meanBest)),
      ("best_median", .number(summary.medianBest)), ("loading_hoyer_median", .number(summary.loadingHoyer)),
      ("limit", .number(ClassReading.limit)),
    ]
    for (name, value) in attributes { try writer.setAttribute(name, to: value, of: group) }
    guard let channels else { return }
    try write(channels.reading, of: "channel", to: writer, group)
    try vector(channels.atomCorrelation, "atom_class_average_correlation", axis: "mode", to: writer, group)
    try writer.write(
      channels.averages, to: "\(group)/class_average", axes: ["class", "channel"], units: "as the data")
  }

  private func write(_ reading: ClassReading, of unit: String, to writer: ResultWriter, _ group: String)
    throws
  {
    try writer.write(
      reading.correlation, to: "\(group)/\(unit)_class_correlation", axes: [unit, "class"], units: "1",
      attributes: ["undefined": .integer(reading.undefined)])
    if let matrix = reading.superclassCorrelation {
      try writer.write(
        matrix, to: "\(group)/\(unit)_superclass_correlation", axes: [unit, "superclass"], units: "1")
    }
    try vector(reading.best, "\(unit)_best_correlation", axis: unit, to: writer, group)
    try counts(reading.bestClass, "\(unit)_best_class", axis: unit, units: "class", to: writer, group)
    try counts(
      reading.histogram, "\(unit)_histogram", axis: "correlation bin", units: unit, to: writer, group)
    try counts(reading.unitsOfClass, "\(unit)s_of_class", axis: "class", units: unit, to: writer, group)
    try counts(reading.classesOfUnit, "classes_of_\(unit)", axis: unit, units: "class", to: writer, group)
    for (name, ranked) in [
      ("sorted_over_\(unit)s", reading.overUnits), ("sorted_over_classes_of_\(unit)s", reading.overClasses),
    ] {
      try vector(ranked.mean, "\(name)_mean", axis: "rank", to: writer, group)
      try vector(ranked.deviation, "\(name)_deviation", axis: "rank", to: writer, group)
    }
  }

  private func vector(
    _ values: [Double], _ name: String, axis: String, to writer: ResultWriter, _ group: String
  ) throws {
    try writer.write(values, shape: [values.count], to: "\(group)/\(name)", axes: [axis], units: "1")
  }

  private func counts(
    _ values: [Int], _ name: String, axis: String, units: String, to writer: ResultWriter, _ group: String
  ) throws {
    try writer.write(values, shape: [values.count], to: "\(group)/\(name)", axes: [axis], units: units)
  }
}
