import ArgumentParser
import Foundation
import Networks
import Runtime
import Storage

/// `codec export`: a model in another format.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a retina's network as ONNX, for other programs to run.",
    discussion: """
      Example: codec export model.safetensors --onnx model.onnx

      The graph takes normalised windows of the stimulus (n, history, y, x), oldest frame first, as the network does; \
      the metadata come along, so that codec reads the file as it reads the model.
      """)

  @Argument(help: "The model (safetensors).")
  var model: String

  @Option(name: .long, help: ArgumentHelp("The ONNX file to write.", valueName: "file"))
  var onnx: String

  @Flag(name: .long, help: "Overwrite an existing file.")
  var force = false

  func run() throws {
    let loaded = try ModelFile.load(model, architectures: Architectures.all)
    guard force || !FileManager.default.fileExists(atPath: onnx) else {
      throw CodecError(
        .fileSystem, "the output exists already", at: onnx, remedy: "give --force to replace it")
    }
    try AtomicFile.write(try ONNXExport.bytes(of: loaded, software: Codec.software), to: onnx)
    print("\(loaded.network.nodes.count) operators of \(loaded.network.name) written to \(onnx)")
  }
}
