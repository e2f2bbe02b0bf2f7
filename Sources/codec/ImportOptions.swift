import ArgumentParser
import Foundation
import RetinaData
import Runtime

/// The files that a recording is put together from.
struct PartOptions: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("The movie: an array, or anything ffmpeg decodes.", valueName: "file"))
  var movie: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Spike times: CSV or text (cell,time), NumPy, a folder with a list for each cell, NWB, HDF5.",
      valueName: "file"))
  var spikes: String?

  @Option(name: .long, help: ArgumentHelp("Firing rates, an array [cell, time] in Hz.", valueName: "array"))
  var rates: String?

  @Option(name: .long, help: ArgumentHelp("Spike counts, an array [cell, time].", valueName: "array"))
  var counts: String?

  @Option(
    name: .long, help: ArgumentHelp("When each frame began: a list or array, seconds.", valueName: "file"))
  var times: String?

  @Option(
    name: .long,
    help: ArgumentHelp("A photodiode trace that marks each frame, as codec sync reads it.", valueName: "file")
  )
  var photodiode: String?

  @Option(name: .long, help: "The photodiode's channel, from 0; needed where there are several.")
  var photodiodeChannel: Int?

  @Option(name: .long, help: ArgumentHelp("Which stimulus of an NWB session.", valueName: "name"))
  var stimulus: String?

  @Option(name: .long, help: "Which channel of a movie [channel, time, y, x].")
  var channel: Int?

  @Option(name: .long, help: ArgumentHelp("Seconds of the spike list's unit of time.", valueName: "s"))
  var spikeUnit = 1.0

  @Flag(
    name: .long,
    help: "Sort spikes, drop those at negative times, cut the longer of movie and times; each is reported.")
  var repair = false

  func validate() throws {
    if [spikes, rates, counts].compactMap({ $0 }).count > 1 {
      throw ValidationError("--spikes, --rates and --counts say the same: give one of them")
    }
    if times != nil && photodiode != nil {
      throw ValidationError("--times and --photodiode both say when frames began: give one of them")
    }
    if !(spikeUnit > 0 && spikeUnit.isFinite) { throw ValidationError("--spike-unit must be above 0") }
  }

  /// Whether nothing was given by itself.
  var areNone: Bool { [movie, spikes, rates, counts, times, photodiode].allSatisfy { $0 == nil } }

  /// What is given in the place of, or beside, what a source holds.
  func assemble(_ base: RecordingParts?, _ frames: FrameOptions) throws -> (RecordingParts, [SpikeTrain]) {
    guard let opened = try movie.map({ try MovieFile.open($0, channel: channel) }) ?? base?.movie else {
      throw CodecError(.usage, "no movie", remedy: "give --movie FILE, or a recording to import")
    }
    let film = try frames.seen(opened)
    let (responses, remarks) = try answers(frames: film.frameCount)
    guard let responses = responses ?? base?.responses else {
      throw CodecError(.usage, "no responses", remedy: "give --spikes, --rates or --counts")
    }
    let name = URL(filePath: movie ?? base?.name ?? "recording").lastPathComponent
    var parts = RecordingParts(name: name, movie: film, responses: responses)
    let known = try times.map { try NamedArray.times($0) } ?? synchronised(film.frameCount) ?? base?.onsets
    parts.onsets = try frames.onsets(known, of: film)
    parts.remarks = (base?.remarks ?? []) + remarks
    if case .spikes(let trains) = responses { return (parts, trains) }
    return (parts, [])
  }

  /// Frame times by the photodiode.
  private func synchronised(_ frames: Int) throws -> [Double]? {
    guard let photodiode else { return nil }
    var options = FrameSync.Options()
    (options.repair, options.expectedFrames) = (repair, frames)
    let trace = try TraceFile(reading: photodiode).channel(
      photodiodeChannel, chosenBy: "--photodiode-channel")
    let sync = try FrameSync(trace, options)
    for item in sync.onsets.irregularities {
      let place = String(format: "%.4f s, %.2f intervals after the one before", item.time, item.interval)
      Console.warn("\(photodiode): onset \(item.onset) is \(item.kind.rawValue), at \(place)")
    }
    return sync.onsets.times
  }

  private func answers(frames: Int) throws -> (RecordingParts.Responses?, [String]) {
    if let spikes {
      let file = try SpikeFile(reading: spikes, unit: spikeUnit, repair: repair)
      return (.spikes(file.trains), file.remarks)
    }
    if let rates {
      let read = try NamedArray.responses(rates, frames: frames)
      return (.rates(read.values), read.remarks)
    }
    if let counts {
      let read = try NamedArray.responses(counts, frames: frames)
      return (.counts(read.values), read.remarks)
    }
    return (nil, [])
  }
}

