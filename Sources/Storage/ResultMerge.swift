import Foundation
import Runtime

/// Turns a journal into the HDF5 file it stands for, one record at a time.
struct ResultMerge {
  let datasets: [ResultDataset]
  /// Rows of each growable dataset, which decide its chunks.
  let rowCounts: [Int]
  let provenance: Provenance

  /// - Throws: `CodecError` of kind `fileSystem` where the disk refuses, `data` where the journal was changed meanwhile.
  func run(_ journal: ResultJournal, to path: String) throws {
    try write(journal, to: path)
    // Closed now: see that it can be read.
    _ = try Provenance(of: try H5File(reading: path))
  }

  private func write(_ journal: ResultJournal, to path: String) throws {
    let file = try H5File(creating: path)
    try provenance.write(to: file)
    let latest = Dictionary(datasets.enumerated().map { ($1.path, $0) }, uniquingKeysWith: max)
    var open: [Int: MergedDataset] = [:]
    for (number, dataset) in datasets.enumerated() where latest[dataset.path] == number && dataset.type != nil
    {
      open[number] = MergedDataset(
        try create(dataset, rows: rowCounts[number], in: file), isGrowable: dataset.isGrowable)
    }
    var attributes: [ResultAttribute] = []
    try journal.scan { record, payload in
      switch record.kind {
      case .numbers: try open[record.dataset]?.append(try ResultNumbers(payload, at: journal.path))
      case .attribute:
        attributes.append(try JSONText.decode(ResultAttribute.self, String(decoding: payload, as: UTF8.self)))
      case .texts, .provenance, .dataset, .checkpoint: break
      }
    }
    for dataset in open.values { try dataset.flush() }
    try writeTexts(of: journal, latest: latest, to: file)
    for attribute in attributes {
      try file.setAttribute(attribute.name, to: attribute.value, of: attribute.path)
    }
    try file.flush()
  }

  private func create(_ dataset: ResultDataset, rows: Int, in file: H5File) throws -> H5Dataset {
    let shape = dataset.isGrowable ? [rows] + dataset.shape.dropFirst() : dataset.shape
    let created = try file.createDataset(dataset.path, dataset.type ?? .float32, shape: shape)
    try describe(dataset, in: file)
    return created
  }

  private func describe(_ dataset: ResultDataset, in file: H5File) throws {
    try file.setAttribute("axes", to: .texts(dataset.axes), of: dataset.path)
    try file.setAttribute("units", to: .text(dataset.units), of: dataset.path)
    for (name, value) in dataset.attributes.sorted(by: { $0.key < $1.key }) {
      try file.setAttribute(name, to: value, of: dataset.path)
    }
  }

  /// Texts may be given again, and HDF5 does not reuse the space of replaced ones: only the last are written.
  private func writeTexts(of journal: ResultJournal, latest: [String: Int], to file: H5File) throws {
    var texts: [Int: [String]] = [:]
    try journal.scan { record, payload in
      guard record.kind == .texts else { return }
      texts[record.dataset] = try JSONText.decode([String].self, String(decoding: payload, as: UTF8.self))
    }
    for (number, texts) in texts.sorted(by: { $0.key < $1.key }) where latest[datasets[number].path] == number
    {
      try file.write(texts, to: datasets[number].path)
      try describe(datasets[number], in: file)
    }
  }
}

/// A dataset being filled, with the rows that wait until there are enough for HDF5.
private final class MergedDataset {
  private let dataset: H5Dataset
  private let isGrowable: Bool
  private var row = 0
  private var type = NumberType.float32
  private var waiting: [UInt8] = []

  init(_ dataset: H5Dataset, isGrowable: Bool) {
    (self.dataset, self.isGrowable) = (dataset, isGrowable)
  }

  /// Adds rows; a value as a whole replaces the one before.
  func append(_ numbers: ResultNumbers) throws {
    if !isGrowable { waiting = [] }
    if numbers.type != type { try flush() }
    type = numbers.type
    waiting += numbers.bytes
    if isGrowable, waiting.count >= 1 << 18 { try flush() }
  }

  /// Writes what waits.
  func flush() throws {
    defer { waiting.removeAll(keepingCapacity: true) }
    switch type {
    case .float32: try write(as: Float.self)
    case .float64: try write(as: Double.self)
    case .int8: try write(as: Int8.self)
    case .int16: try write(as: Int16.self)
    case .int32: try write(as: Int32.self)
    case .int64: try write(as: Int.self)
    case .uint8: try write(as: UInt8.self)
    case .uint16: try write(as: UInt16.self)
    case .uint32: try write(as: UInt32.self)
    case .uint64: try write(as: UInt64.self)
    }
  }

  private func write<Number: StoredNumber>(as type: Number.Type) throws {
    let count = waiting.count / Number.numberType.size
    let rowCount = dataset.shape.dropFirst().reduce(1, *)
    guard count > 0, rowCount > 0 else { return }
    let numbers = [Number](unsafeUninitializedCapacity: count) { buffer, filled in
      UnsafeMutableRawBufferPointer(buffer).copyBytes(from: waiting)
      filled = count
    }
    guard !dataset.shape.isEmpty else { return try dataset.write(numbers, in: []) }
    let rows = row..<row + count / rowCount
    try dataset.write(numbers, in: [rows] + dataset.shape.dropFirst().map { 0..<$0 })
    if isGrowable { row = rows.upperBound }
  }
}

/// The numbers of a record, in the type they were given in.
struct ResultNumbers {
  let type: NumberType
  let bytes: UnsafeRawBufferPointer.SubSequence
  var count: Int { bytes.count / type.size }

  init(_ payload: UnsafeRawBufferPointer, at place: String) throws {
    let types = NumberType.allCases
    guard let code = payload.first, Int(code) < types.count else {
      throw CodecError(.data, "the unfinished result is damaged", at: place, remedy: "--force starts over")
    }
    type = types[Int(code)]
    bytes = payload.dropFirst()
  }
}
