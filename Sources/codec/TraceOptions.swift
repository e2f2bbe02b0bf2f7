import ArgumentParser
import RetinaData

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
    return try traces.channel(channel, chosenBy: "--channel")
  }
}
