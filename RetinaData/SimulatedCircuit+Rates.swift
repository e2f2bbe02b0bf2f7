import Foundation
import Numerics

/// Means and standard deviations the circuit normalises by.
struct SimulatedCalibration: Sendable {
  /// Of the stimulus, grey levels.
  var stimulus = (mean: 0.0, deviation: 1.0)
  /// Of each first-layer channel (its mean is zero but for the stimulus's).
  var bipolarDeviations = [Double](repeating: 1, count: SimulatedBipolar.all.count)
  var pools = [(mean: Double, deviation: Double)](repeating: (0, 1), count: SimulatedPool.all.count)
  var cells: [(mean: Double, deviation: Double)]

  init(cells: Int) { self.cells = Array(repeating: (0, 1), count: cells) }
}

extension SimulatedCircuit {
  /// Firing rates for windows of frames as recorded.
  /// - Parameters:
  ///   - frames: `[responses + history − 1, y, x]`, grey levels.
  /// - Returns: `[response, cell]`, Hz.
  func rates(frames: [Float], responses: Int) -> [Float] {
    var rates = readouts(pools(bipolars(frames, responses)), responses)
    for index in rates.indices {
      let cell = index % wiring.count
      let (mean, deviation) = calibration.cells[cell]
      let drive = wiring[cell].gain * (Double(rates[index]) - mean) / deviation + wiring[cell].offset
      rates[index] = Float(max(drive, 0) + log1p(exp(-abs(drive))))
    }
    return rates
  }

  /// The first layer's filters before their nonlinearity, one map series per channel.
  func bipolars(_ frames: [Float], _ responses: Int) -> [SimulatedMaps] {
    let (mean, deviation) = calibration.stimulus
    let normalised = frames.map { Float((Double($0) - mean) / deviation) }
    let inTime = [temporal.transient, temporal.sustained].map { kernel in
      let maps = filteredInTime(normalised, kernel, responses)
      return zip(centres, surrounds).map { centre, surround in
        var difference = maps.filtered(by: centre)
        difference.add(Float(-Self.surroundStrength), maps.filtered(by: surround))
        return difference
      }
    }
    return SimulatedBipolar.all.map { kind in
      var maps = inTime[kind.isTransient ? 0 : 1][kind.scale]
      if kind.sign < 0 { for index in maps.values.indices { maps.values[index] = -maps.values[index] } }
      return maps
    }
  }

  private func filteredInTime(_ frames: [Float], _ kernel: [Double], _ responses: Int) -> SimulatedMaps {
    let length = responses + history - 1
    var band = [Float](repeating: 0, count: responses * length)
    for response in 0..<responses {
      for lag in 0..<history { band[response * length + response + lag] = Float(kernel[lag]) }
    }
    var result = [Float](repeating: 0, count: responses * height * width)
    BLAS.gemm(responses, height * width, length, a: band, b: frames, c: &result)
    return SimulatedMaps(frames: result, samples: responses, height: height, width: width)
  }

  /// The second layer's pools of rectified bipolar cells, before their own nonlinearity.
  func pools(_ bipolars: [SimulatedMaps]) -> [SimulatedMaps] {
    let rectified = zip(bipolars, calibration.bipolarDeviations).map { maps, deviation in
      maps.rectified(scale: Float(1 / deviation), offset: Float(-Self.firstThreshold))
    }
    return SimulatedPool.all.map { pool in
      var sum = rectified[0]
      for index in sum.values.indices { sum.values[index] *= Float(pool.weights[0]) }
      for (weight, maps) in zip(pool.weights, rectified).dropFirst() where weight != 0 {
        sum.add(Float(weight), maps)
      }
      return sum.filtered(by: pool.isWide ? wideField : subunit)
    }
  }

  /// Each cell's sum over rectified pools, `[response, cell]`.
  func readouts(_ pools: [SimulatedMaps], _ responses: Int) -> [Float] {
    let rectified = zip(zip(pools, calibration.pools), SimulatedPool.all).map { measured, pool in
      let (maps, (mean, deviation)) = measured
      return maps.rectified(scale: Float(1 / deviation), offset: Float(-mean / deviation - pool.threshold))
    }
    var rows: [Float] = []
    rows.reserveCapacity(responses * readout.count / wiring.count)
    for sample in 0..<responses { for maps in rectified { maps.append(sample: sample, to: &rows) } }
    var sums = [Float](repeating: 0, count: responses * wiring.count)
    BLAS.gemm(
      responses, wiring.count, readout.count / wiring.count, a: rows, b: readout, transposeB: true, c: &sums)
    return sums
  }

  /// Measures every normalisation on a movie, layer after layer.
  mutating func calibrate(on movie: SimulatedMovie) {
    let block = 100
    let starts = stride(from: 0, through: movie.frameCount - history - block + 1, by: block)
    let blocks = starts.map { movie.frames($0..<$0 + block + history - 1).elements }
    let stimulus = Moments(blocks)
    calibration.stimulus = (stimulus.mean, stimulus.deviation)
    let first = blocks.map { bipolars($0, block) }
    calibration.bipolarDeviations = SimulatedBipolar.all.indices.map { channel in
      Moments(first.map { $0[channel].values }).deviation
    }
    let second = first.map { pools($0) }
    calibration.pools = SimulatedPool.all.indices.map { channel in
      let moments = Moments(second.map { $0[channel].values })
      return (moments.mean, moments.deviation)
    }
    let sums = second.map { readouts($0, block) }
    calibration.cells = wiring.indices.map { cell in
      let moments = Moments(
        sums.map { sums in
          stride(from: cell, to: sums.count, by: wiring.count).map { sums[$0] }
        })
      return (moments.mean, moments.deviation)
    }
  }
}

/// Mean and standard deviation of many numbers.
private struct Moments {
  let mean: Double
  /// Never zero, so that it can divide.
  let deviation: Double

  init(_ blocks: [[Float]]) {
    var (count, sum, squares) = (0, 0.0, 0.0)
    for block in blocks {
      count += block.count
      for value in block {
        sum += Double(value)
        squares += Double(value) * Double(value)
      }
    }
    mean = sum / Double(count)
    let variance = squares / Double(count) - mean * mean
    deviation = variance > 1e-12 ? variance.squareRoot() : 1
  }
}
