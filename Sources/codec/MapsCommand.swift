import ArgumentParser
import Networks
import Runtime
import Storage
import VisionAdapters

/// `codec maps`: the pixels that act on a class through a mode's channels.
struct MapsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "maps",
    abstract: "Map which pixels act on a picture's class through the channels of a mode.",
    discussion: """
      Example: codec maps pictures --model resnet50.safetensors --layer block7 --modes modes.h5 \\
                 --pictures violin/0012.jpg,violin/0040.jpg --out maps.h5 --overlays overlays
               codec maps pictures --model resnet50.safetensors --layer block7 --channels 3,17,40 --pictures 0,5 \\
                 --out maps.h5

      Overlays show the picture and, beside it, what the map leaves of it: the absolute map, smoothed by a median \
      filter, as a mask.
      """)

  @Argument(help: "A folder of class folders, a flat folder or a list of pictures.")
  var source: String

  @OptionGroup var model: ModelOption

  @Option(name: .long, help: "The layer.")
  var layer: String

  @Option(name: .long, help: ArgumentHelp("Which pictures, by name or number from 0.", valueName: "a,b"))
  var pictures: CommaList<String>

  @Option(name: .long, help: ArgumentHelp("Channels by number.", valueName: "a,b"))
  var channels: CommaList<Int>?

  @Option(
    name: .long,
    help: ArgumentHelp("Take a mode's channels, from a file of codec decompose.", valueName: "file"))
  var modes: String?

  @Option(name: .long, help: "Id of the mode (default: the one that goes best with the class).")
  var mode: Int?

  @Option(name: .long, help: "The mode's largest channels: how many percent of all.")
  var percent = 5.0

  @Option(
    name: .customLong("class"),
    help: "The class: label, predicted, or an index (default: label where there are labels).")
  var label: String?

  @Option(
    name: .long,
    help: "What overlays show: positive channels and positions (the paper), or all signs (its code).")
  var signs = "positive"

  @Option(name: .long, help: ArgumentHelp("The result.", valueName: "file"))
  var out: String

  @Option(
    name: .long, help: ArgumentHelp("Also write an overlay of each picture as PNG.", valueName: "folder"))
  var overlays: String?

  @OptionGroup(title: "Pictures") var images: ImageOptions
  @OptionGroup var workers: ThreadOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    guard ["positive", "all"].contains(signs) else {
      throw CodecError.unknown("signs", signs, valid: ["positive", "all"])
    }
    let model = try model.load()
    let source = try images.open(source, for: model, threads: workers.threads)
    let job = try MapRun(
      model: model, images: source, modes: modes,
      options: .init(
        layer: layer, pictures: pictures.values,
        label: label ?? (source.list.labels == nil ? "predicted" : "label"), channels: channels?.values,
        mode: mode, percentage: percent, showsAllSigns: signs == "all"))
    let writer = try ResultWriter(
      path: out,
      provenance: try Provenance(
        schema: MapRun.schema, schemaVersion: MapRun.schemaVersion, command: Console.commandLine,
        options: PictureRunOptions(options: job.options, pictures: source), seed: nil,
        software: Codec.software,
        fingerprints: try [source.list.fingerprint()]
          + ([self.model.model] + (modes.map { [$0] } ?? [])).map(Provenance.Input.init(file:))),
      force: output.force, resume: output.resume)
    if let overlays { try Folder.create(overlays) }
    let summary = try job.write(
      to: writer, overlays: overlays, threads: workers.threads, progress: ProgressLine.handler)
    try Console.print(summary, json: output.json) {
      ($0.lines + ["written to \(out)"]).joined(separator: "\n")
    }
  }
}
