import CKernels
import Foundation

/// The Fourier transform of a convolution's kernels on a circle of `rows` × `columns` points, conjugated (networks
/// convolve without turning the kernel over) and divided by the number of points.
///
/// Layout `[column ≤ columns / 2][row][input channel][output channel][re, im]`; the other columns are conjugates.
final class KernelSpectrum {
  let rows: Int
  let columns: Int
  let values: UnsafeMutableBufferPointer<Float>

  /// - Parameters:
  ///   - weight: `[output channel, input channel, y, x]`.
  init(weight: [Float], outputs: Int, inputs: Int, kernel: [Int], rows: Int, columns: Int) {
    (self.rows, self.columns) = (rows, columns)
    let pairs = inputs * outputs
    values = allocateAligned((columns / 2 + 1) * rows * pairs * 2)
    let (across, down) = (Self.turns(columns), Self.turns(rows))
    let scale = 1 / Double(rows * columns)
    // Rows first: [kernel row][column frequency].
    var partial = [SIMD2<Double>](repeating: .zero, count: kernel[0] * (columns / 2 + 1))
    for output in 0..<outputs {
      for input in 0..<inputs {
        let first = (output * inputs + input) * kernel[0] * kernel[1]
        for y in 0..<kernel[0] {
          for column in 0...columns / 2 {
            var sum = SIMD2<Double>.zero
            for x in 0..<kernel[1] {
              sum += across[column * x % columns] * Double(weight[first + y * kernel[1] + x])
            }
            partial[y * (columns / 2 + 1) + column] = sum
          }
        }
        for column in 0...columns / 2 {
          for row in 0..<rows {
            var sum = SIMD2<Double>.zero
            for y in 0..<kernel[0] {
              let (a, b) = (partial[y * (columns / 2 + 1) + column], down[row * y % rows])
              sum += SIMD2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x)
            }
            let target = 2 * ((column * rows + row) * pairs + input * outputs + output)
            // A frequency that is its own mirror image has a real spectrum: exactly, so that it may be visited twice.
            let isReal = 2 * column % columns == 0 && 2 * row % rows == 0
            values[target] = Float(sum.x * scale)
            values[target + 1] = isReal ? 0 : Float(sum.y * scale)
          }
        }
      }
    }
  }

  deinit { values.deallocate() }

  /// exp(2πi k / n) for k < n.
  private static func turns(_ n: Int) -> [SIMD2<Double>] {
    (0..<n).map { k in
      let angle = 2 * Double.pi * Double(k) / Double(n)
      return SIMD2(cos(angle), sin(angle))
    }
  }
}

/// A Fourier transform of one length for eight signals at once.
final class LaneTransform {
  let length: Int
  let plan: OpaquePointer

  /// The shortest transform of at least `minimum` points.
  init(atLeast minimum: Int) {
    length = Int(codec_lane_fft_length(Int32(minimum)))
    guard let plan = codec_lane_fft_make(Int32(length)) else { fatalError("out of memory") }
    self.plan = plan
  }

  deinit { codec_lane_fft_free(plan) }
}
