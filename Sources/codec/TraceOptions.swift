import ArgumentParser
import RetinaData
import Runtime

/// Which trace a command reads.
struct TraceOptions: ParsableArguments {
  @Argument(help: "The recording of traces.")
  var file: String

  @Option(name: .long, help: "The channel, from 0; needed where there are several.")
  var channel: Int?

  @Option(name: .long, help: ArgumentHelp("Samples per second, overriding the file's.", valueName: "Hz"))
  var sampleRate: Double?

  /// - Throws: `CodecError` listing the channels where one has to be chosen.
  func open() throws -> AnalogTrace {
    let traces = try TraceFile(reading: file, sampleRate: sampleRate)
    for remark in traces.remarks { Console.warn(remark) }
    guard channel != nil || traces.channels == 1 else {
      throw CodecError(
        .usage, "\(traces.channels) channels", at: file,
        remedy: "choose one with --channel 0 to \(traces.channels - 1)")
    }
    return try traces.channel(channel ?? 0)
  }
}
