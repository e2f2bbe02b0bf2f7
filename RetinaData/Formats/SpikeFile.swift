import Foundation
import Runtime
import Storage

/// Spike times in a file, by cell.
public struct SpikeFile: Sendable {
  /// One train for each cell, by ascending id.
  public let trains: [SpikeTrain]
  /// What was noticed and mended, one sentence each.
  public let remarks: [String]

  /// Reads a spike list: text or CSV (columns of cell and time; or one line for each cell), NumPy (`spike_times` with
  /// `spike_clusters`, or one array for each cell), a folder of lists, the units of an NWB or 2023 HDF5 file, or what `codec spikes` found.
  /// - Parameters:
  ///   - unit: seconds of the file's unit of time.
  ///   - repair: sorts times that are out of order and drops negative ones, with a remark for each cell.
  /// - Throws: `CodecError` naming cell and spike that is not finite, negative or out of order.
  public init(reading path: String, unit: Double = 1, repair: Bool = false) throws {
    try self.init(Self.times(path), unit: unit, repair: repair, at: path)
  }

  init(_ cells: [(cell: Int, times: [Double])], unit: Double = 1, repair: Bool, at place: String) throws {
    var (trains, remarks): ([SpikeTrain], [String]) = ([], [])
    for (cell, times) in cells.sorted(by: { $0.cell < $1.cell }) {
      if trains.last?.cell == cell { throw CodecError(.data, "cell \(cell) occurs twice", at: place) }
      var times = unit == 1 ? times : times.map { $0 * unit }
      if repair {
        let kept = times.filter { $0.isFinite && $0 >= 0 }
        if kept.count < times.count {
          remarks.append("cell \(cell): \(times.count - kept.count) spikes at negative or no times dropped")
        }
        times = kept.sorted()
        if times != kept { remarks.append("cell \(cell): spikes were out of order; sorted") }
      }
      do { trains.append(try SpikeTrain(cell: cell, times: times, at: place)) } catch let error as CodecError
      {
        throw CodecError(
          error.kind, error.what, at: place, remedy: (error.remedy ?? "") + "; --repair sorts and drops them")
      }
    }
    guard !trains.isEmpty else { throw CodecError(.data, "no cells", at: place) }
    (self.trains, self.remarks) = (trains, remarks)
  }

  private static func times(_ path: String) throws -> [(cell: Int, times: [Double])] {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    if attributes?[.type] as? FileAttributeType == .typeDirectory { return try folder(path) }
    switch URL(filePath: path).pathExtension.lowercased() {
    case "npz": return try archive(NpzFile(reading: path))
    case "npy": return [(0, try vector(NpyFile(reading: path)))]
    case "h5", "hdf5", "nwb": return try hdf5(H5File(reading: path))
    default: return try table(NumberTable(reading: path), path)
    }
  }

  /// One file for each cell, in the order of the numbers in their names.
  private static func folder(_ path: String) throws -> [(cell: Int, times: [Double])] {
    let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }
    let sorted = names.sorted { $0.compare($1, options: .numeric) == .orderedAscending }
    return try sorted.enumerated().map { cell, name in
      let file = URL(filePath: path).appending(path: name).path
      let cells = try times(file)
      guard cells.count == 1 else {
        throw CodecError(.data, "\(cells.count) cells in one file of a folder", at: file)
      }
      return (cell, cells[0].times)
    }
  }

  private static func vector(_ array: NpyFile) throws -> [Double] {
    guard array.shape.filter({ $0 != 1 }).count <= 1 else {
      throw CodecError(
        .data, "times of shape \(array.shape)", at: array.path, remedy: "one axis is expected")
    }
    return try array.numbers()
  }

  private static func archive(_ archive: NpzFile) throws -> [(cell: Int, times: [Double])] {
    let cells = ["spike_clusters", "cells", "cell", "units", "unit", "ids"].first(
      where: archive.names.contains)
    let times = ["spike_times", "times", "time"].first(where: archive.names.contains)
    if let cells, let times {
      return try grouped(vector(archive.array(cells)), vector(archive.array(times)), archive.path)
    }
    let sorted = archive.names.sorted { $0.compare($1, options: .numeric) == .orderedAscending }
    return try sorted.enumerated().map { ($0, try vector(archive.array($1))) }
  }

  private static func hdf5(_ file: H5File) throws -> [(cell: Int, times: [Double])] {
    if file.kind(of: "/units") == .group { return try NWBSession(file).spikeTimes() }
    // One electrode's, as `SpikeDetection` writes them.
    if file.contains("/spike_time") { return [(0, try file.dataset("/spike_time", rank: 1).numbers())] }
    guard file.kind(of: "/spikes") == .group else {
      throw CodecError(
        .data, "no spike times", at: file.path,
        remedy: "they are read from units (NWB), spikes/cell01, … or spike_time of codec spikes")
    }
    return try file.children(of: "/spikes").enumerated().map { place, name in
      (
        Int(name.drop { !$0.isNumber }).map { $0 - 1 } ?? place,
        try file.dataset("/spikes/\(name)", rank: 1).numbers()
      )
    }
  }

  private static func table(_ table: NumberTable, _ path: String) throws -> [(cell: Int, times: [Double])] {
    let widths = Set(table.rows.map(\.count))
    if widths == [1] { return [(0, table.rows.map { $0[0] })] }
    guard widths == [2] || table.header != nil else {
      return table.rows.enumerated().map { ($0, $1) }
    }
    guard widths.count == 1, let (cell, time) = columns(table) else {
      throw CodecError(
        .data, "which column is the cell and which the time?", at: path,
        remedy: "name the columns in a first line: cell,time")
    }
    return try grouped(table.rows.map { $0[cell] }, table.rows.map { $0[time] }, path)
  }

  /// Named columns, or the one of two that alone holds whole numbers.
  private static func columns(_ table: NumberTable) -> (cell: Int, time: Int)? {
    if table.header != nil {
      guard let cell = table.column(["cell", "unit", "cluster", "neuron", "id", "cell_id", "unit_id"]),
        let time = table.column(["time", "times", "spike_time", "spike_times", "seconds", "t", "time_s"])
      else { return nil }
      return (cell, time)
    }
    let isWhole = (0..<2).map { column in table.rows.allSatisfy { $0[column] == $0[column].rounded() } }
    return isWhole[0] == isWhole[1] ? nil : isWhole[0] ? (0, 1) : (1, 0)
  }

  private static func grouped(
    _ cells: [Double], _ times: [Double], _ path: String
  ) throws -> [(cell: Int, times: [Double])] {
    guard cells.count == times.count else {
      throw CodecError(.data, "\(times.count) spike times of \(cells.count) cells", at: path)
    }
    var groups: [Int: [Double]] = [:]
    for (row, (cell, time)) in zip(cells, times).enumerated() {
      guard let cell = Int(exactly: cell) else {
        throw CodecError(.data, "the cell of spike \(row) is \(cell), no whole number", at: path)
      }
      groups[cell, default: []].append(time)
    }
    return groups.map { ($0.key, $0.value) }
  }
}
