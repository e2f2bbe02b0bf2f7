import Foundation
import Numerics
import Runtime
import Stimuli
import Storage

/// One movie of a recording with the cells' responses to it.
public struct RecordingSplit: StimulusSource {
  /// `train` or `test`.
  public let splitName: String
  /// Ids of the cells, from 0 in the order of the response datasets.
  public let cellIDs: [Int]
  /// Frames per second; nil where neither the file nor the user says.
  public let frameRate: Double?
  /// Continuous runs of frames: between `segment_start`s and gaps in time.
  public let segments: [Range<Int>]
  /// What was noticed and dealt with while opening, one sentence each.
  public let remarks: [String]

  private let file: H5File
  private let stimulus: H5Dataset
  private let movie: H5RowReader
  private let rate: H5Dataset

  /// File and split, for messages.
  public var name: String { "\(file.name), \(splitName)" }
  /// Shape of one frame: `[1, y, x]`.
  public var frameShape: [Int] { [1] + stimulus.shape.dropFirst() }
  /// Number of frames.
  public var frameCount: Int { stimulus.rows }
  /// Seconds between frames.
  public var frameInterval: Double? { frameRate.map { 1 / $0 } }
  /// Name of the dataset the rates come from.
  public var rateName: String { URL(filePath: rate.path).lastPathComponent }

  init(named name: String, _ layout: RecordingLayout) throws {
    (splitName, file) = (name, layout.file)
    stimulus = try layout.file.dataset("/\(name)/stimulus", rank: 3)
    guard case .number = stimulus.elementKind, stimulus.count > 0 else {
      throw CodecError(.data, "the stimulus holds no numbers", at: stimulus.place)
    }
    movie = H5RowReader(stimulus)
    rate = try layout.file.dataset(layout.ratePath(inSplit: name), rank: 2)
    guard rate.shape[1] == stimulus.rows, rate.rows > 0 else {
      throw CodecError(
        .data, "rates of shape \(rate.shape) for \(stimulus.rows) frames", at: rate.place,
        remedy: "rates are [cell, time] with as many times as the stimulus has frames")
    }
    cellIDs = Array(0..<rate.rows)
    let clock = try FrameClock(split: name, layout, frameCount: stimulus.rows)
    (frameRate, segments, remarks) = (clock.frameRate, clock.segments, clock.remarks)
  }

  /// Frames as recorded, `[frame, 1, y, x]`.
  /// - Throws: `CodecError` of kind `data` naming the frame that is not finite.
  public func frames(_ range: Range<Int>) throws -> Tensor {
    let frames = Tensor(shape: [range.count] + frameShape, elements: try movie.numbers(rows: range))
    if case .number(isInteger: false, _) = stimulus.elementKind,
      let index = frames.elements.firstNonFiniteIndex
    {
      throw CodecError(
        .data, "the stimulus is not finite in frame \(range.lowerBound + index / frames.rowCount)",
        at: stimulus.place, remedy: "replace NaN and infinite pixels")
    }
    return frames
  }

  /// Firing rates, `[cell, time]` in Hz.
  /// - Throws: `CodecError` naming cell and frame where one is not finite.
  public func rates() throws -> Tensor { try checked(rate) { "cell \($0)" } }

  /// Spike counts of each frame, `[cell, time]`, where the file has `response/binned`, else nil.
  ///
  /// Laboratories differ: in a `test` split they are of one repeat, or the sum or mean over all.
  public func counts() throws -> Tensor? {
    let path = "/\(splitName)/response/binned"
    guard file.contains(path) else { return nil }
    let counts = try file.dataset(path, rank: 2)
    guard counts.shape == rate.shape else {
      throw CodecError(.data, "counts of shape \(counts.shape), rates of \(rate.shape)", at: counts.place)
    }
    return try checked(counts) { "cell \($0)" }
  }

  /// Responses of each repeat of the movie, `[cell, repeat, time]`, where the file has repeats, else nil.
  ///
  /// Both layouts in use are read: `repeats/cellNN` [repeat, time] (names from 1) and `repeats/RATE`
  /// [repeat, cell, time].
  public func repeats() throws -> Tensor? {
    let group = "/\(splitName)/repeats"
    guard file.kind(of: group) == .group else { return nil }
    let names = try file.children(of: group)
    let cells = names.filter { $0.hasPrefix("cell") }
    return cells.isEmpty ? try jointRepeats(group, names) : try repeatsByCell(group, cells)
  }

  private func repeatsByCell(_ group: String, _ names: [String]) throws -> Tensor {
    let numbers = names.map { Int($0.dropFirst("cell".count)) }
    guard numbers.sorted(by: { ($0 ?? 0) < ($1 ?? 0) }) == cellIDs.map({ Optional($0 + 1) }) else {
      throw CodecError(
        .data, "repeats of \(names.joined(separator: ", ")) for \(cellIDs.count) cells",
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
    return Tensor(shape: [cellIDs.count] + (shape ?? [0, frameCount]), elements: all)
  }

  private func jointRepeats(_ group: String, _ names: [String]) throws -> Tensor? {
    guard let name = names.first(where: { $0 == rateName }) ?? (names.count == 1 ? names[0] : nil) else {
      return nil
    }
    let dataset = try file.dataset("\(group)/\(name)", rank: 3)
    let (repeats, cells) = (dataset.shape[0], cellIDs.count)
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
