import Foundation
import Runtime
import Storage
import Synchronization

/// A movie decoded by `ffmpeg`, as grey; cropping and averaging happen there, so that only what is used comes over.
///
/// Frames asked for in order are decoded once; going back starts the movie anew.
final class FFmpegMovie: MovieReader {
  private let path: String
  private let state = Mutex(State())

  private struct State {
    var stream: ProgramOutput?
    var window: FrameWindow?
    var next = 0
  }

  init(path: String) { self.path = path }

  func pixels(_ frames: Range<Int>, through window: FrameWindow) throws -> [Float] {
    try state.withLock { state in
      if state.stream == nil || state.window != window || frames.lowerBound < state.next {
        state = State(stream: try start(window), window: window)
      }
      guard let stream = state.stream else { preconditionFailure("the movie was started") }
      let sent = Self.sent(window)
      var pixels: [Float] = []
      pixels.reserveCapacity(frames.count * window.height * window.width)
      while state.next < frames.upperBound {
        let frame = try Self.frame(state.next, of: sent.height * sent.width, from: stream)
        if state.next >= frames.lowerBound {
          let whole = frame.map { Float($0) }
          pixels += sent.rest.map { $0.apply(to: whole, height: sent.height, width: sent.width) } ?? whole
        }
        state.next += 1
      }
      return pixels
    }
  }

  /// The frames that ffmpeg sends for a window, and what is left to average here: its means are right to half a grey
  /// level, but not where a side has a single pixel.
  private static func sent(_ window: FrameWindow) -> (height: Int, width: Int, rest: FrameWindow?) {
    guard window.block > 1, min(window.height, window.width) == 1 else {
      return (window.height, window.width, nil)
    }
    let (height, width) = (window.y.count, window.x.count)
    return (height, width, FrameWindow(y: 0..<height, x: 0..<width, block: window.block))
  }

  private static func frame(_ index: Int, of size: Int, from stream: ProgramOutput) throws -> [UInt8] {
    let frame = stream.read(size)
    guard frame.count == size else {
      // A terminal's Ctrl-C ends the program too.
      try Interrupt.check()
      throw stream.failure("the movie ends before its frame \(index)")
    }
    return frame
  }

  private func start(_ window: FrameWindow) throws -> ProgramOutput {
    let (y, x) = (window.y, window.x)
    var filters = ["format=gray", "crop=\(x.count):\(y.count):\(x.lowerBound):\(y.lowerBound):exact=1"]
    if window.block > 1, Self.sent(window).rest == nil {
      filters.append("scale=\(window.width):\(window.height):flags=area+accurate_rnd")
    }
    return try FFmpegProgram("ffmpeg", for: path).start(
      [
        "-v", "error", "-nostdin", "-noautorotate", "-i", path, "-map", "0:v:0", "-vf",
        filters.joined(separator: ","), "-pix_fmt", "gray", "-fps_mode", "passthrough", "-f", "rawvideo",
        "pipe:1",
      ])
  }
}

extension Movie {
  /// How far intervals may lie apart: containers round times to milliseconds.
  private static let regularity = 0.003

  /// A movie that the program `ffmpeg` decodes.
  ///
  /// A variable frame rate leaves `frameRate` nil and the frames' own times in `times`, with a remark.
  /// - Throws: `CodecError`: `fileSystem` where the program or the file is missing, `data` where it is no movie or is
  ///   cut off.
  init(ffmpeg path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw CodecError(.fileSystem, "cannot open the movie", at: path, remedy: "No such file or directory")
    }
    let probe = try MovieProbe(path)
    var (rate, remarks) = Self.rate(of: probe.times, path)
    if let complaint = probe.complaint { remarks.append("\(path): ffprobe says \(complaint)") }
    if !probe.isGrey {
      remarks.append("\(path) is stored in colour (\(probe.pixelFormat)): its luminance is taken")
    }
    try self.init(
      name: path, frames: probe.frames, height: probe.height, width: probe.width, isBytes: true,
      times: rate == nil ? probe.times : nil, frameRate: rate, remarks: remarks,
      reader: FFmpegMovie(path: path))
    isVariable = rate == nil && times != nil
  }

  private static func rate(of times: [Double]?, _ path: String) -> (rate: Double?, remarks: [String]) {
    guard let times, let last = times.last, last > 0 else { return (nil, []) }
    let intervals = zip(times, times.dropFirst()).map { $1 - $0 }
    let mean = last / Double(intervals.count)
    let (shortest, longest) = (intervals.min() ?? mean, intervals.max() ?? mean)
    // Of fast movies that is more than a whole frame.
    guard longest - shortest > min(regularity, 0.5 * mean) + 0.02 * mean else { return (1 / mean, []) }
    let words = String(format: "%g to %g s", shortest, longest)
    return (nil, ["\(path) has a variable frame rate: its frames last \(words)"])
  }
}

/// What `ffprobe` says of a movie's first stream of frames.
private struct MovieProbe {
  let height: Int
  let width: Int
  /// ffmpeg's name of how pixels are stored, such as `yuv420p`.
  let pixelFormat: String
  let frames: Int
  /// When each frame is shown, seconds from the first; nil where the file does not say.
  let times: [Double]?
  let complaint: String?

  var isGrey: Bool { pixelFormat.hasPrefix("gray") || pixelFormat.hasPrefix("mono") }

  init(_ path: String) throws {
    let program = try FFmpegProgram("ffprobe", for: path)
    func ask(_ entries: String) throws -> (text: String, complaint: String?) {
      try program.output(
        ["-v", "error", "-select_streams", "v:0", "-show_entries", entries, "-of", "csv=p=0", path])
    }
    let properties = try ask("stream=width,height,pix_fmt,nb_frames").text.split { ",\n".contains($0) }
    guard properties.count >= 4, let width = Int(properties[0]), let height = Int(properties[1]) else {
      throw CodecError(.data, "the file holds no movie", at: path)
    }
    (self.width, self.height, pixelFormat) = (width, height, String(properties[2]))
    let packets = try ask("packet=pts_time")
    let lines = packets.text.split(separator: "\n").map { $0.prefix { $0 != "," } }.filter { !$0.isEmpty }
    let stamps = lines.compactMap { Double($0) }.sorted()
    times = stamps.count == lines.count && stamps.count > 1 ? stamps.map { $0 - stamps[0] } : nil
    (frames, complaint) = (lines.count, packets.complaint)
    let isShort = Int(properties[3]).map { $0 > lines.count } ?? false
    guard !isShort, complaint?.contains("prematurely") != true else {
      let stated = Int(properties[3]).map { " of \($0)" } ?? ""
      throw CodecError(
        .data, "the movie is cut off after \(frames)\(stated) frames", at: path,
        remedy: "copy it again from where it was made")
    }
  }
}
