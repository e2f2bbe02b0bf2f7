import Foundation
import Numerics
import RetinaData
import Storage
import TestSupport

/// A short piece of the bundled recording, to be changed and written.
struct SmallRecording {
  /// [time, y, x]
  var stimulus: Tensor
  /// [cell, time], Hz
  var rates: Tensor

  init(frames: Int = 60) throws {
    let file = try H5File(reading: try BundledSample.recording())
    stimulus = try file.dataset("/test/stimulus").tensor(rows: 100..<100 + frames)
    let all = try file.dataset("/test/response/firing_rate_10ms").tensor()
    rates = Tensor(
      shape: [all.rows, frames],
      elements: (0..<all.rows).flatMap { Array(all.row($0).dropFirst(100).prefix(frames)) })
  }

  /// Keeps only the first cells.
  mutating func keep(cells: Int) { rates = rates.rows(0..<cells) }

  /// Writes the recording; datasets named in `without` are left out.
  func write(to path: String, without: [String] = []) throws {
    let file = try H5File(creating: path)
    if !without.contains("stimulus") { try file.write(stimulus, to: "/test/stimulus") }
    if !without.contains("response") { try file.write(rates, to: "/test/response/firing_rate_10ms") }
    let times = (0..<stimulus.rows).map { 0.01 * Double($0) }
    try file.write(times, shape: [times.count], to: "/test/time")
    try file.flush()
  }
}

extension SmallRecording {
  /// A recording with both splits from the bundled one: three cells, frames cut down to the middle 12×12.
  static func writeTrainable(to path: String) throws {
    let bundled = try H5File(reading: try BundledSample.recording())
    let file = try H5File(creating: path)
    for (split, frames) in [("train", 700), ("test", 300)] {
      let movie = try bundled.dataset("/\(split)/stimulus").tensor(rows: 0..<frames)
      var cut: [Float] = []
      for row in 0..<(frames * 24) where row % 24 >= 6 && row % 24 < 18 {
        let first: Int = row * 24 + 6
        cut.append(contentsOf: movie.elements[first..<(first + 12)])
      }
      let rates = try bundled.dataset("/\(split)/response/firing_rate_10ms").tensor()
      try file.write(Tensor(shape: [frames, 12, 12], elements: cut), to: "/\(split)/stimulus")
      var kept: [Float] = []
      for cell in 0..<3 { kept.append(contentsOf: rates.row(cell).prefix(frames)) }
      try file.write(
        Tensor(shape: [3, frames], elements: kept), to: "/\(split)/response/firing_rate_10ms")
      let times: [Double] = (0..<frames).map { 0.01 * Double($0) }
      try file.write(times, shape: [frames], to: "/\(split)/time")
    }
    try file.flush()
  }
}

/// The bundled model, to be changed and written.
struct SmallModel {
  var tensors: [String: Tensor]
  var metadata: [String: String]

  init() throws {
    let file = try Safetensors(reading: try BundledSample.model())
    tensors = try Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.tensor($0)) })
    metadata = file.metadata
  }

  /// Keeps only some cells, by their places; an index twice makes a duplicate cell.
  mutating func keep(cells: [Int]) {
    for name in ["dense.weight", "bn3.weight", "bn3.bias", "bn3.running_mean", "bn3.running_var"] {
      guard let tensor = tensors[name] else { continue }
      tensors[name] = Tensor(
        shape: [cells.count] + tensor.shape.dropFirst(), elements: cells.flatMap { Array(tensor.row($0)) })
    }
    metadata["cells"] = "\(Array(0..<cells.count))"
  }

  func write(to path: String) throws { try Safetensors.write(tensors, metadata: metadata, to: path) }
}

/// A photodiode's trace of flashes of 4 ms at 50 Hz from 0.1 s on, 10,000 samples a second.
struct PhotodiodeTrace {
  var frames: Int
  /// Frames that left no flash.
  var missing: Set<Int> = []

  /// Writes a file of the `libdatafile` kind.
  func write(to path: String) throws {
    let samples = (0..<2000 + 200 * frames).map { index -> Float in
      let (frame, phase) = ((index - 1000) / 200, (index - 1000) % 200)
      let isBright = index >= 1000 && frame < frames && phase < 40 && !missing.contains(frame)
      return isBright ? 3 : 0.2
    }
    let file = try H5File(creating: path)
    let data = try file.write(Tensor(shape: [1, samples.count], elements: samples), to: "/data")
    try data.setAttribute("sample-rate", to: .number(10_000))
    try file.flush()
  }
}
