import CFFTW
import CKernels
import Numerics

/// A first layer over a movie by Fourier transforms in double precision: each frame is transformed once, and each
/// window sums over its lags frequency by frequency.
///
/// In double precision because every point of a path inherits this layer's rounding, and a rectifier near its threshold
/// turns rounding into a jump of its gradient; and because it is computed only once a frame.
final class MovieConvolution {
  static let name = "fourier, double"

  private let shape: ConvolutionShape
  private let bias: [Float]?
  private let movie: codec_movie
  private let grid: FourierGrid
  /// Kernel spectra `[frequency, lag, channel, output]`, conjugate and divided by the grid's size.
  private let weights: UnsafeMutableBufferPointer<Double>
  /// Frame spectra `[frequency, channel, re/im, time]`.
  private let spectra: UnsafeMutableBufferPointer<Double>
  /// Layer spectra of some windows, `[window, output, frequency]`.
  private let products: UnsafeMutableBufferPointer<Double>

  /// Windows whose first layer is computed at once.
  private static let block = 96
  /// Windows whose spectra are transformed back at once: they stay in the cache.
  private static let tile = 32

  /// - Parameters:
  ///   - shape: the layer's as a plain convolution of a window, `[history × channel, y, x]`.
  ///   - weight: `[output, history × channel, y, x]`.
  ///   - channels: channels of one frame.
  init(_ shape: ConvolutionShape, weight: [Float], bias: [Float]?, channels: Int) {
    let history = shape.input[0] / channels
    self.shape = shape
    self.bias = bias
    grid = FourierGrid(
      rows: RealFFT2D.fastLength(atLeast: shape.input[1]),
      columns: RealFFT2D.fastLength(atLeast: shape.input[2]))
    movie = codec_movie(
      frequencies: grid.frequencies, history: history, channels: channels, outputs: shape.output[0],
      times: Self.block + 8 + history)
    weights = allocateDoubles(2 * grid.frequencies * history * channels * shape.output[0])
    spectra = allocateDoubles(2 * grid.frequencies * channels * movie.times)
    products = allocateDoubles(2 * grid.frequencies * shape.output[0] * Self.tile)
    transformKernels(weight)
  }

  deinit {
    weights.deallocate()
    spectra.deallocate()
    products.deallocate()
  }

  /// The layer of `samples` windows with its bias, `[window, output, y, x]`; the first window begins at `frames`.
  func apply(samples: Int, frames: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
    let frame = movie.channels * shape.input[1] * shape.input[2]
    for start in stride(from: 0, to: samples, by: Self.block) {
      let windows = min(Self.block, samples - start)
      for time in 0..<windows + movie.history - 1 { transform(frames + (start + time) * frame, time: time) }
      for first in stride(from: 0, to: windows, by: Self.tile) {
        let count = min(Self.tile, windows - first)
        withUnsafePointer(to: movie) {
          codec_movie_products(
            $0, first, count, spectra.baseAddress!, weights.baseAddress!, products.baseAddress!)
        }
        for window in 0..<count {
          restore(window: window, to: output + (start + first + window) * shape.outputCount)
        }
      }
    }
  }

  private func transformKernels(_ weight: [Float]) {
    let (height, width) = (shape.kernel[0], shape.kernel[1])
    let (inputs, outputs) = (shape.input[0], shape.output[0])
    let scale = 1 / Double(grid.rows * grid.columns)
    weight.withUnsafeBufferPointer { weight in
      for input in 0..<inputs {
        for output in 0..<outputs {
          grid.forward(
            weight.baseAddress! + (output * inputs + input) * height * width, height: height, width: width)
          for frequency in 0..<grid.frequencies {
            let place = 2 * ((frequency * inputs + input) * outputs + output)
            weights[place] = grid.spectrum[2 * frequency] * scale
            weights[place + 1] = -grid.spectrum[2 * frequency + 1] * scale
          }
        }
      }
    }
  }

  private func transform(_ frame: UnsafePointer<Float>, time: Int) {
    let (height, width) = (shape.input[1], shape.input[2])
    for channel in 0..<movie.channels {
      grid.forward(frame + channel * height * width, height: height, width: width)
      for frequency in 0..<grid.frequencies {
        let place = 2 * (frequency * movie.channels + channel) * movie.times + time
        spectra[place] = grid.spectrum[2 * frequency]
        spectra[place + movie.times] = grid.spectrum[2 * frequency + 1]
      }
    }
  }

  private func restore(window: Int, to output: UnsafeMutablePointer<Float>) {
    let (height, width) = (shape.output[1], shape.output[2])
    for channel in 0..<movie.outputs {
      grid.inverse(products.baseAddress! + 2 * grid.frequencies * (window * movie.outputs + channel))
      let target = output + channel * height * width
      let shift = Double(bias?[channel] ?? 0)
      for y in 0..<height {
        for x in 0..<width { target[y * width + x] = Float(grid.image[y * grid.columns + x] + shift) }
      }
    }
  }
}

/// Transforms of one image on a grid, by FFTW in double precision. Belongs to one thread.
private final class FourierGrid {
  let rows: Int
  let columns: Int
  let image: UnsafeMutableBufferPointer<Double>
  /// Complex numbers, real and imaginary parts in turn.
  let spectrum: UnsafeMutableBufferPointer<Double>
  private let forwardPlan: fftw_plan
  private let inversePlan: fftw_plan

  init(rows: Int, columns: Int) {
    (self.rows, self.columns) = (rows, columns)
    image = allocateDoubles(rows * columns)
    spectrum = allocateDoubles(2 * rows * (columns / 2 + 1))
    let (pixels, frequencies) = (image.baseAddress!, complex(spectrum.baseAddress!))
    // A rule of thumb, so that every process plans, and rounds, alike.
    (forwardPlan, inversePlan) = FourierWisdom.lock.withLock {
      (
        fftw_plan_dft_r2c_2d(Int32(rows), Int32(columns), pixels, frequencies, FFTW_ESTIMATE)!,
        fftw_plan_dft_c2r_2d(Int32(rows), Int32(columns), frequencies, pixels, FFTW_ESTIMATE)!
      )
    }
  }

  deinit {
    FourierWisdom.lock.withLock {
      fftw_destroy_plan(forwardPlan)
      fftw_destroy_plan(inversePlan)
    }
    image.deallocate()
    spectrum.deallocate()
  }

  var frequencies: Int { rows * (columns / 2 + 1) }

  /// The spectrum of an image in the grid's corner.
  func forward(_ source: UnsafePointer<Float>, height: Int, width: Int) {
    image.update(repeating: 0)
    for y in 0..<height {
      for x in 0..<width { image[y * columns + x] = Double(source[y * width + x]) }
    }
    fftw_execute_dft_r2c(forwardPlan, image.baseAddress!, complex(spectrum.baseAddress!))
  }

  /// The image of `frequencies`, which are overwritten.
  func inverse(_ frequencies: UnsafeMutablePointer<Double>) {
    fftw_execute_dft_c2r(inversePlan, complex(frequencies), image.baseAddress!)
  }
}

private func complex(_ numbers: UnsafeMutablePointer<Double>) -> UnsafeMutablePointer<fftw_complex> {
  UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: fftw_complex.self)
}

/// Double-precision zeros, aligned for vector instructions.
private func allocateDoubles(_ count: Int) -> UnsafeMutableBufferPointer<Double> {
  let raw = UnsafeMutableRawBufferPointer.allocate(
    byteCount: count * MemoryLayout<Double>.stride, alignment: 64)
  let doubles = raw.bindMemory(to: Double.self)
  doubles.initialize(repeating: 0)
  return doubles
}
