import Foundation
import Numerics

/// A Gaussian over space, cut to a square kernel and summing to 1.
///
/// Applied as two banded matrices, one per axis; the kernel of a convolution is their outer product.
struct SimulatedGaussian: Sendable {
  /// The profile along one axis, `size` numbers summing to 1.
  let profile: [Double]

  init(sigma: Double, size: Int) {
    let middle = Double(size - 1) / 2
    let values = (0..<size).map { exp(-pow(Double($0) - middle, 2) / (2 * sigma * sigma)) }
    let sum = values.reduce(0, +)
    profile = values.map { $0 / sum }
  }

  /// The valid correlation along an axis of `length` as a matrix `[length − size + 1, length]`.
  func band(_ length: Int) -> [Float] {
    let outputs = length - profile.count + 1
    var matrix = [Float](repeating: 0, count: outputs * length)
    for output in 0..<outputs {
      for (tap, value) in profile.enumerated() { matrix[output * length + output + tap] = Float(value) }
    }
    return matrix
  }
}

/// Maps of several samples with the sample between the two axes of space: `[y, sample, x]`.
///
/// In this order a separable filter is two matrix products for all samples together.
struct SimulatedMaps: Sendable {
  let height: Int
  let samples: Int
  let width: Int
  var values: [Float]

  init(height: Int, samples: Int, width: Int, values: [Float]) {
    self.height = height
    self.samples = samples
    self.width = width
    self.values = values
  }

  /// From frames in the usual order, `[sample, y, x]`.
  init(frames: [Float], samples: Int, height: Int, width: Int) {
    var values: [Float] = []
    values.reserveCapacity(frames.count)
    for y in 0..<height {
      for sample in 0..<samples {
        let start = (sample * height + y) * width
        values.append(contentsOf: frames[start..<start + width])
      }
    }
    self.init(height: height, samples: samples, width: width, values: values)
  }

  /// The valid part of filtering each map.
  func filtered(by gaussian: SimulatedGaussian) -> SimulatedMaps {
    let (newHeight, newWidth) = (height - gaussian.profile.count + 1, width - gaussian.profile.count + 1)
    var along = [Float](repeating: 0, count: height * samples * newWidth)
    BLAS.gemm(
      height * samples, newWidth, width, a: values, b: gaussian.band(width), transposeB: true, c: &along)
    var result = [Float](repeating: 0, count: newHeight * samples * newWidth)
    BLAS.gemm(newHeight, samples * newWidth, height, a: gaussian.band(height), b: along, c: &result)
    return SimulatedMaps(height: newHeight, samples: samples, width: newWidth, values: result)
  }

  /// Adds `factor` times other maps of the same shape.
  mutating func add(_ factor: Float, _ other: SimulatedMaps) {
    precondition(values.count == other.values.count)
    for index in values.indices { values[index] += factor * other.values[index] }
  }

  /// max(0, scale · value + offset) everywhere.
  func rectified(scale: Float, offset: Float) -> SimulatedMaps {
    var result = self
    for index in values.indices { result.values[index] = max(0, scale * values[index] + offset) }
    return result
  }

  /// One sample's map, `[y, x]`, appended to `row`.
  func append(sample: Int, to row: inout [Float]) {
    for y in 0..<height {
      let start = (y * samples + sample) * width
      row.append(contentsOf: values[start..<start + width])
    }
  }
}
