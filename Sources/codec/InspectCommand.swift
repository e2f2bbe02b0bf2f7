import ArgumentParser
import Foundation
import Networks
import RetinaData
import Runtime
import Storage

/// `codec inspect`: what a recording, a model or a result holds.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a recording, a model, a result or a file of traces holds.",
    discussion: """
      Example: codec inspect recording.h5
               codec inspect model.safetensors
               codec inspect efficientnet.onnx
               codec inspect results/modes.h5 --json
               codec inspect photodiode.wav
      """)

  @Argument(help: "A recording or a part of one, a result, a model, or a file of traces.")
  var file: String

  @OptionGroup var recording: RecordingOptions

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  func run() throws {
    if file.hasSuffix(".safetensors") || ModelFile.isONNX(file) {
      let model = try ModelFile.load(file, architectures: Architectures.all)
      return try Console.print(ModelDescription(model), json: json, words: \.text)
    }
    if let part = try SourceDescription(file) {
      return try Console.print(part, json: json) { "\($0.file): \($0.text)" }
    }
    if let traces = try TraceDescription(file) {
      return try Console.print(traces, json: json, words: \.text)
    }
    if let unfinished = try UnfinishedResult(reading: file) {
      return try Console.print(UnfinishedDescription(file: file, unfinished), json: json, words: \.text)
    }
    if !file.hasSuffix(".npz") {
      let contents = try H5File(reading: file)
      let schema = try contents.attribute("schema")
      if schema == nil || schema == "recording" { return try describeRecording() }
      return try Console.print(ResultDescription(contents), json: json, words: \.text)
    }
    try describeRecording()
  }

  private func describeRecording() throws {
    try Console.print(RecordingDescription(recording.open(file)), json: json, words: \.text)
  }
}

/// A recording in few words.
struct RecordingDescription: Encodable {
  struct Split: Encodable {
    let name: String
    let frames: Int
    let frameHeight: Int
    let frameWidth: Int
    let frameRate: Double?
    let seconds: Double?
    let segments: Int
    let rate: String
    let meanRates: [Double]
    let repeats: Int?
  }

  let file: String
  let format: String
  let cells: Int
  let cellIDs: [Int]
  let cellTypes: [Int]?
  let splits: [Split]

  init(_ recording: Recording) throws {
    file = recording.name
    (format, cells, cellIDs) = (recording.format, recording.cellIDs.count, recording.cellIDs)
    cellTypes = recording.cellTypes()
    splits = try recording.splits.map { split in
      let rates = try split.rates()
      return Split(
        name: split.splitName, frames: split.frameCount, frameHeight: split.frameShape[1],
        frameWidth: split.frameShape[2], frameRate: split.frameRate,
        seconds: split.frameInterval.map { $0 * Double(split.frameCount) }, segments: split.segments.count,
        rate: split.rateName,
        meanRates: (0..<rates.rows).map { cell in
          rates.row(cell).reduce(0) { $0 + Double($1) } / Double(rates.rowCount)
        },
        repeats: try split.repeats().map { $0.shape[1] })
    }
  }

  var text: String {
    var lines = [
      "\(file): a recording of \(cells) cells (ids \(cellIDs[0]) to \(cellIDs[cells - 1])), \(format)"
    ]
    for split in splits {
      let size = "\(split.frames) frames of \(split.frameHeight)×\(split.frameWidth)"
      let time = split.frameRate.map { String(format: " at %g Hz (%.1f s)", $0, split.seconds ?? 0) } ?? ""
      let parts = split.segments > 1 ? ", \(split.segments) segments" : ""
      let repeats = split.repeats.map { ", \($0) repeats" } ?? ""
      lines.append("  \(split.name): \(size)\(time)\(parts)\(repeats)")
      let rates = split.meanRates.map { String(format: "%.1f", $0) }.joined(separator: ", ")
      lines.append("    mean of \(split.rate), Hz: \(rates)")
    }
    if let cellTypes {
      lines.append("  true cell types: \(cellTypes.map(String.init).joined(separator: ", "))")
    }
    return lines.joined(separator: "\n")
  }
}

