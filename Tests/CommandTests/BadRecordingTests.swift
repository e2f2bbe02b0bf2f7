import Foundation
import Numerics
import Storage
import TestSupport
import Testing

/// Parts of recordings that do not fit, or are damaged: one clear error with its exit code and no output, or a mend
/// that is asked for and reported.
@Suite struct BadRecordingTests {
  private let program: Program
  private let session = Fixtures.path("formats/session.nwb")

  init() throws { program = try Program() }

  private func write(_ text: String, _ name: String) throws {
    try text.write(toFile: program.path(name), atomically: true, encoding: .utf8)
  }

  /// A movie of 60 frames of 6×8 pixels.
  private func writeMovie() throws {
    let pixels = (0..<60 * 48).map { Float($0 % 251) }
    try NpyFile.write(Tensor(shape: [60, 6, 8], elements: pixels), to: program.path("movie.npy"))
  }

  private func film(_ name: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let source = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=4"]
    process.arguments = source + arguments + [program.path(name)]
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  /// Runs a command that must refuse.
  private func expectRefusal(
    _ words: [String], _ status: Int32, _ message: String, _ remedy: String? = nil, out: String = "out.h5",
    environment: [String: String] = [:], at location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try program.start(words + ["--out", out], environment: environment).finish()
    #expect(outcome.status == status && !outcome.isCrash, "\(outcome.errors)", sourceLocation: location)
    let errors = outcome.errors.split(separator: "\n").filter { $0.lowercased().hasPrefix("error: ") }
    #expect(errors.count == 1, "\(outcome.errors)", sourceLocation: location)
    let error = errors.first.map(String.init) ?? ""
    #expect(error.hasPrefix("error: \(message)"), "\(error)", sourceLocation: location)
    if let remedy { #expect(error.contains(remedy), "\(error)", sourceLocation: location) }
    #expect(!program.exists(out) && !program.exists(out + ".partial"), sourceLocation: location)
  }

  @Test(arguments: [
    ("-0.5", "spike 0 of cell 10 is at -0.5 s"),
    ("0.3", "spike 1 of cell 10, at 0.3 s, comes after one at 0.5 s"),
    ("nan", "spike 1 of cell 10 is at nan s"),
  ])
  func impossibleSpikes_areNamed_andMendedOnRequest(time: String, message: String) throws {
    let list = time == "-0.5" ? "10,-0.5\n10,0.5\n" : "10,0.5\n10,\(time)\n"
    try write("cell,time\n\(list)", "spikes.csv")
    let words = ["import", session, "--spikes", "spikes.csv"]
    try expectRefusal(words, 65, "\(message) (spikes.csv): ", "; --repair sorts and drops them")
    let mended = try program.start(words + ["--repair", "--out", "out.h5"]).finish()
    let report =
      time == "0.3" ? "cell 10: spikes were out of order; sorted" : "1 spikes at negative or no times dropped"
    #expect(mended.status == 0 && mended.errors.contains("warning: ") && mended.errors.contains(report))
  }

  @Test func spikesOutsideTheMovie_areCountedAndReported_cellsWithoutSpikesNamed() throws {
    try write("cell,time\n3,0.5\n3,0.6\n3,99\n7,50\n", "spikes.csv")
    let imported = try program.run("import", session, "--spikes", "spikes.csv", "--out", "out.h5")
    #expect(imported.status == 0, "\(imported.errors)")
    #expect(imported.errors.contains("spikes outside the movie are not counted (cell: spikes) 3: 1, 7: 1"))
    #expect(imported.errors.contains("no spikes during the movie: cells 7"))
    let cells = try program.run("cells", "out.h5", "--history", "4", "--out", "cells.h5")
    #expect(cells.status == 0 && cells.output.contains("no spikes from cells 7"), "\(cells.output)")
    #expect(!cells.output.contains("nan") && !cells.output.contains("inf"))
  }

  @Test func clocksThatDisagree_areRefused() throws {
    // Milliseconds, taken for seconds.
    try write("cell,time\n" + (1...40).map { "3,\(13 * $0)\n" }.joined(), "spikes.csv")
    try expectRefusal(
      ["import", session, "--spikes", "spikes.csv"], 65,
      "40 of 40 spikes, from 13.0 to 520.0 s, lie outside the movie",
      "see --spike-unit, --first-frame and --times")
    let mended = try program.run(
      "import", session, "--spikes", "spikes.csv", "--spike-unit", "0.001", "--out", "mended.h5")
    #expect(mended.status == 0, "\(mended.errors)")
    // A log in which one frame is missing half-way.
    try PhotodiodeTrace(frames: 60).write(to: program.path("diode.h5"))
    let log = (0..<60).map { "\(Double($0) / 50 + ($0 < 30 ? 0 : 0.05))\n" }.joined()
    try write(log, "log.txt")
    try expectRefusal(
      ["sync", "diode.h5", "--log", "log.txt"], 65, "the clocks disagree: event ",
      "an event is missing in one of them, or one clock jumped")
  }

  @Test func moviesShorterThanTheirTimes_areRefused_andCutOnRequest() throws {
    try writeMovie()
    try write((0..<63).map { "\(Double($0) / 50)\n" }.joined(), "times.txt")
    try write("cell,time\n3,0.5\n", "spikes.csv")
    let words = ["import", "--movie", "movie.npy", "--spikes", "spikes.csv", "--times", "times.txt"]
    let message = "the movie has 60 frames, but there are 63 frame times"
    try expectRefusal(words, 65, message, "--repair leaves out what the longer has at its end")
    let mended = try program.start(words + ["--repair", "--out", "out.h5"]).finish()
    #expect(mended.status == 0 && mended.errors.contains("only the first 60 of both are used"))
  }

  @Test(arguments: [
    ([0.0, 0.02, 0.02, 0.06], "frame 2, at 0.02 s, does not come after frame 1"),
    ([0.0, 0.02, .nan, 0.06], "the time of frame 2 is not finite"),
  ])
  func frameTimesOutOfOrder_areNamed(times: [Double], message: String) throws {
    try NpyFile.write(
      Tensor(shape: [4, 2, 2], elements: (0..<16).map(Float.init)), to: program.path("movie.npy"))
    try write(times.map { "\($0)\n" }.joined(), "times.txt")
    try write("cell,time\n3,0.01\n", "spikes.csv")
    try expectRefusal(
      ["import", "--movie", "movie.npy", "--spikes", "spikes.csv", "--times", "times.txt"], 65, message)
  }

  @Test func missingExternalMovies_areNamed() throws {
    try expectRefusal(
      ["import", Fixtures.path("formats/external.nwb")], 65, "the external movie film.mkv is missing",
      "put it there, or give it with --movie FILE")
  }

  @Test(arguments: [
    (
      "adpcm.wav", "samples are encoded as IMA ADPCM, which changes them",
      "record PCM, floating-point numbers or FLAC"
    ),
    ("wma.wav", "cannot read the audio file", "PCM or floating-point numbers"),
  ])
  func audioThatChangesSamples_isRefused(name: String, message: String, remedy: String) throws {
    try expectRefusal(["sync", Fixtures.path("traces/\(name)")], 65, message, remedy)
    try expectRefusal(["spikes", Fixtures.path("traces/\(name)")], 65, message, remedy)
  }

  @Test(arguments: ["trace16.wav", "trace.w64", "trace_rf64.wav"]) func cutOffAudio_isRefused(name: String)
    throws
  {
    let bytes = try Data(contentsOf: URL(filePath: Fixtures.path("traces/\(name)")))
    try bytes.prefix(bytes.count - 1001).write(to: URL(filePath: program.path(name)))
    try expectRefusal(["sync", name, "--channel", "0"], 65, "the file is cut off: ", "of 6000 bytes")
  }

  @Test func tracesOfSeveralChannels_needAChoice() throws {
    let trace = Fixtures.path("traces/trace16.wav")
    try expectRefusal(["sync", trace], 64, "2 channels (\(trace)): choose one with --channel 0 to 1")
    try expectRefusal(
      ["import", session, "--photodiode", trace], 64, "2 channels",
      "choose one with --photodiode-channel 0 to 1")
  }

  @Test func moviesOfVariableFrameRate_areRefused_unlessTimesAreGiven() throws {
    try film("film.mkv", ["-vf", "setpts='if(lt(N,50),N,2*N-50)/25/TB'", "-fps_mode", "vfr", "-c:v", "ffv1"])
    try write("cell,time\n3,0.5\n", "spikes.csv")
    let words = ["import", "--movie", "film.mkv", "--spikes", "spikes.csv"]
    try expectRefusal(words, 65, "the movie's frame rate varies (film.mkv)", "with --times, or --frame-rate")
    let given = try program.start(words + ["--frame-rate", "25", "--out", "out.h5"]).finish()
    #expect(given.status == 0 && given.errors.contains("variable frame rate: its frames last 0.04 to "))
  }

  @Test(arguments: [("cut.mkv", ["-c:v", "ffv1"]), ("cut.avi", ["-c:v", "mpeg4"])])
  func cutOffMovies_areRefused(name: String, arguments: [String]) throws {
    try film(name, arguments)
    let bytes = try Data(contentsOf: URL(filePath: program.path(name)))
    try bytes.prefix(bytes.count * 6 / 10).write(to: URL(filePath: program.path(name)))
    try write("cell,time\n3,0.5\n", "spikes.csv")
    try expectRefusal(
      ["import", "--movie", name, "--spikes", "spikes.csv", "--frame-rate", "25"], 65,
      "the movie is cut off after ",
      "copy it again from where it was made")
  }

  @Test func whereFFmpegIsMissing_theErrorSaysHowToInstallIt() throws {
    try film("film.mkv", ["-c:v", "ffv1"])
    try write("cell,time\n3,0.5\n", "spikes.csv")
    try expectRefusal(
      ["import", "--movie", "film.mkv", "--spikes", "spikes.csv"], 74,
      "the program ffprobe, which reads movies, is not installed (film.mkv): sudo apt-get install ffmpeg",
      environment: ["PATH": ""])
  }
}
