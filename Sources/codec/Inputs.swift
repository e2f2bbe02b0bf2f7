import ArgumentParser
import Networks
import Retina
import RetinaData
import Runtime

/// The architectures a model file may hold.
enum Architectures {
  static let all: [any Architecture] = [RetinaCNN()]
}

/// The model a command runs.
struct ModelOption: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The trained network (safetensors).", valueName: "file"))
  var model: String

  func load() throws -> LoadedModel { try ModelFile.load(model, architectures: Architectures.all) }
}

/// How a recording is read.
struct RecordingOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("Which response dataset holds the rates, where there are several.", valueName: "name"))
  var rate: String?

  @Option(name: .long, help: ArgumentHelp("Frames per second, overriding the file's.", valueName: "Hz"))
  var frameRate: Double?

  func open(_ path: String) throws -> Recording {
    let recording = try Recording(path: path, rate: rate, frameRate: frameRate)
    for remark in recording.splits.flatMap(\.remarks) { Console.warn(remark) }
    return recording
  }
}
