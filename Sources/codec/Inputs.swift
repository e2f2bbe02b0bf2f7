import ArgumentParser
import Networks
import Retina
import RetinaData
import Runtime
import Stimuli
import Storage
import VisionAdapters

/// The architectures a model file may hold.
enum Architectures {
  static let all: [any Architecture] = [RetinaCNN(), ResNet(), ViT()]
}

/// The model a command runs.
struct ModelOption: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The trained network (safetensors or ONNX).", valueName: "file"))
  var model: String

  func load() throws -> LoadedModel {
    if Folder.exists(model) {
      throw CodecError(
        .usage, "a folder of networks", at: model,
        remedy: "name one of its files; codec analyze alone takes a folder")
    }
    return try ModelFile.load(model, architectures: Architectures.all)
  }
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
    var options = RecordingFile.Options()
    (options.rate, options.frameRate) = (rate, frameRate)
    let recording = try RecordingFile.open(path, options)
    for remark in recording.splits.flatMap(\.remarks) { Console.warn(remark) }
    return recording
  }
}

/// Arrays taken as they are: `FILE.npy` or `FILE.h5:DATASET`, first axis samples.
enum ArrayFile {
  /// The array a command line names; nil where it names something else, such as a recording.
  static func source(_ text: String) throws -> ArraySource? {
    if text.hasSuffix(".npy") {
      let file = try NpyFile(reading: text)
      return try ArraySource(name: text, shape: file.shape) { try file.tensor(rows: $0) }
    }
    guard let (path, dataset) = split(text) else { return nil }
    let array = try H5File(reading: path).dataset(dataset)
    return try ArraySource(name: text, shape: array.shape) { try array.tensor(rows: $0) }
  }

  /// The file that a command line's source is in.
  static func path(of text: String) -> String { split(text)?.path ?? text }

  private static func split(_ text: String) -> (path: String, dataset: String)? {
    guard let end = text.range(of: ".h5:") ?? text.range(of: ".hdf5:") else { return nil }
    return (String(text[..<text.index(before: end.upperBound)]), String(text[end.upperBound...]))
  }
}
