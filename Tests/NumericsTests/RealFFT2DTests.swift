import Foundation
import Numerics
import Testing

@Suite struct RealFFT2DTests {
  private static let sizes = [
    (1, 1, 1), (2, 3, 1), (7, 4, 2), (5, 9, 3), (12, 10, 8), (1, 31, 4), (36, 1, 5),
  ]

  @Test(arguments: sizes, [RealFFT2D.Spectrum.interleaved, .frequencyMajor])
  func forward_isTheSumOfWaves(size: (Int, Int, Int), spectrum: RealFFT2D.Spectrum) {
    let (rows, columns, batch) = size
    var stream = RandomStream(seed: 81).split(rows).split(columns)
    let transform = RealFFT2D(rows: rows, columns: columns, batch: batch, spectrum: spectrum)
    let images = stream.floats(transform.imageCount)
    let spectra = transform.forward(images)
    let half = columns / 2 + 1
    var largest = 0.0
    for image in 0..<batch {
      for u in 0..<rows {
        for v in 0..<half {
          var (re, im) = (0.0, 0.0)
          for y in 0..<rows {
            for x in 0..<columns {
              let turns = Double(u * y) / Double(rows) + Double(v * x) / Double(columns)
              let value = Double(images[(image * rows + y) * columns + x])
              re += value * cos(2 * .pi * turns)
              im -= value * sin(2 * .pi * turns)
            }
          }
          let place = index(transform, image, u * half + v)
          largest = max(largest, abs(Double(spectra[place.re]) - re), abs(Double(spectra[place.im]) - im))
        }
      }
    }
    #expect(largest < 1e-5 * Double(rows * columns).squareRoot() * 4)
  }

  @Test(arguments: sizes, [RealFFT2D.Spectrum.interleaved, .frequencyMajor])
  func inverse_undoesForward_timesTheNumberOfPixels(size: (Int, Int, Int), spectrum: RealFFT2D.Spectrum) {
    let (rows, columns, batch) = size
    var stream = RandomStream(seed: 82).split(rows)
    for effort in [RealFFT2D.Effort.estimate, .measure] {
      let transform = RealFFT2D(
        rows: rows, columns: columns, batch: batch, spectrum: spectrum, effort: effort)
      let images = stream.floats(transform.imageCount)
      let back = transform.inverse(transform.forward(images))
      let scale = Double(rows * columns)
      #expect(largestDifference(back.map { Double($0) / scale }, images.map(Double.init)) < 2e-6)
    }
  }

  /// Multiplying spectra convolves images around the edges.
  @Test(arguments: [(6, 8), (9, 5)]) func productOfSpectra_isCircularConvolution(rows: Int, columns: Int) {
    var stream = RandomStream(seed: 83).split(rows)
    let transform = RealFFT2D(rows: rows, columns: columns, batch: 2, spectrum: .frequencyMajor)
    let images = stream.floats(transform.imageCount)
    var spectra = transform.forward(images)
    for frequency in 0..<transform.frequencies {
      let (a, b) = (index(transform, 0, frequency), index(transform, 1, frequency))
      let re = spectra[a.re] * spectra[b.re] - spectra[a.im] * spectra[b.im]
      let im = spectra[a.re] * spectra[b.im] + spectra[a.im] * spectra[b.re]
      (spectra[a.re], spectra[a.im]) = (re, im)
    }
    let convolved = transform.inverse(spectra).prefix(rows * columns).map {
      Double($0) / Double(rows * columns)
    }
    var direct = [Double](repeating: 0, count: rows * columns)
    for y in 0..<rows {
      for x in 0..<columns {
        for v in 0..<rows {
          for u in 0..<columns {
            let other = ((y - v + rows) % rows) * columns + (x - u + columns) % columns
            direct[y * columns + x] += Double(images[v * columns + u] * images[rows * columns + other])
          }
        }
      }
    }
    #expect(largestDifference(convolved, direct) < 1e-4)
  }

  @Test func fastLength_isTheNextProductOfSmallPrimes() {
    let fast = Set(
      (0..<9).flatMap { a in
        (0..<6).flatMap { b in
          (0..<4).flatMap { c in (0..<4).map { d in power(2, a) * power(3, b) * power(5, c) * power(7, d) } }
        }
      })
    for count in 1...250 {
      #expect(RealFFT2D.fastLength(atLeast: count) == fast.filter { $0 >= count }.min()!)
    }
  }

  @Test func wisdom_survivesAsText_andRubbishIsRefused() {
    _ = RealFFT2D(rows: 11, columns: 13, batch: 2, effort: .measure)
    let text = FourierWisdom.export()
    #expect(text.contains("fftw"))
    #expect(FourierWisdom.add(text))
    #expect(!FourierWisdom.add("(rubbish)"))
    #expect(FourierWisdom.version.hasPrefix("fftw-3"))
  }

  /// Where the numbers of one frequency of one image lie.
  private func index(_ transform: RealFFT2D, _ image: Int, _ frequency: Int) -> (re: Int, im: Int) {
    switch transform.spectrum {
    case .interleaved:
      let place = 2 * (image * transform.frequencies + frequency)
      return (place, place + 1)
    case .frequencyMajor:
      let place = frequency * transform.batch + image
      return (place, place + transform.spectrumCount / 2)
    }
  }

  private func power(_ base: Int, _ exponent: Int) -> Int {
    (0..<exponent).reduce(1) { result, _ in result * base }
  }
}
