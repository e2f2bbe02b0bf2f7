import Foundation
import Numerics

/// The wiring of a simulated retina: two layers of rectified spatial filters and a read-out, LNLN with
/// subunits, after Maheswaranathan et al. 2023 and its predecessors.
///
/// In the order of the computation, for the history of frames x before a response:
/// first layer   b_c = [ (space–time filter of bipolar kind c) ∗ x / scale_c − threshold ]₊
/// second layer  p_d = [ ( Gaussian ∗ Σ_c w_dc b_c − mean_d ) / sd_d − threshold_d ]₊
/// cell          rate = softplus( gain · ( Σ_d strength_d · (Gaussian at the cell's place · p_d) − mean ) / sd + offset ), Hz
struct SimulatedCircuit: Sendable {
  let height: Int
  let width: Int
  let history: Int
  let kernels: (first: Int, second: Int)
  /// Weight of each frame of the history, oldest first, for transient and for sustained bipolar cells.
  let temporal: (transient: [Double], sustained: [Double])
  /// Centre and surround of each scale.
  let centres: [SimulatedGaussian]
  let surrounds: [SimulatedGaussian]
  let subunit: SimulatedGaussian
  let wideField: SimulatedGaussian
  let wiring: [SimulatedCellWiring]
  /// Weights of the read-out, `[cell, pool, y, x]`.
  let readout: [Float]

  /// How much of the centre the surround takes away.
  static let surroundStrength = 0.9
  /// Threshold of the first layer, standard deviations.
  static let firstThreshold = 0.2

  /// Mean and standard deviation of stimulus, channels and read-outs, measured on a movie of the same kind.
  var calibration: SimulatedCalibration

  init(_ options: SimulatedRetina.Options, _ stream: RandomStream) {
    height = options.height
    width = options.width
    history = options.history
    kernels = options.kernels
    let (first, second) = (Double(kernels.first), Double(kernels.second))
    temporal = (
      Self.kernel(history, rate: options.frameRate, peak: 0.045, rebound: 0.080, strength: 0.9),
      Self.kernel(history, rate: options.frameRate, peak: 0.060, rebound: 0.120, strength: 0.25)
    )
    let sigmas = [max(0.6, first / 8), max(0.9, first / 5)]
    let size = kernels.first
    centres = sigmas.map { SimulatedGaussian(sigma: $0, size: size) }
    surrounds = sigmas.map { SimulatedGaussian(sigma: 2.2 * $0, size: size) }
    subunit = SimulatedGaussian(sigma: max(0.6, second / 5), size: kernels.second)
    wideField = SimulatedGaussian(sigma: second / 2, size: kernels.second)
    let (rows, columns) = (
      height - kernels.first - kernels.second + 2, width - kernels.first - kernels.second + 2
    )
    wiring = SimulatedCellWiring.cells(options, height: rows, width: columns, stream)
    readout = wiring.flatMap { $0.weights(height: rows, width: columns) }
    calibration = SimulatedCalibration(cells: wiring.count)
  }

  /// Size of the second layer's maps.
  var poolShape: (height: Int, width: Int) {
    (height - kernels.first - kernels.second + 2, width - kernels.first - kernels.second + 2)
  }

  /// A biphasic kernel of unit norm, oldest frame first: a peak `peak` seconds before the response and a
  /// rebound of the opposite sign before it.
  private static func kernel(
    _ history: Int, rate: Double, peak: Double, rebound: Double, strength: Double
  ) -> [Double] {
    func bump(_ time: Double, at peak: Double) -> Double { pow(time / peak * exp(1 - time / peak), 6) }
    let values = (0..<history).map { lag in
      let time = Double(history - lag) / rate
      return bump(time, at: peak) - strength * bump(time, at: rebound) * peak / rebound
    }
    let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return values.map { $0 / norm }
  }
}

/// How one cell is wired.
struct SimulatedCellWiring: Sendable {
  let type: SimulatedCellType
  /// Place in the second layer's maps.
  let place: (y: Double, x: Double)
  /// Standard deviation of the receptive field over the second layer, pixels.
  let sigma: Double
  /// Strength of each pool.
  let strengths: [Double]
  /// Hz per standard deviation of the read-out, and Hz at its mean.
  let gain: Double
  let offset: Double

  /// All cells: types in turn, each type's places a mosaic of its own.
  static func cells(
    _ options: SimulatedRetina.Options, height: Int, width: Int, _ stream: RandomStream
  ) -> [SimulatedCellWiring] {
    let mosaics = options.types.enumerated().map { index, type in
      SimulatedMosaic.places(
        (options.cells - index + options.types.count - 1) / options.types.count, height: Double(height),
        width: Double(width), stream.split("mosaic").split(type.index))
    }
    return (0..<options.cells).map { cell in
      var random = stream.split("cell").split(cell)
      let type = options.types[cell % options.types.count]
      func varied(_ value: Double) -> Double { value * exp(options.spread * random.normal()) }
      let strengths = type.poolWeights.enumerated().map { pool, weight in
        // A little of every other type's subunits, as no real cell is pure.
        weight == 0 && pool < 5 ? 0.4 * options.spread * random.uniform() : varied(weight)
      }
      let gain = varied(15)
      return SimulatedCellWiring(
        type: type, place: mosaics[cell % options.types.count][cell / options.types.count],
        sigma: varied(max(0.7, 0.1 * Double(min(height, width)))), strengths: strengths, gain: gain,
        offset: -0.3 * gain)
    }
  }

  /// Weights over the second layer, `[pool, y, x]`.
  func weights(height: Int, width: Int) -> [Float] {
    zip(strengths, SimulatedPool.all).flatMap { strength, pool in
      let sigma = pool.isWide ? 1.5 * sigma : sigma
      func profile(_ count: Int, _ place: Double) -> [Double] {
        let values = (0..<count).map { exp(-pow(Double($0) - place, 2) / (2 * sigma * sigma)) }
        let sum = values.reduce(0, +)
        return values.map { $0 / sum }
      }
      let across = profile(width, place.x)
      return profile(height, place.y).flatMap { row in across.map { Float(strength * row * $0) } }
    }
  }
}
