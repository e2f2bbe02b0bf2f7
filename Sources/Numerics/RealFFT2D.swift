import CFFTW
import Foundation

/// A batch of two-dimensional Fourier transforms between real images and the half of their spectra that is not
/// redundant, by FFTW in single precision.
///
/// Neither direction scales: inverse after forward multiplies by `rows * columns`. A transform may be used by several
/// threads at once on memory of their own.
///
///     let transform = RealFFT2D(rows: 50, columns: 50, batch: 8, spectrum: .interleaved, effort: .estimate)
///     let spectra = transform.forward(images)     // [8, 50, 26] complex numbers
public final class RealFFT2D: @unchecked Sendable {
  /// Where the complex numbers of a spectrum lie in memory; frequencies are [row, column of columns / 2 + 1].
  public enum Spectrum: Sendable {
    /// [batch, frequency, real and imaginary part].
    case interleaved
    /// [frequency, batch] of real parts, and as much of imaginary parts after it: products of one frequency
    /// over the whole batch are then plain loops.
    case frequencyMajor
  }

  /// How much time FFTW may take to find a fast plan.
  public enum Effort: Sendable {
    /// None: a rule of thumb, the same in every process.
    case estimate
    /// Times candidates, so two processes may round differently unless they share `FourierWisdom`.
    case measure
  }

  /// Height of an image.
  public let rows: Int
  /// Width of an image.
  public let columns: Int
  /// Number of images transformed at once.
  public let batch: Int
  /// Where a spectrum's numbers lie.
  public let spectrum: Spectrum
  private let forwardPlan: fftwf_plan
  private let inversePlan: fftwf_plan

  /// Plans both directions.
  public init(
    rows: Int, columns: Int, batch: Int, spectrum: Spectrum = .interleaved, effort: Effort = .estimate
  ) {
    precondition(rows > 0 && columns > 0 && batch > 0)
    (self.rows, self.columns, self.batch, self.spectrum) = (rows, columns, batch, spectrum)
    let layout = Layout(rows: rows, columns: columns, batch: batch, spectrum: spectrum)
    let flags = effort == .measure ? FFTW_MEASURE : FFTW_ESTIMATE
    (forwardPlan, inversePlan) = FourierWisdom.lock.withLock { layout.plans(flags: flags) }
  }

  deinit {
    FourierWisdom.lock.withLock {
      fftwf_destroy_plan(forwardPlan)
      fftwf_destroy_plan(inversePlan)
    }
  }

  /// Number of frequencies of one image.
  public var frequencies: Int { rows * (columns / 2 + 1) }
  /// Number of floats the images of a batch take.
  public var imageCount: Int { batch * rows * columns }
  /// Number of floats the spectra of a batch take.
  public var spectrumCount: Int { 2 * batch * frequencies }

  /// Spectra of `images` [batch, row, column].
  ///
  /// Both must be aligned to 16 bytes (every Swift array's own storage is) and not overlap.
  public func forward(_ images: UnsafePointer<Float>, _ spectra: UnsafeMutablePointer<Float>) {
    precondition(isAligned(images) && isAligned(spectra), "FFTW needs memory aligned to 16 bytes")
    fftwf_execute_split_dft_r2c(
      forwardPlan, UnsafeMutablePointer(mutating: images), spectra, spectra + imaginaryOffset)
  }

  /// Images of `spectra`, which are overwritten; alignment as for `forward`.
  public func inverse(_ spectra: UnsafeMutablePointer<Float>, _ images: UnsafeMutablePointer<Float>) {
    precondition(isAligned(images) && isAligned(spectra), "FFTW needs memory aligned to 16 bytes")
    fftwf_execute_split_dft_c2r(inversePlan, spectra, spectra + imaginaryOffset, images)
  }

  /// Spectra of `images` [batch, row, column].
  public func forward(_ images: [Float]) -> [Float] {
    precondition(images.count == imageCount)
    var result = [Float](repeating: 0, count: spectrumCount)
    result.withUnsafeMutableBufferPointer { result in
      images.withUnsafeBufferPointer { forward($0.baseAddress!, result.baseAddress!) }
    }
    return result
  }

