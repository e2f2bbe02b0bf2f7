import Foundation
import Networks
import Numerics
import RetinaData
import Runtime
import Storage

extension RetinaFit {
  /// The kind of a training history, and the version of its layout.
  public static let historySchema = "training-history"
  /// Version of the history's layout.
  public static let historySchemaVersion = 1

  /// Where the training history of a model file is: `model.history.h5` for `model.safetensors`.
  public static func historyPath(of model: String) -> String {
    (model.hasSuffix(".safetensors") ? String(model.dropLast(12)) : model) + ".history.h5"
  }

  /// Trains, and writes the model and its training history.
  /// - Parameters:
  ///   - path: the model's, safetensors; `PATH.partial` is the unfinished fit.
  ///   - resume: go on where an unfinished fit ended; without one, start.
  /// - Throws: `CodecError` of kind `fileSystem` where names are taken or the folder refuses; the errors of training.
  public func write(
    to path: String, provenance: Provenance, force: Bool = false, resume: Bool = false,
    progress: ProgressHandler? = nil
  ) throws -> FitSummary {
    let checkpoint = FitCheckpoint(path: path + ".partial", provenance: provenance)
    let manager = FileManager.default
    if !force {
      if manager.fileExists(atPath: path) {
        throw CodecError(
          .fileSystem, "the model is there already", at: path, remedy: "choose another name, or --force")
      }
      if !resume, manager.fileExists(atPath: checkpoint.path) {
        throw CodecError(
          .fileSystem, "an unfinished fit is there", at: checkpoint.path,
          remedy: "--resume goes on with it, --force starts over")
      }
    }
    let start = FitState(stack, learningRate: options.learningRate, random: random)
    let earlier = resume ? try checkpoint.read(into: start) : nil
    if earlier == nil { try checkpoint.write(start) }
    let state = try run(from: earlier, progress: progress) { try checkpoint.write($0) }
    let scale = try calibratedScale(state.best)
    let summary = try summary(state, rateScale: scale, progress: progress)
    // The scores belong to the weights that are written.
    guard abs(try score(state.best).loss - state.bestLoss) < 1e-6 else {
      throw CodecError(.bug, "the kept weights do not score as the best epoch's", at: path)
    }
    try writeHistory(state, summary, provenance, to: Self.historyPath(of: path))
    // Under a third name first: the unfinished fit stays until the model is whole.
    let complete = path + ".complete"
    try Safetensors.write(
      state.best.tensors, metadata: try metadata(rateScale: scale, provenance), to: complete)
    try AtomicFile.rename(complete, to: path)
    checkpoint.remove()
    return summary
  }

  /// What the model's file says of itself.
  private func metadata(rateScale: [Double], _ provenance: Provenance) throws -> [String: String] {
    let split = try recording.split("train")
    func json(_ value: some Encodable) throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    var metadata = [
      "architecture": RetinaCNN().name, "history": "\(history)",
      "frame": "\(split.frameShape[1])x\(split.frameShape[2])", "norm": options.norm.rawValue,
      "bn_eps": "\(stack.epsilon)", "norm_mean": "\(normalisation.mean)",
      "norm_std": "\(normalisation.deviation)", "output": options.output.rawValue,
      "cells": try json(split.cellIDs), "rate_scale": try json(rateScale.map { Float($0) }),
      "software": provenance.software, "command": provenance.command, "options": provenance.options,
      "inputs": try json(provenance.inputs), "created": provenance.created,
    ]
    metadata["seed"] = provenance.seed.map { "\($0)" }
    metadata["frame_rate"] = split.frameRate.map { "\($0)" }
    return metadata
  }

  private func writeHistory(
    _ state: FitState, _ summary: FitSummary, _ provenance: Provenance, to path: String
  ) throws {
    let writer = try ResultWriter(path: path, provenance: provenance, force: true)
    let history = state.history
    func write(_ name: String, _ values: [Double], _ units: String) throws {
      try writer.write(values, shape: [values.count], to: "/history/\(name)", axes: ["epoch"], units: units)
    }
    try writer.write(
      history.map(\.epoch), shape: [history.count], to: "/history/epoch", axes: ["epoch"], units: "epochs")
    try write("loss", history.map(\.loss), "1")
    try write("held_out_loss", history.map(\.heldOutLoss), "1")
    try write("held_out_correlation", history.map(\.heldOutCorrelation), "1")
    try write("learning_rate", history.map(\.learningRate), "1")
    try writer.setAttribute("best_epoch", to: .integer(state.bestEpoch), of: "/history")
    try writer.setAttribute("loss", to: .text(options.loss.rawValue), of: "/history")
    try writer.write(
      heldOut, shape: [heldOut.count], to: "/held_out_window", axes: ["window"], units: "window")
    let cells = summary.cells
    func write(_ name: String, ofCells values: [Double], _ units: String) throws {
      try writer.write(values, shape: [values.count], to: "/cells/\(name)", axes: ["cell"], units: units)
    }
    try writer.write(cells.map(\.id), shape: [cells.count], to: "/cells/id", axes: ["cell"], units: "id")
    try write("test_correlation", ofCells: cells.map { $0.testCorrelation ?? .nan }, "1")
    try write("train_rate", ofCells: cells.map(\.trainRate), "Hz")
    try write("train_predicted_rate", ofCells: cells.map(\.trainPredicted), "Hz")
    try write("test_rate", ofCells: cells.map(\.testRate), "Hz")
    try write("test_predicted_rate", ofCells: cells.map(\.testPredicted), "Hz")
    try write("held_out_rate", ofCells: cells.map(\.heldOutRate), "Hz")
    try write("held_out_predicted_rate", ofCells: cells.map(\.heldOutPredicted), "Hz")
    for (name, values, units) in [
      ("test_adapted_rate", cells.map(\.testAdapted), "Hz"),
      ("bits_per_spike", cells.map(\.bitsPerSpike), "bit"),
      ("explained_share", cells.map(\.explainedShare), "1"),
      ("linear_test_correlation", cells.map(\.linearCorrelation), "1"),
      ("linear_explained_share", cells.map(\.linearExplainedShare), "1"),
    ] {
      try write(name, ofCells: values.map { $0 ?? .nan }, units)
    }
    try writer.commit()
  }
}
