import ArgumentParser
import Foundation
import RetinaData
import Runtime
import Storage

/// `codec sync`: frame times from a photodiode or trigger trace.
struct SyncCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Find when each frame was shown from a photodiode or trigger trace.",
    discussion: """
      Example: codec sync photodiode.wav --out frames.h5 --expected-frames 4500 --repair

      Level and polarity are estimated and printed, or given. Missing and doubled onsets, short and long intervals \
      are listed; nothing is mended without --repair. Reads WAV, FLAC, W64 and RF64, and HDF5 with data \
      [channel, sample].
      """)

  @OptionGroup var trace: TraceOptions

  @Option(name: .long, help: ArgumentHelp("The result.", valueName: "file"))
  var out: String

  @Option(
    name: .long, help: "Threshold in the trace's units (default: halfway between its levels, followed along)."
  )
  var level: Double?

  @Option(
    name: .long, help: "How far beyond the threshold a switch must go, as a share of the levels' distance.")
  var hysteresis = 0.2

  @Option(name: .long, help: "Which switches mark frames: rising, falling or both (default: estimated).")
  var polarity: TracePolarity?

  @Option(name: .long, help: ArgumentHelp("Nominal frames per second.", valueName: "Hz"))
  var frameRate: Double?

  @Option(name: .long, help: "How many frames were shown; another number is an error.")
  var expectedFrames: Int?

  @Option(
    name: .long, help: "Missing onsets in a row from which on a gap is a pause, and a new segment begins.")
  var longestGap = 10

  @Flag(name: .long, help: "Put missing onsets in, evenly spaced, and leave doubled ones out.")
  var repair = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Frame times by the stimulus program's clock, a list or array, to compare.", valueName: "file"))
  var log: String?

  @OptionGroup var output: OutputOptions

  private struct Summary: Encodable {
    let frames: Int
    let segments: Int
    let frameRate: Double
    let driftPartsPerMillion: Double?
    let polarity: TracePolarity
    let level: Double
    let low: Double
    let high: Double
    let units: String
    let irregularities: [FrameIrregularity]
    let isRepaired: Bool
    let clock: ClockAlignment?
  }

  func run() throws {
    let channel = try trace.open()
    let sync = try FrameSync(channel, options)
    let clock = try log.map {
      try ClockAlignment(
        from: try NamedArray.times($0), to: sync.onsets.times, tolerance: sync.onsets.interval / 2, at: $0)
    }
    let writer = try ResultWriter(
      path: out,
      provenance: try Provenance(
        schema: FrameSync.schema, schemaVersion: FrameSync.schemaVersion, command: Console.commandLine,
        options: options, seed: nil, software: Codec.software, inputs: [trace.file] + (log.map { [$0] } ?? [])
      ),
      force: output.force, resume: output.resume)
    try sync.write(to: writer)
    let summary = Summary(
      frames: sync.onsets.times.count, segments: sync.onsets.segments.count, frameRate: sync.frameRate,
      driftPartsPerMillion: sync.driftPartsPerMillion, polarity: sync.polarity, level: sync.levels.level,
      low: sync.levels.low, high: sync.levels.high, units: sync.units,
      irregularities: sync.onsets.irregularities, isRepaired: repair, clock: clock)
    try Console.print(summary, json: output.json) { lines($0).joined(separator: "\n") }
  }

  private var options: FrameSync.Options {
    var options = FrameSync.Options()
    (options.level, options.hysteresis, options.polarity) = (level, hysteresis, polarity)
    (options.frameRate, options.expectedFrames) = (frameRate, expectedFrames)
    (options.repair, options.longestGap) = (repair, longestGap)
    return options
  }

  private func lines(_ summary: Summary) -> [String] {
    let number = { (value: Double, digits: Int) in String(format: "%.\(digits)f", value) }
    var lines = [
      "\(summary.frames) frames at \(number(summary.frameRate, 4)) Hz"
        + (summary.segments > 1 ? " in \(summary.segments) segments" : ""),
      "frames begin at \(summary.polarity == .both ? "every switch" : "\(summary.polarity.rawValue) edges")"
        + "\(polarity == nil ? " (estimated)" : ""); levels \(number(summary.low, 4)) and "
        + "\(number(summary.high, 4)), threshold \(number(summary.level, 4)) \(summary.units)",
    ]
    if let drift = summary.driftPartsPerMillion {
      lines.append("\(number(drift, 1)) parts per million faster than \(frameRate!) Hz by the trace's clock")
    }
    if let clock = summary.clock {
      lines.append(
        "the trace's clock runs \(number(clock.driftPartsPerMillion, 1)) parts per million faster than the log's; "
          + "worst frame \(number(clock.worstResidual * 1000, 3)) ms off")
    }
    lines += table(summary.irregularities)
    let canMend = !repair && summary.irregularities.contains { $0.missing != 0 }
    return lines + (canMend ? ["--repair puts missing onsets in and leaves doubled ones out"] : [])
      + ["written to \(out)"]
  }

  private func table(_ found: [FrameIrregularity]) -> [String] {
    guard !found.isEmpty else { return ["all intervals are regular"] }
    let rows = found.prefix(40).map { item in
      [
        item.kind.rawValue, "\(item.onset)", String(format: "%.5f s", item.time),
        String(format: "%.2f", item.interval),
      ]
    }
    return ["\(found.count) irregular intervals\(repair ? ", missing and doubled onsets mended" : "")"]
      + TextTable.lines(
        [["  kind", "onset", "time", "usual intervals"]] + rows.map { ["  " + $0[0]] + $0[1...] })
      + (found.count > 40 ? ["  … all in \(out)"] : [])
  }
}

extension TracePolarity: ExpressibleByArgument {}
