import Numerics

extension SimulatedRetina {
  /// A batch norm's epsilon; the variances written make up for it.
  private static let epsilon: Float = 1e-3

  /// The circuit as a three-layer retina CNN: its tensors by name.
  ///
  /// Its rates are the simulation's own. Norms are per unit, as in fitted networks.
  public var modelTensors: [String: Tensor] {
    let (poolHeight, poolWidth) = circuit.poolShape
    let bipolarPixels =
      (options.height - circuit.kernels.first + 1) * (options.width - circuit.kernels.first + 1)
    var tensors: [String: Tensor] = [
      "conv1.weight": firstLayerWeights, "conv1.bias": Tensor(shape: [SimulatedBipolar.all.count]),
      "conv2.weight": secondLayerWeights, "conv2.bias": Tensor(shape: [SimulatedPool.all.count]),
      "dense.weight": Tensor(
        shape: [options.cells, SimulatedPool.all.count * poolHeight * poolWidth], elements: circuit.readout),
    ]
    let calibration = circuit.calibration
    func norm(_ name: String, pixels: Int, _ units: [(mean: Double, scale: Double, offset: Double)]) {
      func spread(_ value: (Double, Double, Double) -> Double) -> Tensor {
        let elements = units.flatMap {
          Array(repeating: Float(value($0.mean, $0.scale, $0.offset)), count: pixels)
        }
        return Tensor(shape: [elements.count], elements: elements)
      }
      tensors["\(name).running_mean"] = spread { mean, _, _ in mean }
      tensors["\(name).running_var"] = spread { _, _, _ in Double(1 - Self.epsilon) }
      tensors["\(name).weight"] = spread { _, scale, _ in scale }
      tensors["\(name).bias"] = spread { _, _, offset in offset }
    }
    norm(
      "bn1", pixels: bipolarPixels,
      calibration.bipolarDeviations.map { (0, 1 / $0, -SimulatedCircuit.firstThreshold) })
    norm(
      "bn2", pixels: poolHeight * poolWidth,
      zip(calibration.pools, SimulatedPool.all).map {
        ($0.mean, 1 / $0.deviation, -$1.threshold)
      })
    norm(
      "bn3", pixels: 1,
      zip(calibration.cells, circuit.wiring).map {
        ($0.mean, $1.gain / $0.deviation, $1.offset)
      })
    return tensors
  }

  /// The model's metadata, as a fitted network's file has it.
  public var modelMetadata: [String: String] {
    [
      "architecture": "retina-cnn", "frame": "\(options.height)x\(options.width)",
      "history": "\(options.history)", "frame_rate": "\(options.frameRate)", "norm": "unit",
      "bn_eps": "\(Self.epsilon)", "output": "softplus",
      "norm_mean": "\(Float(circuit.calibration.stimulus.mean))",
      "norm_std": "\(Float(circuit.calibration.stimulus.deviation))",
      "cells": "\(Array(0..<options.cells))", "source": "the circuit of a simulated retina",
    ]
  }

  private var firstLayerWeights: Tensor {
    let size = circuit.kernels.first
    let elements = SimulatedBipolar.all.flatMap { kind in
      let (centre, surround) = (circuit.centres[kind.scale].profile, circuit.surrounds[kind.scale].profile)
      return (kind.isTransient ? circuit.temporal.transient : circuit.temporal.sustained).flatMap { weight in
        (0..<size * size).map { place in
          let (y, x) = (place / size, place % size)
          let space = centre[y] * centre[x] - SimulatedCircuit.surroundStrength * surround[y] * surround[x]
          return Float(kind.sign * weight * space)
        }
      }
    }
    return Tensor(shape: [SimulatedBipolar.all.count, options.history, size, size], elements: elements)
  }

  private var secondLayerWeights: Tensor {
    let size = circuit.kernels.second
    let elements = SimulatedPool.all.flatMap { pool in
      let profile = (pool.isWide ? circuit.wideField : circuit.subunit).profile
      return pool.weights.flatMap { weight in
        (0..<size * size).map { Float(weight * profile[$0 / size] * profile[$0 % size]) }
      }
    }
    return Tensor(
      shape: [SimulatedPool.all.count, SimulatedBipolar.all.count, size, size], elements: elements)
  }
}