/// A model in few words.
struct ModelDescription: Encodable {
  struct Tensor: Encodable {
    let name: String
    let shape: [Int]
    let isLayer: Bool
  }

  let name: String
  let input: [Int]
  let frame: [Int]
  let history: Int
  let frameRate: Double?
  let defaultTarget: String
  let units: [Int]
  let tensors: [Tensor]
  let metadata: [String: String]

  init(_ model: LoadedModel) throws {
    name = model.network.name
    input = model.network.inputShape
    (frame, history) = (model.preprocessing.frameShape, model.preprocessing.history)
    frameRate = model.preprocessing.frameRate
    defaultTarget = model.defaultTarget
    units = model.unitIDs
    metadata = model.metadata
    tensors = try model.network.nodes.map { node in
      Tensor(
        name: node.output, shape: try model.network.shape(of: node.output),
        isLayer: model.taps.contains(node.output))
    }
  }

  var text: String {
    let size = { (shape: [Int]) in shape.map(String.init).joined(separator: "×") }
    var lines = ["\(name): \(metadata["architecture"] ?? "a network"), \(units.count) units"]
    let rate = frameRate.map { String(format: " at %g Hz", $0) } ?? ""
    let frames = history == 1 ? size(frame) : "\(history) frames of \(size(frame))\(rate)"
    lines.append("  sees \(frames); default target \(defaultTarget)")
    let isRange = units.count > 20 && units == Array(units[0]..<units[0] + units.count)
    let ids =
      isRange ? "\(units[0]) to \(units[units.count - 1])" : units.map(String.init).joined(separator: ", ")
    lines.append("  unit ids: \(ids)")
    let width = max(14, (tensors.map(\.name.count).max() ?? 0) + 2)
    for tensor in tensors {
      let mark = tensor.isLayer ? "  layer" : ""
      let name = tensor.name.padding(toLength: width, withPad: " ", startingAt: 0)
      lines.append("  \(name)\(size(tensor.shape))\(mark)")
    }
    return lines.joined(separator: "\n")
  }
}

/// An unfinished result: how far it is.
struct UnfinishedDescription: Encodable {
  let file: String
  let provenance: Provenance
  let finishedSamples: Int

  init(file: String, _ result: UnfinishedResult) {
    (self.file, provenance, finishedSamples) = (file, result.provenance, result.finishedSamples)
  }

  var text: String {
    """
    \(file): unfinished \(provenance.schema), begun by \(provenance.software) on \(provenance.created)
      command: \(provenance.command)
      rows finished: \(finishedSamples); the same command with --resume goes on
    """
  }
}

/// A result file: how it was made and what is in it.
struct ResultDescription: Encodable {
  struct Dataset: Encodable {
    let path: String
    let shape: [Int]
    let axes: String?
    let units: String?
  }

  let file: String
  let provenance: Provenance
  let datasets: [Dataset]

  init(_ contents: H5File) throws {
    file = contents.name
    provenance = try Provenance(of: contents)
    datasets = try contents.datasets().map { path in
      let dataset = try contents.dataset(path)
      return Dataset(
        path: path, shape: dataset.shape,
        axes: try dataset.attribute("axes").flatMap { $0.asTexts?.joined(separator: ", ") },
        units: try dataset.attribute("units")?.asText)
    }
  }

  var text: String {
    var lines = ["\(file): \(provenance.schema), made by \(provenance.software) on \(provenance.created)"]
    lines.append("  command: \(provenance.command)")
    lines.append("  options: \(provenance.options)")
    if let seed = provenance.seed { lines.append("  seed: \(seed)") }
    for input in provenance.inputs {
      lines.append("  input: \(input.name), \(input.size) bytes, SHA-256 \(input.sha256.prefix(12))…")
    }
    let width = datasets.map(\.path.count).max() ?? 0
    for dataset in datasets {
      let shape = dataset.shape.map(String.init).joined(separator: "×")
      let axes = dataset.axes.map { " [\($0)]" } ?? ""
      let units = dataset.units.map { " \($0)" } ?? ""
      let path = dataset.path.padding(toLength: width, withPad: " ", startingAt: 0)
      lines.append("  \(path)  \(shape)\(axes)\(units)")
    }
    return lines.joined(separator: "\n")
  }
}
