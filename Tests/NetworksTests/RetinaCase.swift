import Foundation
import Networks
import Numerics
import Retina
import Storage
import TestSupport
import Testing

/// A trained network with a recording and expected values.
struct RetinaCase: Sendable, CustomTestStringConvertible {
  let name: String
  let model: String
  let recording: String

  var expected: String { Fixtures.path("\(name)/expected.h5") }
  var testDescription: String { name }

  private static let root = Fixtures.folder.deletingLastPathComponent().deletingLastPathComponent()

  /// The sample, and the real recording where this machine has it; continuous integration must.
  static let present: [RetinaCase] = {
    let samples = root.appending(path: "RetinaData/Samples")
    let sample = RetinaCase(
      name: "retina", model: samples.appending(path: "model.safetensors").path,
      recording: samples.appending(path: "recording.h5").path)
    let recording = root.deletingLastPathComponent().appending(path: "shared/recordings/moving_bar.h5").path
    let isRequired = ProcessInfo.processInfo.environment["CI"] == "true"
    guard FileManager.default.fileExists(atPath: recording) || isRequired else { return [sample] }
    let bar = RetinaCase(
      name: "moving_bar", model: Fixtures.path("moving_bar/model.safetensors"), recording: recording)
    return [sample, bar]
  }()

  /// The model and every test window, normalised, `[window, history, y, x]`.
  func load() throws -> (model: LoadedModel, windows: Tensor) {
    let (model, frames) = try loadFrames()
    let (history, pixels) = (model.preprocessing.history, frames.rowCount)
    let count = frames.rows - history
    let elements = (0..<count).flatMap { frames.elements[$0 * pixels..<($0 + history) * pixels] }
    return (model, Tensor(shape: [count] + model.network.inputShape, elements: elements))
  }

  /// The model and the test movie, normalised, `[frame, 1, y, x]`.
  func loadFrames() throws -> (model: LoadedModel, frames: Tensor) {
    let model = try RetinaCNN().load(ModelWeights(reading: self.model))
    let movie = try H5File(reading: recording).dataset("test/stimulus").tensor()
    let (mean, deviation) = (model.preprocessing.mean, model.preprocessing.standardDeviation)
    return (
      model,
      Tensor(
        shape: [movie.rows] + model.preprocessing.frameShape,
        elements: movie.elements.map { ($0 - mean) / deviation })
    )
  }
}

/// Random weights of a small network: history 4, frames of 6×5, kernels 3×2 and 3×2, two cells.
func smallWeights(isPerUnit: Bool = true, metadata: [String: String] = [:]) throws -> ModelWeights {
  var stream = RandomStream(seed: 30)
  var tensors = [
    "conv1.weight": randomTensor([3, 4, 3, 2], &stream, scale: 0.3), "conv1.bias": randomTensor([3], &stream),
    "conv2.weight": randomTensor([3, 3, 3, 2], &stream, scale: 0.3), "conv2.bias": randomTensor([3], &stream),
    "dense.weight": randomTensor([2, 18], &stream, scale: 0.3),
  ]
  for (name, count) in isPerUnit
    ? [("bn1", 48), ("bn2", 18), ("bn3", 2)] : [("bn1", 3), ("bn2", 3), ("bn3", 2)]
  {
    for part in ["weight", "bias", "running_mean"] {
      tensors["\(name).\(part)"] = randomTensor([count], &stream)
    }
    tensors["\(name).running_var"] = Tensor(
      shape: [count], elements: (0..<count).map { _ in Float(stream.uniform() + 0.5) })
  }
  let usual = [
    "architecture": "retina-cnn", "history": "4", "frame": "6x5", "norm": isPerUnit ? "unit" : "channel",
    "bn_eps": "0.001", "norm_mean": "0.5", "norm_std": "2", "output": "softplus", "cells": "[4, 7]",
    "frame_rate": "50",
  ]
  return ModelWeights(name: "small", tensors: tensors, metadata: usual.merging(metadata) { $1 })
}
