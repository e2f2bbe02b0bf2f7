import Networks
import Numerics
import Storage

/// Lays a run's results out as `contributions.h5`.
struct ContributionWriter {
  let writer: ResultWriter
  let job: ContributionJob
  private let unit: String

  init(writer: ResultWriter, job: ContributionJob) {
    (self.writer, self.job) = (writer, job)
    unit = job.target.unit(ofOutputs: job.input.outputUnit)
  }

  private var isRefined: Bool { job.options.method.refinesPath }
  private var hasTimes: Bool { job.input.time(ofSample: 0) != nil }
  private var hasSegments: Bool { job.input.series.source.segments.count > 1 }

  /// Defines every dataset and writes what is known before the first row.
  func define(statistics: PrecisionEstimate?) throws {
    try defineSamples()
    try defineTarget()
    for tap in job.taps { try define(tap) }
    if let statistics { try write(statistics) }
    if !job.pickedRows.isEmpty {
      try writer.write(
        job.pickedRows, shape: [job.pickedRows.count], to: "/picked", axes: ["picked"], units: "sample")
    }
  }

  private func defineSamples() throws {
    let (series, ids) = (job.input.series, job.input.model.unitIDs)
    try writer.createDataset(
      "/sample/index", .int64, axes: ["sample"], units: "frame",
      attributes: [
        "description": "frame of the stimulus a sample belongs to; its window ends before it",
        "history": .integer(series.history),
      ])
    if hasTimes { try writer.createDataset("/sample/time", .float64, axes: ["sample"], units: "s") }
    if hasSegments { try writer.createDataset("/sample/segment", .int64, axes: ["sample"], units: "segment") }
    if job.input.labels != nil {
      try writer.createDataset("/sample/label", .int64, axes: ["sample"], units: "class")
    }
    if let names = job.input.sampleNames {
      try writer.write(job.samples.map { names[$0] }, to: "/sample/name", axes: ["sample"])
    }
    if isRefined {
      try writer.createDataset("/sample/steps", .int64, axes: ["sample"], units: "step")
      try writer.createDataset("/sample/converged", .uint8, axes: ["sample"], units: "1")
    }
    try writer.createDataset(
      "/output", rowShape: [ids.count], axes: ["sample", "unit"], units: job.input.outputUnit,
      attributes: ["unit_ids": .integers(ids)])
    // A dataset, since a thousand classes' names are too long for an attribute.
    if let names = job.input.model.unitNames { try writer.write(names, to: "/unit_name", axes: ["unit"]) }
    if job.input.recordedRates != nil {
      try writer.createDataset(
        "/recorded_rate", rowShape: [ids.count], axes: ["sample", "cell"], units: "Hz",
        attributes: ["unit_ids": .integers(ids)])
    }
  }

  private func defineTarget() throws {
    let attributes: [String: AttributeValue] = [
      "target": .text(job.target.name), "formula": .text(job.target.formula),
      "constant": .number(job.target.constant),
    ]
    for path in ["/target", "/target_baseline"] {
      try writer.createDataset(path, .float64, axes: ["sample"], units: unit, attributes: attributes)
    }
  }

  private func define(_ tap: Tap) throws {
    func sums(_ name: String, units: String) throws {
      try writer.createDataset(
        tap.path(name), rowShape: [tap.channels], axes: ["sample", "channel"], units: units)
    }
    try sums("negative", units: unit)
    try sums("positive", units: unit)
    if let heads = tap.heads {
      for name in ["head_negative", "head_positive"] {
        try writer.createDataset(tap.path(name), rowShape: [heads], axes: ["sample", "head"], units: unit)
      }
    }
    try sums("activation", units: "1")
    if tap.hasSigns { try sums("activation_positive", units: "1") }
    if job.options.includesGradients {
      try sums("gradient_negative", units: unit)
      try sums("gradient_positive", units: unit)
    }
    if tap.isFullCut {
      try writer.createDataset(tap.path("completeness"), .float64, axes: ["sample"], units: unit)
      try writer.createDataset(tap.path("completeness_relative"), .float64, axes: ["sample"], units: "1")
    }
    if !job.pickedRows.isEmpty {
      try writer.createDataset(tap.path("map"), rowShape: tap.shape, axes: ["picked"] + tap.axes, units: unit)
    }
  }