  /// Images of `spectra`.
  public func inverse(_ spectra: [Float]) -> [Float] {
    precondition(spectra.count == spectrumCount)
    var (copy, result) = (spectra, [Float](repeating: 0, count: imageCount))
    result.withUnsafeMutableBufferPointer { result in
      copy.withUnsafeMutableBufferPointer { inverse($0.baseAddress!, result.baseAddress!) }
    }
    return result
  }

  /// The least length from `count` on whose only prime factors are 2, 3, 5 and 7: FFTW's fast ones.
  public static func fastLength(atLeast count: Int) -> Int {
    func isFast(_ length: Int) -> Bool {
      [2, 3, 5, 7].reduce(length) { rest, prime in
        var rest = rest
        while rest % prime == 0 { rest /= prime }
        return rest
      } == 1
    }
    var length = max(count, 1)
    while !isFast(length) { length += 1 }
    return length
  }

  private var imaginaryOffset: Int { spectrum == .interleaved ? 1 : batch * frequencies }

  private func isAligned(_ pointer: UnsafeRawPointer) -> Bool { Int(bitPattern: pointer) % 16 == 0 }
}

/// Lengths and strides as FFTW's guru interface takes them.
private struct Layout {
  let rows: Int
  let columns: Int
  let batch: Int
  let spectrum: RealFFT2D.Spectrum

  /// Plans both directions on scratch memory, which measuring overwrites.
  func plans(flags: UInt32) -> (forward: fftwf_plan, inverse: fftwf_plan) {
    let half = columns / 2 + 1
    let images = fftwf_alloc_real(batch * rows * columns)!
    let spectra = fftwf_alloc_real(2 * batch * rows * half)!
    defer {
      fftwf_free(images)
      fftwf_free(spectra)
    }
    let frequencyStride = Int32(spectrum == .interleaved ? 2 : batch)
    let batchStride = Int32(spectrum == .interleaved ? 2 * rows * half : 1)
    let imaginary = spectra + (spectrum == .interleaved ? 1 : batch * rows * half)
    let image = [
      fftwf_iodim(n: Int32(rows), is: Int32(columns), os: Int32(half) * frequencyStride),
      fftwf_iodim(n: Int32(columns), is: 1, os: frequencyStride),
    ]
    let repeats = [fftwf_iodim(n: Int32(batch), is: Int32(rows * columns), os: batchStride)]
    let forward = fftwf_plan_guru_split_dft_r2c(2, image, 1, repeats, images, spectra, imaginary, flags)
    let inverse = fftwf_plan_guru_split_dft_c2r(
      2, image.map(reversed), 1, repeats.map(reversed), spectra, imaginary, images, flags)
    guard let forward, let inverse else { preconditionFailure("FFTW has no plan for \(self)") }
    return (forward, inverse)
  }

  private func reversed(_ dimension: fftwf_iodim) -> fftwf_iodim {
    fftwf_iodim(n: dimension.n, is: dimension.os, os: dimension.is)
  }
}

/// What FFTW has learnt about this machine, and the lock under which it plans.
///
/// Measured plans differ from process to process, and so does rounding; a process that reads back the wisdom of
/// another plans as that one did.
public enum FourierWisdom {
  /// FFTW's planner serves one thread at a time: hold this around every planning and destruction of a plan.
  public static let lock = NSLock()

  /// The version of the library, for provenance and as a key of stored wisdom.
  public static var version: String { String(cString: codec_fftw_version()) }

  /// Everything learnt so far, as text.
  public static func export() -> String {
    lock.withLock {
      guard let text = fftwf_export_wisdom_to_string() else { return "" }
      defer { free(text) }
      return String(cString: text)
    }
  }

  /// Adds stored wisdom; false where the text is not wisdom of this library.
  public static func add(_ text: String) -> Bool {
    lock.withLock { fftwf_import_wisdom_from_string(text) == 1 }
  }

  /// Forgets everything learnt.
  public static func forget() {
    lock.withLock { fftwf_forget_wisdom() }
  }
}
