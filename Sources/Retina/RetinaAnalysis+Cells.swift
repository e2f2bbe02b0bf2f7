import Foundation
import RetinaData
import Runtime
import Storage

extension RetinaAnalysis {
  private struct CellOptions: Encodable {
    let split: String
    let history: Int
    let cells: [Int]
    let weights: String
  }

  /// Describes the model's cells by the recording alone: over the training movie, which is the longer one, where it is
  /// there.
  /// - Returns: why the cells cannot be described; nil where they are. The analysis does not depend on it.
  func describeCells(progress: ProgressHandler?) throws -> String? {
    let history = input.model.preprocessing.history
    let suited = recording.splits.filter { $0.segments.contains { $0.count > history } }.map(\.splitName)
    let split = suited.contains("train") ? "train" : options.split
    do {
      let description = try CellDescription(
        recording, split: split, cells: input.model.unitIDs, history: history, progress: progress)
      let provenance = try Provenance(
        schema: CellDescription.cellsSchema, schemaVersion: CellDescription.schemaVersion,
        command: source.command,
        options: CellOptions(
          split: split, history: history, cells: description.cells, weights: description.weightName),
        seed: nil, software: source.software, inputs: [source.recording])
      try stage(ResultName.cells.rawValue, provenance) { try description.writeCells(to: $0) }
      return nil
    } catch let error as CodecError where error.kind == .data {
      return "no spike-triggered averages: \(error)"
    }
  }

  /// Copies the model's training history, where it lies beside the model, so that the folder has what the page shows.
  func copyTrainingHistory() throws {
    let history = RetinaFit.historyPath(of: source.model)
    let copy = path(URL(filePath: history).lastPathComponent)
    guard FileManager.default.fileExists(atPath: history),
      URL(filePath: history).standardizedFileURL != URL(filePath: copy).standardizedFileURL,
      let bytes = FileManager.default.contents(atPath: history)
    else { return }
    try AtomicFile.write([UInt8](bytes), to: copy)
  }
}