  private func write(_ statistics: PrecisionEstimate) throws {
    let (input, count) = (job.input, statistics.mean.count)
    let squared = input.outputUnit + "²"
    try writer.write(
      statistics.mean, shape: [count], to: "/statistics/mean", axes: ["unit"], units: input.outputUnit)
    try writer.write(
      statistics.covariance, to: "/statistics/covariance", axes: ["unit", "unit"], units: squared)
    try writer.write(
      statistics.precision, to: "/statistics/precision", axes: ["unit", "unit"], units: "1/(\(squared))")
    let attributes: [String: AttributeValue] = [
      "rank": .integer(statistics.rank), "condition_number": .number(statistics.conditionNumber),
      "shrinkage": .number(statistics.shrinkage), "log_determinant": .number(statistics.logDeterminant),
      "samples": .integer(input.statisticsSeries.sampleCount),
    ]
    for (name, value) in attributes { try writer.setAttribute(name, to: value, of: "/statistics") }
  }

  /// Appends rows to every dataset.
  func append(_ rows: ContributionRows) throws {
    let series = job.input.series
    try writer.append(rows.samples.map(series.responseFrame(ofSample:)), to: "/sample/index")
    if hasTimes { try writer.append(rows.samples.compactMap(job.input.time(ofSample:)), to: "/sample/time") }
    if hasSegments { try writer.append(rows.samples.map(series.segment(ofSample:)), to: "/sample/segment") }
    if let labels = job.input.labels {
      try writer.append(rows.samples.map { labels[$0] }, to: "/sample/label")
    }
    if isRefined {
      try writer.append(rows.steps, to: "/sample/steps")
      try writer.append(rows.converged.map { $0 ? 1 : 0 } as [UInt8], to: "/sample/converged")
    }
    try writer.append(rows.output, to: "/output")
    if let rates = job.input.recordedRates {
      let recorded = rows.samples.flatMap { sample in
        (0..<rates.rows).map { Float(rates[$0, series.responseFrame(ofSample: sample)]) }
      }
      try writer.append(recorded, to: "/recorded_rate")
    }
    try writer.append(rows.target, to: "/target")
    try writer.append(rows.targetBaseline, to: "/target_baseline")
    for (index, tap) in job.taps.enumerated() {
      try append(rows.layers[index], of: tap)
      for map in rows.maps { try writer.append(map.layers[index], to: tap.path("map")) }
    }
  }

  private func append(_ rows: LayerRows, of tap: Tap) throws {
    try writer.append(rows.contributions.negative, to: tap.path("negative"))
    try writer.append(rows.contributions.positive, to: tap.path("positive"))
    if let heads = tap.heads {
      let width = tap.channels / heads
      try writer.append(groupSums(rows.contributions.negative, width), to: tap.path("head_negative"))
      try writer.append(groupSums(rows.contributions.positive, width), to: tap.path("head_positive"))
    }
    try writer.append(rows.activations.plain, to: tap.path("activation"))
    if tap.hasSigns { try writer.append(rows.activations.positive, to: tap.path("activation_positive")) }
    if job.options.includesGradients {
      try writer.append(rows.gradients.negative, to: tap.path("gradient_negative"))
      try writer.append(rows.gradients.positive, to: tap.path("gradient_positive"))
    }
    if tap.isFullCut {
      try writer.append(rows.completeness, to: tap.path("completeness"))
      try writer.append(rows.relativeCompleteness, to: tap.path("completeness_relative"))
    }
  }

  /// Writes each cell's averages.
  func write(cellAverages averages: [ChannelSums]) throws {
    let ids = job.input.model.unitIDs
    for (tap, sums) in zip(job.taps, averages) {
      for (name, values) in [("cell_negative", sums.negative), ("cell_positive", sums.positive)] {
        try writer.write(
          values.elements, shape: [values.rows, values.columns], to: tap.path(name), as: .float32,
          axes: ["cell", "channel"], units: job.input.outputUnit, attributes: ["unit_ids": .integers(ids)])
      }
    }
  }

  /// Notes which library computed what.
  func write(backends: [String: String]) throws {
    let text = backends.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    try writer.setAttribute("backends", to: .text(text))
  }
}

/// Sums of every `width` neighbouring numbers.
private func groupSums(_ values: [Float], _ width: Int) -> [Float] {
  stride(from: 0, to: values.count, by: width).map { first in
    Float(values[first..<first + width].reduce(0.0) { $0 + Double($1) })
  }
}

extension Tap {
  /// The path of one of the layer's datasets; slashes in a tensor's name are no levels.
  func path(_ dataset: String) -> String { Tap.path(of: name, dataset) }

  static func path(of layer: String, _ dataset: String) -> String {
    "/layers/\(String(layer.map { $0 == "/" ? "|" : $0 }))/\(dataset)"
  }

  /// Names of the axes of `shape`.
  fileprivate var axes: [String] {
    switch shape.count {
    case 1: ["channel"]
    case 2: ["token", "channel"]
    case 3: ["channel", "y", "x"]
    default: shape.indices.map { "axis \($0)" }
    }
  }
}
