import Foundation
import Numerics
import Runtime
import Storage

/// Opens recordings of every format, by their content.
public enum RecordingFile {
  /// How a file is read, where it leaves that open.
  public struct Options: Sendable {
    /// Which response dataset of the 2023 layout holds the rates.
    public var rate: String?
    /// Frames per second, overriding the file's.
    public var frameRate: Double?
    /// Which stimulus of an NWB session.
    public var stimulus: String?
    /// Which channel of movies of several.
    public var channel: Int?
    /// Sorts spike times and drops negative ones; leaves out frames beyond the shorter of movie and times.
    public var repairs = false
    /// Nothing chosen.
    public init() {}
  }

  /// The formats, for messages.
  private static let formats =
    "the 2023 HDF5 layout (train, test), an NWB session, an open-retina session, or a NumPy archive"

  /// Opens a whole recording: the 2023 HDF5 layout, NWB, an open-retina session, or a NumPy archive with `stimulus`
  /// and `rates`, `counts` or spikes.
  /// - Throws: `CodecError` naming file and reason.
  public static func open(_ path: String, _ options: Options = Options()) throws -> Recording {
    if let parts = try parts(path, options) { return try parts.recording() }
    let file = try H5File(reading: path)
    if try !OpenRetinaSession.stimuli(in: file).isEmpty {
      return try OpenRetinaSession(file: file, channel: options.channel, frameRate: options.frameRate)
        .recording()
    }
    return try Recording(path: path, rate: options.rate, frameRate: options.frameRate)
  }

  /// The parts of a recording whose splits are still to be made; nil where the file has them.
  public static func parts(_ path: String, _ options: Options) throws -> RecordingParts? {
    if path.hasSuffix(".npz") { return try numpy(NpzFile(reading: path), options) }
    let file = try H5File(reading: path)
    guard file.kind(of: "/units") == .group else { return nil }
    let session = NWBSession(file)
    let spikes = try SpikeFile(session.spikeTimes(), repair: options.repairs, at: file.place("/units"))
    var parts = RecordingParts(
      name: file.name, movie: try session.movie(named: options.stimulus), responses: .spikes(spikes.trains))
    parts.format = "NWB session"
    parts.remarks = spikes.remarks
    return timed(parts, options)
  }

  private static func numpy(_ archive: NpzFile, _ options: Options) throws -> RecordingParts {
    func name(_ usual: [String]) -> String? { usual.first(where: archive.names.contains) }
    guard let stimulus = name(["stimulus", "movie", "frames"]) else {
      throw CodecError(
        .data, "no array stimulus; found \(archive.names.joined(separator: ", "))", at: archive.path,
        remedy: "use codec import with --movie FILE.npz:NAME")
    }
    let movie = try Movie(archive.array(stimulus), channel: options.channel)
    var responses: RecordingParts.Responses?
    var remarks: [String] = []
    if let rates = name(["rates", "firing_rate", "responses"]) {
      let read = try NamedArray.responses("\(archive.path):\(rates)", frames: movie.frameCount)
      (responses, remarks) = (.rates(read.values), read.remarks)
    } else if let counts = name(["counts"]) {
      let read = try NamedArray.responses("\(archive.path):\(counts)", frames: movie.frameCount)
      (responses, remarks) = (.counts(read.values), read.remarks)
    } else if name(["spike_times"]) != nil {
      let spikes = try SpikeFile(reading: archive.path, repair: options.repairs)
      (responses, remarks) = (.spikes(spikes.trains), spikes.remarks)
    }
    guard let responses else {
      throw CodecError(
        .data, "no array rates, counts or spike_times; found \(archive.names.joined(separator: ", "))",
        at: archive.path, remedy: "use codec import with --rates, --counts or --spikes")
    }
    let file = URL(filePath: archive.path).lastPathComponent
    var parts = RecordingParts(name: file, movie: movie, responses: responses)
    (parts.format, parts.remarks) = ("NumPy archive", remarks)
    if let times = name(["time", "times", "frame_times"]) {
      parts.onsets = try NamedArray.times("\(archive.path):\(times)")
    }
    return timed(parts, options)
  }

  /// A frame rate that is given overrides the file's times but for the first.
  private static func timed(_ parts: RecordingParts, _ options: Options) -> RecordingParts {
    var parts = parts
    parts.repairs = options.repairs
    if let rate = options.frameRate {
      let first = parts.onsets?.first ?? parts.movie.times?.first ?? 0
      parts.onsets = (0..<parts.movie.frameCount).map { first + Double($0) / rate }
    }
    return parts
  }
}
