import Foundation
import Numerics
import Runtime

/// Writes a result file that is complete under its name or resumable as `NAME.partial`.
///
///     let writer = try ResultWriter(path: "contributions.h5", provenance: provenance, resume: true)
///     try writer.createDataset("/target", shape: [], axes: ["sample"], units: "nat")
///     for block in blocks where block.lowerBound >= writer.finishedSamples {
///       try writer.append(values, to: "/target")
///       try writer.flush(finishedSamples: block.upperBound)
///     }
///     try writer.commit()
///
/// After `flush` nothing is lost if the process is killed. A resumed run gives all its definitions and whole values
/// again (they replace the earlier ones) and appends from `finishedSamples` on. Not for sharing between threads.
public final class ResultWriter {
  /// The name the complete file will have.
  public let path: String
  /// Where the result comes from.
  public let provenance: Provenance
  /// Samples whose rows are safely in the unfinished file.
  public private(set) var finishedSamples = 0
  /// Whether an earlier run's rows were found.
  public private(set) var isResumed = false

  let journal: ResultJournal
  private(set) var datasets: [ResultDataset] = []
  private var numbers: [String: Int] = [:]
  private var rowCounts: [Int] = []
  private var isCommitted = false

  /// Where the unfinished result of a name is.
  public static func partialPath(of path: String) -> String { path + ".partial" }

  /// Opens the result for writing, so that a folder that refuses is found before the work.
  /// - Parameters:
  ///   - force: replace a complete result, and start over where an unfinished one is and `resume` is not asked for.
  ///   - resume: go on where an unfinished result ended; without one, start.
  /// - Throws: `CodecError` of kind `fileSystem` where the name is taken, the folder refuses or another run writes the
  ///   same result; of kind `usage` where the unfinished result comes from other options, seed or inputs.
  public init(path: String, provenance: Provenance, force: Bool = false, resume: Bool = false) throws {
    self.path = path
    let manager = FileManager.default
    if !force, manager.fileExists(atPath: path) {
      throw CodecError(
        .fileSystem, "the result is there already", at: path, remedy: "choose another name, or --force")
    }
    let partial = Self.partialPath(of: path)
    if !force, !resume, manager.fileExists(atPath: partial) {
      throw CodecError(
        .fileSystem, "an unfinished result is there", at: partial,
        remedy: "--resume goes on with it, --force starts over")
    }
    journal = try ResultJournal(path: partial)
    if resume, let earlier = try ResultJournal.lastCheckpoint(in: partial) {
      journal.isWorthKeeping = true
      if let difference = provenance.firstDifference(from: earlier.provenance) {
        throw CodecError(
          .usage, "the unfinished result comes from another run: \(difference)", at: partial,
          remedy: "run with the same options and inputs, or --force without --resume to start over")
      }
      self.provenance = earlier.provenance
      try recover(upTo: earlier.end)
    } else {
      self.provenance = provenance
      try journal.restart()
      try journal.append(.provenance, json: provenance)
      try journal.flush()
    }
  }

  private func recover(upTo end: Int) throws {
    try journal.truncate(to: end)
    try journal.scan { record, payload in
      switch record.kind {
      case .dataset:
        note(try JSONText.decode(ResultDataset.self, String(decoding: payload, as: UTF8.self)))
      case .numbers: noteRows(of: record.dataset, try ResultNumbers(payload, at: journal.path).count)
      case .checkpoint: finishedSamples = Int(payload.loadUnaligned(as: UInt64.self))
      case .provenance, .texts, .attribute: break
      }
    }
    isResumed = true
  }

  private func note(_ dataset: ResultDataset) {
    numbers[dataset.path] = datasets.count
    datasets.append(dataset)
    rowCounts.append(0)
  }

  private func noteRows(of dataset: Int, _ count: Int) {
    let rowCount = datasets[dataset].shape.dropFirst().reduce(1, *)
    if datasets[dataset].isGrowable, rowCount > 0 { rowCounts[dataset] += count / rowCount }
  }

  /// Notes a dataset in the journal, or finds it there.
  private func define(_ dataset: ResultDataset) throws -> Int {
    precondition(dataset.axes.count == dataset.shape.count, "one name for each axis of \(dataset.path)")
    if let number = numbers[dataset.path] {
      if datasets[number] == dataset { return number }
      // A value as a whole may be given again in another shape; rows may not change theirs.
      precondition(
        !dataset.isGrowable && !datasets[number].isGrowable, "\(dataset.path) is defined otherwise")
    }
    try journal.append(.dataset, json: dataset)
    note(dataset)
    return datasets.count - 1
  }
}

extension ResultWriter {
  /// Defines a dataset that grows along its first axis.
  /// - Parameters:
  ///   - rowShape: shape of one row.
  ///   - axes: a name for each axis, the growing one first.
  ///   - units: units of the values, "1" for numbers without one.
  ///   - type: the type in the finished file.
  public func createDataset(
    _ path: String, _ type: NumberType = .float32, rowShape: [Int] = [], axes: [String], units: String,
    attributes: [String: AttributeValue] = [:]
  ) throws {
    _ = try define(
      ResultDataset(
        path: H5File.absolute(path), type: type, shape: [0] + rowShape, isGrowable: true, axes: axes,
        units: units,
        attributes: attributes))
  }

