import Foundation
import Numerics
import Runtime

/// A band-pass filter that delays nothing: a windowed sinc applied by Fourier transforms, block after block.
struct BandPassFilter {
  /// Corner frequencies, Hz.
  let low: Double
  let high: Double
  private let reach: Int
  private let transform: RealFFT2D
  private let spectrum: [Float]

  /// Samples that come out of one transform.
  var step: Int { transform.columns - 2 * reach }

  /// - Parameters:
  ///   - low: lower corner, Hz; the response falls to half there, over a band as wide as `low` itself.
  ///   - high: upper corner, Hz.
  /// - Throws: `CodecError` of kind `usage` where the corners are not 0 < low < high < half the sample rate.
  init(low: Double, high: Double, sampleRate: Double) throws {
    guard low > 0, low < high, high < sampleRate / 2 else {
      throw CodecError(
        .usage, "a pass band from \(low) to \(high) Hz at \(sampleRate) samples a second",
        remedy: "give --band low,high with 0 < low < high < \(sampleRate / 2)")
    }
    (self.low, self.high) = (low, high)
    // A Hamming window of 3.3 / width seconds falls over `width` Hz.
    reach = max(1, Int((3.3 * sampleRate / low / 2).rounded(.up)))
    transform = RealFFT2D(
      rows: 1, columns: RealFFT2D.fastLength(atLeast: max(1 << 14, 8 * reach)), batch: 1)
    let (count, window) = (transform.columns, Self.window(reach: reach))
    var values = (-reach...reach).map { offset in
      Self.sinc(high / sampleRate, offset) - Self.sinc(low / sampleRate, offset)
    }
    values = zip(values, window).map { $0 * $1 }
    // A constant is to vanish altogether.
    let excess = values.reduce(0, +) / window.reduce(0, +)
    var kernel = [Float](repeating: 0, count: count)
    for (index, offset) in (-reach...reach).enumerated() {
      // Its middle at the first sample, so that nothing is delayed; the transform's own scale goes in too.
      kernel[(offset + count) % count] = Float((values[index] - excess * window[index]) / Double(count))
    }
    spectrum = transform.forward(kernel)
  }

  /// Hamming's window.
  private static func window(reach: Int) -> [Double] {
    (-reach...reach).map { 0.54 + 0.46 * cos(Double.pi * Double($0) / Double(reach + 1)) }
  }

  /// An ideal low-pass filter's answer to an impulse; the corner in cycles a sample.
  private static func sinc(_ corner: Double, _ offset: Int) -> Double {
    let angle = Double.pi * Double(offset)
    return offset == 0 ? 2 * corner : sin(2 * corner * angle) / angle
  }

  /// The filtered samples from `first` on, `step` of them or up to the trace's end; beyond the ends the trace goes on
  /// with its first and last value.
  func filtered(_ trace: AnalogTrace, from first: Int) throws -> [Float] {
    let wanted = first - reach..<first - reach + transform.columns
    let known = wanted.clamped(to: 0..<trace.sampleCount)
    let samples = try trace.samples(known)
    var padded = Array(repeating: samples[0], count: known.lowerBound - wanted.lowerBound) + samples
    padded += Array(repeating: samples[samples.count - 1], count: wanted.upperBound - known.upperBound)
    let level = padded[0]
    for index in padded.indices { padded[index] -= level }
    var product = transform.forward(padded)
    for index in stride(from: 0, to: product.count, by: 2) {
      let (a, b, c, d) = (product[index], product[index + 1], spectrum[index], spectrum[index + 1])
      (product[index], product[index + 1]) = (a * c - b * d, a * d + b * c)
    }
    let count = min(step, trace.sampleCount - first)
    return Array(transform.inverse(product)[reach..<reach + count])
  }
}
