import ArgumentParser
import Foundation
import Retina
import RetinaData
import Runtime

/// `codec simulate`: a retina whose cell types are known, to try an analysis on.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Make a recording of a simulated retina of known cell types, and its network.",
    discussion: """
      Example: codec simulate --out simulated --cells 18 --types on-sustained,off-transient,on-off --seed 3
               codec analyze simulated/recording.h5 --model simulated/model.safetensors --out results

      Writes recording.h5 (with the truth in cell_type, cell_place and response/true_rate) and model.safetensors \
      (the simulation's own circuit: the network that a perfect fit would find) into a folder.
      """)

  @Option(
    name: .long,
    help: ArgumentHelp("The folder to write to; made where it is missing.", valueName: "folder"))
  var out: String

  @Option(name: .long, help: "Number of ganglion cells; types are dealt to them in turn.")
  var cells = 18

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Types of cells: \(SimulatedCellType.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "a,b"))
  var types: CommaList<String> = CommaList(["on-sustained", "off-transient", "on-off"])

  @Option(name: .long, help: ArgumentHelp("Frame height and width, pixels.", valueName: "HxW"))
  var frame = "24x24"

  @Option(name: .long, help: "Frames per second.")
  var frameRate = 100.0

  @Option(name: .long, help: "Frames before a response that it depends on.")
  var history = 20

  @Option(name: .long, help: ArgumentHelp("Kernel sides of the two layers (odd).", valueName: "first,second"))
  var kernels: CommaList<Int>?

  @Option(name: .long, help: "Frames of the training movie, shown once.")
  var trainingFrames = 4500

  @Option(name: .long, help: "Frames of the test movie.")
  var testFrames = 900

  @Option(name: .long, help: "How often the test movie is shown.")
  var repeats = 6

  @Option(name: .long, help: "What is shown: natural, binary or gaussian.")
  var stimulus = "natural"

  @Option(name: .long, help: "How much cells of one type differ (standard deviation of log gains and sizes).")
  var spread = 0.25

  @Option(name: .long, help: "Seed of everything random.")
  var seed: UInt64 = 0

  @Flag(name: .long, help: "Overwrite existing files.")
  var force = false

  func run() throws {
    let retina = try SimulatedRetina(try options())
    try Folder.create(out)
    let folder = URL(filePath: out)
    let recording = folder.appending(path: "recording.h5").relativePath
    let model = folder.appending(path: "model.safetensors").relativePath
    try retina.writeRecording(to: recording, force: force, progress: ProgressLine.handler)
    try retina.writeModel(to: model, force: force)
    print(
      """
      \(cells) cells of \(types.values.count == 1 ? "one type" : "\(types.values.count) types") \
      (\(types.values.joined(separator: ", "))), \(trainingFrames) training and \(testFrames) test frames
      written to \(recording) and \(model)
      """)
  }

  private func options() throws -> SimulatedRetina.Options {
    var options = SimulatedRetina.Options()
    options.cells = cells
    options.types = try types.values.map { name in
      guard let type = SimulatedCellType(rawValue: name) else {
        throw CodecError.unknown("cell type", name, valid: SimulatedCellType.allCases.map(\.rawValue))
      }
      return type
    }
    let sides = frame.split(separator: "x").compactMap { Int($0) }
    guard sides.count == 2, sides.allSatisfy({ $0 > 0 }) else {
      throw CodecError(.usage, "a frame of \(frame)", remedy: "give HxW, such as 24x24")
    }
    (options.height, options.width) = (sides[0], sides[1])
    if let kernels {
      guard kernels.values.count == 2 else {
        throw CodecError(.usage, "\(kernels.values.count) kernel sides", remedy: "give two, such as 7,5")
      }
      (options.firstKernel, options.secondKernel) = (kernels.values[0], kernels.values[1])
    }
    (options.frameRate, options.history, options.spread) = (frameRate, history, spread)
    (options.trainingFrames, options.testFrames, options.repeats) = (trainingFrames, testFrames, repeats)
    options.stimulus = try movie()
    options.seed = seed
    return options
  }

  private func movie() throws -> SimulatedRetina.Stimulus {
    switch stimulus {
    case "natural": return .naturalMovie
    case "binary": return .binaryNoise(checker: 2, hold: 3)
    case "gaussian": return .gaussianNoise(checker: 2, hold: 3)
    default: throw CodecError.unknown("stimulus", stimulus, valid: ["natural", "binary", "gaussian"])
    }
  }
}