  /// Appends whole rows to a growable dataset.
  public func append<Number: StoredNumber>(_ values: [Number], to path: String) throws {
    guard let number = numbers[H5File.absolute(path)], datasets[number].isGrowable else {
      preconditionFailure("\(path) is not defined")
    }
    let rowCount = datasets[number].shape.dropFirst().reduce(1, *)
    precondition(values.count.isMultiple(of: max(rowCount, 1)), "only whole rows can be appended to \(path)")
    try append(values, to: number)
  }

  /// Appends the rows of a tensor.
  public func append(_ tensor: Tensor, to path: String) throws { try append(tensor.elements, to: path) }

  /// Number of rows a growable dataset has so far.
  public func rows(of path: String) -> Int { numbers[H5File.absolute(path)].map { rowCounts[$0] } ?? 0 }

  /// The double-precision numbers appended to a growable dataset so far, those of earlier runs included: what a
  /// summary of all rows is made from.
  public func appended(to path: String) throws -> [Double] {
    guard let number = numbers[H5File.absolute(path)], datasets[number].type == .float64 else {
      preconditionFailure("\(path) is no dataset of doubles")
    }
    try journal.flush()
    var values: [Double] = []
    _ = try journal.scan { record, payload in
      guard record.kind == .numbers, record.dataset == number else { return }
      let bytes = UnsafeRawBufferPointer(rebasing: try ResultNumbers(payload, at: journal.path).bytes)
      for offset in stride(from: 0, to: bytes.count, by: 8) {
        values.append(bytes.loadUnaligned(fromByteOffset: offset, as: Double.self))
      }
    }
    return values
  }

  /// Writes a whole dataset, replacing any earlier value.
  /// - Parameters:
  ///   - type: the type in the finished file; nil keeps the values' own.
  public func write<Number: StoredNumber>(
    _ values: [Number], shape: [Int], to path: String, as type: NumberType? = nil, axes: [String],
    units: String, attributes: [String: AttributeValue] = [:]
  ) throws {
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values do not fill \(shape)")
    let number = try define(
      ResultDataset(
        path: H5File.absolute(path), type: type ?? Number.numberType, shape: shape, isGrowable: false,
        axes: axes, units: units, attributes: attributes))
    try append(values, to: number)
  }

  /// Writes a tensor as a whole dataset.
  public func write(
    _ tensor: Tensor, to path: String, axes: [String], units: String,
    attributes: [String: AttributeValue] = [:]
  ) throws {
    try write(
      tensor.elements, shape: tensor.shape, to: path, axes: axes, units: units, attributes: attributes)
  }

  /// Writes a matrix as a whole dataset in double precision.
  public func write(
    _ matrix: Matrix, to path: String, axes: [String], units: String,
    attributes: [String: AttributeValue] = [:]
  ) throws {
    try write(
      matrix.elements, shape: [matrix.rows, matrix.columns], to: path, axes: axes, units: units,
      attributes: attributes)
  }

  /// Writes texts as a whole dataset of one axis.
  public func write(
    _ texts: [String], to path: String, axes: [String], attributes: [String: AttributeValue] = [:]
  ) throws {
    let number = try define(
      ResultDataset(
        path: H5File.absolute(path), type: nil, shape: [texts.count], isGrowable: false, axes: axes,
        units: "text",
        attributes: attributes))
    try journal.append(.texts, dataset: number, json: texts)
  }

  /// Sets an attribute of a dataset, group or (path `/`) the file, replacing any of that name.
  public func setAttribute(_ name: String, to value: AttributeValue, of path: String = "/") throws {
    try journal.append(
      .attribute, json: ResultAttribute(path: H5File.absolute(path), name: name, value: value))
  }

  /// Makes everything so far outlive this process, with the number of samples it covers.
  /// - Throws: `CodecError` of kind `fileSystem` where the disk refuses (full).
  public func flush(finishedSamples count: Int) throws {
    try withUnsafeBytes(of: UInt64(count)) { try journal.append(.checkpoint, $0) }
    try journal.flush()
    journal.isWorthKeeping = true
    finishedSamples = count
  }

  /// Writes the HDF5 file and gives it its name; the unfinished file goes.
  /// - Throws: `CodecError` of kind `fileSystem` where the disk refuses; the unfinished file stays and can be resumed.
  public func commit() throws {
    precondition(!isCommitted, "a result is committed once")
    try flush(finishedSamples: finishedSamples)
    let merged = path + ".merging"
    do {
      try ResultMerge(datasets: datasets, rowCounts: rowCounts, provenance: provenance).run(
        journal, to: merged)
    } catch {
      unlink(merged)
      throw error
    }
    try AtomicFile.rename(merged, to: path)
    unlink(journal.path)
    isCommitted = true
  }

  private func append<Number: StoredNumber>(_ values: [Number], to number: Int) throws {
    let code = UInt8(NumberType.allCases.firstIndex(of: Number.numberType)!)
    try values.withUnsafeBytes { try journal.append(.numbers, dataset: number, prefix: [code], $0) }
    noteRows(of: number, values.count)
  }
}

/// An attribute as the journal holds it.
struct ResultAttribute: Codable {
  let path: String
  let name: String
  let value: AttributeValue
}
