import Contributions
import Modes
import Numerics
import Runtime
import Storage

extension RetinaAnalysis {
  /// Decomposes every layer, once for each seed.
  func decompose(progress: ProgressHandler?) throws {
    let contributions = try ContributionFile(reading: path(.contributions))
    for (index, name) in ([ResultName.modes.rawValue] + furtherSeedNames).enumerated() {
      let seed = options.seed &+ UInt64(index)
      let provenance = try Provenance(
        schema: "modes", schemaVersion: 1, command: source.command, options: options.recipe, seed: seed,
        software: source.software, inputs: [path(.contributions)])
      try stage(name, provenance) { writer in
        try carryOver(contributions, to: writer)
        for layer in contributions.layers {
          try decompose(layer, of: contributions, seed: seed, to: writer, progress: progress)
        }
        try writer.commit()
      }
    }
  }

  private func carryOver(_ contributions: ContributionFile, to writer: ResultWriter) throws {
    let ids: [String: AttributeValue] = ["unit_ids": .integers(try contributions.unitIDs())]
    try writer.write(
      try contributions.output(), to: "/output", axes: ["sample", "unit"], units: "Hz", attributes: ids)
    let frames = try contributions.frames()
    try writer.write(frames, shape: [frames.count], to: "/sample/index", axes: ["sample"], units: "frame")
    if let rates = try contributions.recordedRates() {
      try writer.write(rates, to: "/recorded_rate", axes: ["sample", "cell"], units: "Hz", attributes: ids)
    }
  }

  private func decompose(
    _ layer: String, of contributions: ContributionFile, seed: UInt64, to writer: ResultWriter,
    progress: ProgressHandler?
  ) throws {
    let (negative, positive) = try contributions.contributions(of: layer)
    let elements = (0..<negative.rows).flatMap { Array(negative.row($0)) + Array(positive.row($0)) }
    let data = Tensor(shape: [negative.rows, 2 * negative.columns], elements: elements.map { Float($0) })
    let modes = try Decomposition.fit(
      data, recipe: options.recipe, seed: seed, name: layer, progress: progress)
    let group = "/layers/\(layer)"
    try writer.write(Matrix(modes.loadings), to: "\(group)/loadings", axes: ["sample", "mode"], units: "1")
    try writer.write(
      modes.modeIDs, shape: [modes.alive], to: "\(group)/mode_id", axes: ["mode"], units: "id")
    try writer.write(
      Matrix(modes.dictionary), to: "\(group)/dictionary", axes: ["mode", "feature"], units: "nat")
    if let averages = try contributions.cellAverages(of: layer) {
      for (name, values) in [("cell_negative", averages.negative), ("cell_positive", averages.positive)] {
        try writer.write(values, to: "\(group)/\(name)", axes: ["cell", "channel"], units: "Hz")
      }
    }
    let numbers: [String: Double] = [
      "alive": Double(modes.alive), "dead": Double(modes.dead), "mean_l0": modes.meanActive,
      "r2": modes.quality.r2, "r2_held_out": modes.heldOutR2,
    ]
    for (name, value) in numbers { try writer.setAttribute(name, to: .number(value), of: group) }
  }
}
