import Foundation
import Networks
import Numerics
import Runtime
import Storage

/// A fit under way on disk, `NAME.partial`: a safetensors file that holds all a fit goes on from.
struct FitCheckpoint {
  /// The state's numbers that are no tensors.
  private struct Numbers: Codable {
    let learningRate: Double
    let adamSteps: Int
    let bestEpoch: Int
    let bestLoss: Double
    let stale: Int
    let staleSinceHalving: Int
    let history: [FitEpoch]
  }

  let path: String
  let provenance: Provenance

  /// Writes the state; the file holds the whole of it or what it held before.
  func write(_ state: FitState) throws {
    let numbers = Numbers(
      learningRate: state.learningRate, adamSteps: state.adam.steps, bestEpoch: state.bestEpoch,
      bestLoss: state.bestLoss, stale: state.stale, staleSinceHalving: state.staleSinceHalving,
      history: state.history)
    let moments = state.adam.moments
    let arrays = [
      "parameters": state.network.parameters, "statistics": state.network.statistics,
      "average": state.average, "adam.first": moments.first, "adam.second": moments.second,
      "best.parameters": state.best.parameters, "best.statistics": state.best.statistics,
    ]
    try Safetensors.write(
      arrays.mapValues { Tensor(shape: [$0.count], elements: $0) },
      metadata: ["state": try Self.text(numbers), "provenance": try Self.text(provenance)], to: path)
  }

  /// Reads a state; nil where there is none.
  /// - Throws: `CodecError` of kind `usage` where it comes from other options, seed or inputs.
  func read(into start: FitState) throws -> FitState? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try Safetensors(reading: path)
    let earlier: Provenance = try value("provenance", in: file)
    if let difference = provenance.firstDifference(from: earlier) {
      throw CodecError(
        .usage, "the unfinished fit comes from another run: \(difference)", at: path,
        remedy: "run with the same options and inputs, or --force without --resume to start over")
    }
    let numbers: Numbers = try value("state", in: file)
    func array(_ name: String, like other: [Float]) throws -> [Float] {
      try file.tensor(name, shape: [other.count]).elements
    }
    var state = start
    state.network.parameters = try array("parameters", like: start.network.parameters)
    state.network.statistics = try array("statistics", like: start.network.statistics)
    state.average = try array("average", like: start.average)
    state.adam = Adam(
      steps: numbers.adamSteps, first: try array("adam.first", like: start.average),
      second: try array("adam.second", like: start.average))
    state.best.parameters = try array("best.parameters", like: start.best.parameters)
    state.best.statistics = try array("best.statistics", like: start.best.statistics)
    (state.learningRate, state.history) = (numbers.learningRate, numbers.history)
    (state.bestEpoch, state.bestLoss) = (numbers.bestEpoch, numbers.bestLoss)
    (state.stale, state.staleSinceHalving) = (numbers.stale, numbers.staleSinceHalving)
    return state
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }

  private static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private func value<Value: Decodable>(_ name: String, in file: Safetensors) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let text = file.metadata[name],
      let value = try? decoder.decode(Value.self, from: Data(text.utf8))
    else {
      throw CodecError(
        .data, "no unfinished fit of this program", at: path, remedy: "--force starts over")
    }
    return value
  }
}
