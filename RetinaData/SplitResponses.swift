import Foundation
import Numerics
import Runtime
import Storage

/// The cells' responses to a split's movie.
protocol SplitResponses: Sendable {
  /// What the rates are called, such as `firing_rate_10ms`.
  var rateName: String { get }
  /// Firing rates, `[cell, time]` in Hz.
  func rates() throws -> Tensor
  /// Spike counts of each frame, `[cell, time]`.
  func counts() throws -> Tensor?
  /// Responses of each repeat, `[cell, repeat, time]`.
  func repeats() throws -> Tensor?
}

/// Responses in a file of the 2023 layout, read when they are asked for.
struct StoredResponses: SplitResponses {
  let splitName: String
  let file: H5File
  let rate: H5Dataset

  var rateName: String { URL(filePath: rate.path).lastPathComponent }
  private var cellCount: Int { rate.rows }
  private var frameCount: Int { rate.shape[1] }

  func rates() throws -> Tensor { try checked(rate) { "cell \($0)" } }

  func counts() throws -> Tensor? {
    let path = "/\(splitName)/response/binned"
    guard file.contains(path) else { return nil }
    let counts = try file.dataset(path, rank: 2)
    guard counts.shape == rate.shape else {
      throw CodecError(.data, "counts of shape \(counts.shape), rates of \(rate.shape)", at: counts.place)
    }
    return try checked(counts) { "cell \($0)" }
  }

  /// Both layouts in use are read: `repeats/cellNN` [repeat, time] (names from 1) and `repeats/RATE`
  /// [repeat, cell, time].
  func repeats() throws -> Tensor? {
    let group = "/\(splitName)/repeats"
    guard file.kind(of: group) == .group else { return nil }
    let names = try file.children(of: group)
    let cells = names.filter { $0.hasPrefix("cell") }
    return cells.isEmpty ? try jointRepeats(group, names) : try repeatsByCell(group, cells)
  }

  private func repeatsByCell(_ group: String, _ names: [String]) throws -> Tensor {
    let numbers = names.map { Int($0.dropFirst("cell".count)) }
    guard numbers.sorted(by: { ($0 ?? 0) < ($1 ?? 0) }) == (1...cellCount).map({ Optional($0) }) else {
      throw CodecError(
        .data, "repeats of \(names.joined(separator: ", ")) for \(cellCount) cells",
        at: file.place(group),
        remedy: "datasets are cell01, cell02, …: one for each cell")
    }
    var all: [Float] = []
    var shape: [Int]?
    for (_, name) in zip(numbers, names).sorted(by: { ($0.0 ?? 0) < ($1.0 ?? 0) }) {
      let dataset = try file.dataset("\(group)/\(name)", rank: 2)
      guard dataset.shape[1] == frameCount, dataset.shape == shape ?? dataset.shape else {
        throw CodecError(
          .data, "repeats of shape \(dataset.shape) for \(frameCount) frames", at: dataset.place,
          remedy: "every cell needs [repeat, time], all alike")
      }
      shape = dataset.shape
      all += try checked(dataset) { "repeat \($0)" }.elements
    }
    return Tensor(shape: [cellCount] + (shape ?? [0, frameCount]), elements: all)
  }

  private func jointRepeats(_ group: String, _ names: [String]) throws -> Tensor? {
    guard let name = names.first(where: { $0 == rateName }) ?? (names.count == 1 ? names[0] : nil) else {
      return nil
    }
    let dataset = try file.dataset("\(group)/\(name)", rank: 3)
    let (repeats, cells) = (dataset.shape[0], cellCount)
    guard dataset.shape == [repeats, cells, frameCount] else {
      throw CodecError(
        .data, "repeats of shape \(dataset.shape) for \(cells) cells and \(frameCount) frames",
        at: dataset.place, remedy: "expected [repeat, cell, time]")
    }
    let values = try checked(dataset) { "repeat \($0 / cells), cell \($0 % cells)" }.elements
    var ordered: [Float] = []
    ordered.reserveCapacity(values.count)
    for cell in 0..<cells {
      for row in 0..<repeats {
        let start = (row * cells + cell) * frameCount
        ordered += values[start..<start + frameCount]
      }
    }
    return Tensor(shape: [cells, repeats, frameCount], elements: ordered)
  }

  /// A response dataset whose last axis is time, all finite; `name` says what a row before that axis is.
  private func checked(_ dataset: H5Dataset, _ name: (Int) -> String) throws -> Tensor {
    let values = try dataset.tensor()
    if let index = values.elements.firstNonFiniteIndex {
      throw CodecError(
        .data, "the response of \(name(index / frameCount)) is not finite in frame \(index % frameCount)",
        at: dataset.place,
        remedy: "replace NaN and infinite responses")
    }
    return values
  }
}

/// Responses that are held in memory.
struct HeldResponses: SplitResponses {
  let rateName: String
  /// `[cell, time]` in Hz.
  let heldRates: Tensor
  /// `[cell, time]`.
  var heldCounts: Tensor?
  /// `[cell, repeat, time]`.
  var heldRepeats: Tensor?

  func rates() throws -> Tensor { heldRates }
  func counts() throws -> Tensor? { heldCounts }
  func repeats() throws -> Tensor? { heldRepeats }
}