/// Which part of the frames is used, and when they were shown.
struct FrameOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("The part of each frame that is used, pixels.", valueName: "y,x,height,width"))
  var crop: CommaList<Int>?

  @Option(name: .long, help: ArgumentHelp("Average squares of so many pixels to one.", valueName: "side"))
  var downsample = 1

  @Option(name: .long, help: ArgumentHelp("Frames per second, where no times are given.", valueName: "Hz"))
  var frameRate: Double?

  @Option(
    name: .long, help: ArgumentHelp("When the first frame began, where no times are given.", valueName: "s"))
  var firstFrame = 0.0

  func validate() throws {
    if downsample < 1 { throw ValidationError("--downsample must be at least 1") }
    if let frameRate, !(frameRate > 0 && frameRate.isFinite) {
      throw ValidationError("--frame-rate must be above 0")
    }
  }

  /// Whether frames are used as they are.
  var areNone: Bool { crop == nil && downsample == 1 }

  /// No movie is wider, and sums of two do not overflow.
  private static let largestSide = 1 << 20

  func seen(_ movie: Movie) throws -> Movie {
    guard !areNone else { return movie }
    guard let crop else { return try movie.cropped(block: downsample) }
    let sides = crop.values
    guard sides.count == 4, sides.allSatisfy({ (0...Self.largestSide).contains($0) }) else {
      throw CodecError(
        .usage, "a crop of \(sides)", remedy: "give y,x,height,width in pixels, such as 0,100,600,600")
    }
    return try movie.cropped(
      y: sides[0]..<sides[0] + sides[2], x: sides[1]..<sides[1] + sides[3], block: downsample)
  }

  /// Frame times: those given, else by the frame rate given, else by the movie's own.
  func onsets(_ known: [Double]?, of movie: Movie) throws -> [Double]? {
    if let known { return known }
    guard frameRate == nil, let times = movie.times else {
      return (frameRate ?? movie.frameRate).map { rate in
        (0..<movie.frameCount).map { firstFrame + Double($0) / rate }
      }
    }
    guard movie.isVariable else { return times }
    throw CodecError(
      .data, "the movie's frame rate varies", at: movie.name,
      remedy: "give the times its frames were shown with --times, or --frame-rate if they were shown evenly")
  }
}

/// What is kept for testing, and how spikes become rates.
struct SplitOptions: ParsableArguments {
  @Option(name: .long, help: "The share of the movie, at its end, that is the test split.")
  var testLast = 0.2

  @Option(name: .long, help: ArgumentHelp("The frames of the test split.", valueName: "first:end"))
  var testRange: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Frames at which the repeated test clip began each time.", valueName: "a,b,…"))
  var testAt: CommaList<Int>?

  @Option(name: .long, help: "Frames of the repeated test clip.")
  var testFrames: Int?

  @Option(name: .long, help: "How spikes are smoothed to rates: gaussian, box or exponential.")
  var kernel = "gaussian"

  @Option(name: .long, help: ArgumentHelp("The kernel's width.", valueName: "ms"))
  var width = 10.0

  func validate() throws {
    if testFrames != nil && testAt == nil {
      throw ValidationError(
        "--test-frames is the length of a repeated clip: say with --test-at where it began")
    }
    if testRange != nil && testAt != nil {
      throw ValidationError("--test-range and --test-at both say which frames test: give one of them")
    }
  }

  var test: RecordingParts.TestFrames {
    get throws {
      if let testAt {
        guard let testFrames, testFrames > 0 else {
          throw CodecError(.usage, "--test-at without the clip's length", remedy: "give --test-frames")
        }
        return .repeats(starts: testAt.values, frames: testFrames)
      }
      guard let testRange else { return .last(testLast) }
      let bounds = testRange.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
      guard bounds.count == 2, let first = bounds[0], let end = bounds[1], first < end else {
        throw CodecError(.usage, "test frames \(testRange)", remedy: "give first:end, such as 9000:10000")
      }
      return .frames(first..<end)
    }
  }

  var rateKernel: RateKernel {
    get throws {
      guard let shape = RateKernel.Shape(rawValue: kernel) else {
        throw CodecError.unknown("kernel", kernel, valid: RateKernel.Shape.allCases.map(\.rawValue))
      }
      return try RateKernel(shape, width: width / 1000)
    }
  }
}
