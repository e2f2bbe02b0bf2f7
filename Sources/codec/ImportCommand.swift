import ArgumentParser
import Foundation
import RetinaData
import Runtime
import Storage

/// `codec import`: recordings of other formats, or movie, spikes and frame times of separate files, as one recording.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make one recording of an NWB or open-retina session, NumPy arrays, movies and spike lists.",
    discussion: """
      Example: codec import session.nwb --out recording.h5
               codec import --movie stimulus.mp4 --spikes spikes.csv --times frames.txt --out recording.h5
               codec import --movie stimulus.npy --rates rates.npy --frame-rate 60 --test-last 0.1 --out recording.h5

      What is given by itself takes the place of what SOURCE holds. All times are seconds on one clock. Frames stream \
      through: movies of any length import in little memory. Arrays are FILE.npy, FILE.npz:NAME or FILE.h5:DATASET.
      """)

  @Argument(help: "A recording: NWB, open-retina session, NumPy archive or the 2023 HDF5 layout.")
  var source: String?

  @OptionGroup var parts: PartOptions
  @OptionGroup var frames: FrameOptions
  @OptionGroup var splits: SplitOptions

  @Option(name: .long, help: ArgumentHelp("The recording to write.", valueName: "file"))
  var out: String

  @Flag(name: .long, help: "Overwrite an existing output.")
  var force = false

  @Flag(name: .long, help: "Print the summary as JSON on standard output.")
  var json = false

  func run() throws {
    if !force, FileManager.default.fileExists(atPath: out) {
      throw CodecError(
        .fileSystem, "the file is there already", at: out, remedy: "choose another name, or --force")
    }
    let (recording, trains) = try assemble()
    for remark in recording.splits.flatMap(\.remarks) { Console.warn(remark) }
    let inputs = [
      source, parts.movie, parts.spikes, parts.rates, parts.counts, parts.times, parts.photodiode,
    ].compactMap { $0 }
      .map(NamedArray.path)
    let provenance = try Provenance(
      schema: "recording", schemaVersion: 1, command: Console.commandLine, options: try options, seed: nil,
      software: Codec.software, inputs: inputs.filter(Self.isFile))
    try RecordingWriter.write(
      recording, spikes: trains, provenance: provenance, to: out, force: force, progress: ProgressLine.handler
    )
    try Console.print(RecordingDescription(Recording(path: out)), json: json, words: \.text)
  }

  private static func isFile(_ path: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.type] as? FileAttributeType == .typeRegular
  }

  /// What decides the values, for the file.
  private var options: [String: String] {
    get throws {
      [
        "test": "\(try splits.test)", "kernel": splits.kernel, "kernel_width_ms": "\(splits.width)",
        "crop": frames.crop.map { "\($0.values)" } ?? "none", "downsample": "\(frames.downsample)",
        "frame_rate": frames.frameRate.map { "\($0)" } ?? "from the sources",
        "first_frame": "\(frames.firstFrame)",
        "spike_unit": "\(parts.spikeUnit)", "repair": "\(parts.repair)",
      ]
    }
  }

  private func assemble() throws -> (Recording, [SpikeTrain]) {
    var settings = RecordingFile.Options()
    (settings.frameRate, settings.stimulus) = (frames.frameRate, parts.stimulus)
    (settings.channel, settings.repairs) = (parts.channel, parts.repair)
    let base = try source.flatMap { try RecordingFile.parts($0, settings) }
    if let source, base == nil {
      guard parts.areNone, frames.areNone else {
        throw CodecError(
          .usage, "the recording has its splits already", at: source,
          remedy: "give movie and responses by themselves, as --movie FILE.h5:train/stimulus")
      }
      return (try RecordingFile.open(source, settings), [])
    }
    let (made, trains) = try parts.assemble(base, frames)
    var whole = made
    whole.test = try splits.test
    whole.kernel = try splits.rateKernel
    whole.repairs = parts.repair
    return (try whole.recording(), trains)
  }
}
