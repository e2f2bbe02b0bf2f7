import ArgumentParser
import Foundation
import RetinaData
import Runtime
import Storage

/// `codec spikes`: spikes in the raw trace of one electrode.
struct SpikesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spikes",
    abstract: "Find spikes in a raw electrode trace by a robust threshold. This is not spike sorting.",
    discussion: """
      Example: codec spikes electrode.flac --channel 2 --out spikes.h5

      The trace is band-passed; a spike is an extremum beyond a multiple of the noise, median(|x|) / 0.6745. All cells \
      that the electrode hears end up in one train, and spikes at the same moment count once: use a spike sorter to \
      tell cells apart.
      """)

  @OptionGroup var trace: TraceOptions

  @Option(name: .long, help: ArgumentHelp("The result.", valueName: "file"))
  var out: String

  @Option(name: .long, help: "Multiple of the noise that a spike exceeds.")
  var threshold = 4.5

  @Option(name: .long, help: ArgumentHelp("Corners of the band-pass filter.", valueName: "Hz,Hz"))
  var band: CommaList<Double> = CommaList([300, 3000])

  @Option(name: .long, help: "Which way spikes go: negative, positive or both.")
  var direction = SpikeDetection.Direction.negative

  @Option(name: .long, help: ArgumentHelp("Time after a spike without another.", valueName: "ms"))
  var deadTime = 1.0

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if band.values.count != 2 { throw ValidationError("--band takes two frequencies, such as 300,3000") }
  }

  private struct Summary: Encodable {
    let spikes: Int
    let rate: Double
    let noise: Double
    let threshold: Double
    let units: String
    let shortIntervals: Double
  }

  func run() throws {
    let channel = try trace.open()
    var options = SpikeDetection.Options()
    (options.low, options.high, options.threshold) = (band.values[0], band.values[1], threshold)
    (options.direction, options.deadTime) = (direction, deadTime / 1000)
    let writer = try ResultWriter(
      path: out,
      provenance: try Provenance(
        schema: SpikeDetection.schema, schemaVersion: SpikeDetection.schemaVersion,
        command: Console.commandLine, options: options, seed: nil, software: Codec.software,
        inputs: [trace.file]),
      force: output.force, resume: output.resume)
    let found = try SpikeDetection(channel, options, progress: ProgressLine.handler)
    try found.write(to: writer)
    let summary = Summary(
      spikes: found.times.count, rate: Double(found.times.count) / channel.duration, noise: found.noise,
      threshold: found.threshold, units: found.units, shortIntervals: found.shortIntervals)
    try Console.print(summary, json: output.json) { summary in
      """
      \(summary.spikes) spikes, \(String(format: "%.2f", summary.rate)) Hz; noise \(summary.noise) and threshold \
      \(summary.threshold) \(summary.units)
      \(String(format: "%.2f", 100 * summary.shortIntervals)) % of intervals below 2 ms
      not sorted: these are the spikes of all cells that the electrode hears
      written to \(out)
      """
    }
  }
}

extension SpikeDetection.Direction: ExpressibleByArgument {}
