import CSndfile
import Foundation
import Runtime

/// An analog recording kept as an audio file (WAV, FLAC, W64, RF64, AIFF, CAF), read as needed through libsndfile.
///
///     let file = try AudioFile(reading: "trace.wav")
///     let samples = try file.samples(0..<48_000, channel: 1)
///
/// Safe to share between threads: one at a time reads.
public final class AudioFile: @unchecked Sendable {
  /// The file it was read from.
  public let path: String
  /// Number of channels.
  public let channels: Int
  /// Samples of each channel.
  public let sampleCount: Int
  /// Samples a second.
  public let sampleRate: Double
  /// Container and encoding in words, such as "WAV (Microsoft), Signed 16 bit PCM".
  public let format: String
  private let handle: OpaquePointer
  private let lock = NSLock()
  private var position = 0

  /// Opens a file and checks that it is whole.
  /// - Throws: `CodecError`: `fileSystem` where it cannot be read; `data` where it is empty, cut off, no audio file,
  ///   or of an encoding that is unknown or loses precision.
  public init(reading path: String) throws {
    let plain = try ReadableFile(path)
    guard plain.count > 0 else { throw CodecError(.data, "the file is empty", at: path) }
    try AudioContainer.requireWhole(plain)
    var info = SF_INFO()
    guard let handle = sf_open(path, Int32(SFM_READ), &info) else {
      throw CodecError(
        .data, "cannot read the audio file", at: path,
        remedy:
          "\(Self.sentence(sf_strerror(nil))); PCM or floating-point numbers in WAV, W64 or RF64, and FLAC, are read"
      )
    }
    (self.path, self.handle) = (path, handle)
    (channels, sampleCount, sampleRate) = (Int(info.channels), Int(info.frames), Double(info.samplerate))
    let names = [codec_sndfile_container(info.format), codec_sndfile_encoding(info.format)].map {
      String(cString: codec_sndfile_name($0))
    }
    format = names.joined(separator: ", ")
    guard codec_sndfile_is_exact(info.format) == 1 else {
      throw CodecError(
        .data, "samples are encoded as \(names[1]), which changes them", at: path,
        remedy: "record PCM, floating-point numbers or FLAC")
    }
    guard info.frames > 0, info.frames < sf_count_t.max else {
      throw CodecError(
        .data, info.frames == 0 ? "the file holds no samples" : "the file does not say how long it is",
        at: path, remedy: "write it anew, for instance with sox")
    }
  }

  deinit { sf_close(handle) }

  /// Samples of one channel; whole numbers are scaled so that full scale is 1.
  /// - Parameters:
  ///   - range: of samples, within the file.
  ///   - channel: from 0.
  /// - Throws: `CodecError` of kind `data` where the file ends early or is damaged, or a sample is not finite.
  public func samples(_ range: Range<Int>, channel: Int) throws -> [Float] {
    precondition((0..<channels).contains(channel) && range.lowerBound >= 0 && range.upperBound <= sampleCount)
    let all = try lock.withLock { try read(range) }
    let samples = channels == 1 ? all : stride(from: channel, to: all.count, by: channels).map { all[$0] }
    if let index = samples.firstIndex(where: { !$0.isFinite }) {
      throw CodecError(
        .data, "sample \(range.lowerBound + index) of channel \(channel) is not finite", at: path)
    }
    return samples
  }

  /// `[sample, channel]`
  private func read(_ range: Range<Int>) throws -> [Float] {
    if range.lowerBound != position {
      position = -1
      guard sf_seek(handle, sf_count_t(range.lowerBound), SEEK_SET) == sf_count_t(range.lowerBound) else {
        throw CodecError(
          .data, "cannot go to sample \(range.lowerBound)", at: path,
          remedy: Self.sentence(sf_strerror(handle)))
      }
    }
    var got = 0
    let samples = [Float](unsafeUninitializedCapacity: range.count * channels) { buffer, filled in
      guard let start = buffer.baseAddress else { return }
      got = Int(sf_readf_float(handle, start, sf_count_t(range.count)))
      filled = max(got, 0) * channels
    }
    position = range.lowerBound + max(got, 0)
    guard got == range.count else {
      position = -1
      throw CodecError(
        .data,
        "the file ends, or is damaged, after sample \(range.lowerBound + max(got, 0)) of \(sampleCount)",
        at: path, remedy: "copy it again from where it was recorded")
    }
    return samples
  }

  /// The library's message without its final stop.
  private static func sentence(_ text: UnsafePointer<CChar>?) -> String {
    guard let text else { return "unknown error" }
    return String(cString: text).trimmingCharacters(in: CharacterSet(charactersIn: ". \n"))
  }
}
