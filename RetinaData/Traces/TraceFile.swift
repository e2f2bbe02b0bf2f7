import Foundation
import Runtime
import Storage

/// A file of analog traces: audio (WAV, FLAC, W64, RF64) or a recording of the `libdatafile` kind (HDF5 with the
/// dataset `data` [channel, sample] and attributes `sample-rate`, `gain` and `offset`).
///
///     let file = try TraceFile(reading: "photodiode.wav")
///     let trace = try file.channel(0)
public struct TraceFile: Sendable {
  /// The file's name, for messages.
  public let path: String
  /// Container and encoding in words.
  public let format: String
  /// Samples a second.
  public let sampleRate: Double
  /// Samples of each channel.
  public let sampleCount: Int
  /// Number of channels.
  public let channels: Int
  /// Units of the samples.
  public let units: String
  /// What was noticed and dealt with while opening, one sentence each.
  public let remarks: [String]
  private let read: @Sendable (_ channel: Int, Range<Int>) throws -> [Float]

  /// Opens a file of traces by its content.
  /// - Parameter sampleRate: samples a second, overriding the file's.
  /// - Throws: `CodecError` naming file and reason.
  public init(reading path: String, sampleRate: Double? = nil) throws {
    if let sampleRate, !(sampleRate > 0 && sampleRate.isFinite) {
      throw CodecError(.usage, "a sample rate of \(sampleRate) Hz", remedy: "give a number above 0")
    }
    self.path = path
    if try H5File.isHDF5(path) {
      let data = try DataFileTraces(reading: path, sampleRate: sampleRate)
      (format, channels, sampleCount) = ("HDF5 of the libdatafile kind", data.channels, data.sampleCount)
      (self.sampleRate, units, remarks) = (data.sampleRate, data.units, data.remarks)
      read = { try data.samples($1, channel: $0) }
    } else {
      let audio = try AudioFile(reading: path)
      (format, channels, sampleCount) = (audio.format, audio.channels, audio.sampleCount)
      (self.sampleRate, units, remarks) = (sampleRate ?? audio.sampleRate, "full scale", [])
      read = { try audio.samples($1, channel: $0) }
    }
  }

  /// The channel that is asked for, or the only one.
  /// - Parameter option: the command line's option that chooses one.
  /// - Throws: `CodecError` of kind `usage` where there are several and none is asked for, or not that one.
  public func channel(_ number: Int?, chosenBy option: String) throws -> AnalogTrace {
    guard number != nil || channels == 1 else {
      throw CodecError(
        .usage, "\(channels) channels", at: path, remedy: "choose one with \(option) 0 to \(channels - 1)")
    }
    return try channel(number ?? 0)
  }

  /// One channel, by its number from 0.
  /// - Throws: `CodecError` of kind `usage` listing the channels that are there.
  public func channel(_ number: Int) throws -> AnalogTrace {
    guard (0..<channels).contains(number) else {
      throw CodecError.unknown("channel", "\(number)", valid: (0..<channels).map(String.init), at: path)
    }
    let name = "\(URL(filePath: path).lastPathComponent), channel \(number)"
    return try AnalogTrace(name: name, sampleRate: sampleRate, sampleCount: sampleCount, units: units) {
      [read] in try read(number, $0)
    }
  }
}

/// The traces of a `libdatafile` recording.
private struct DataFileTraces: Sendable {
  let channels: Int
  let sampleCount: Int
  let sampleRate: Double
  let units: String
  let remarks: [String]
  private let data: H5Dataset
  private let gain: Double
  private let offset: Double

  init(reading path: String, sampleRate given: Double?) throws {
    let file = try H5File(reading: path)
    guard file.contains("/data"), file.kind(of: "/data") == .dataset else {
      throw CodecError(
        .data, "no dataset data", at: path,
        remedy: "traces in HDF5 are data [channel, sample] with the attributes sample-rate, gain and offset")
    }
    let data = try file.dataset("/data", rank: 2)
    let attribute = { name in try Self.attribute(name, of: data, in: file) }
    guard let rate = try given ?? attribute("sample-rate"), rate > 0 else {
      throw CodecError(
        .data, "no attribute sample-rate above zero", at: data.place, remedy: "give it with --sample-rate")
    }
    let stated = try attribute("gain")
    guard stated != 0 else {
      throw CodecError(.data, "a gain of zero", at: data.place, remedy: "every sample would be the offset")
    }
    (self.data, sampleRate, channels, sampleCount) = (data, rate, data.shape[0], data.shape[1])
    (gain, offset) = (stated ?? 1, try attribute("offset") ?? 0)
    units = stated == nil ? "stored numbers" : "V"
    remarks = stated == nil ? ["\(file.name) states no gain: samples are taken as they are stored"] : []
  }

  /// A number that libdatafile keeps at the dataset, or at the file.
  private static func attribute(_ name: String, of data: H5Dataset, in file: H5File) throws -> Double? {
    guard let value = try data.attribute(name) ?? file.attribute(name) else { return nil }
    guard let number = value.asNumber, number.isFinite else {
      throw CodecError(
        .data, "the attribute \(name) is \(value)", at: data.place, remedy: "it must be a number")
    }
    return number
  }

  func samples(_ range: Range<Int>, channel: Int) throws -> [Float] {
    let stored: [Double] = try data.numbers(in: [channel..<channel + 1, range])
    return stored.map { Float($0 * gain + offset) }
  }
}
