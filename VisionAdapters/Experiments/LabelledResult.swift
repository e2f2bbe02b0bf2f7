import Foundation
import Numerics
import Runtime
import Storage

/// A `contributions.h5` or `modes.h5` whose samples have classes, read row by row.
package struct LabelledResult: Sendable {
  let file: H5File
  /// Names of the layers in the network's order, as their groups spell them.
  let layers: [String]
  /// The class of each sample; `nil` where samples have none.
  let labels: [Int]?
  /// Names of the model's classes; their indices where nobody named them.
  let classNames: [String]

  /// - Parameter schema: `contributions` or `modes`.
  /// - Throws: `CodecError` of kind `fileSystem` or `data` where the file is none of that kind.
  package init(reading path: String, schema: String) throws {
    file = try H5File(reading: path)
    let provenance = try Provenance(of: file, schema: schema, version: 1)
    layers = try Self.orderedLayers(of: file, provenance)
    labels = file.contains("/sample/label") ? try file.dataset("/sample/label", rank: 1).numbers() : nil
    let units = try file.dataset("/output", rank: 2).shape[1]
    classNames =
      file.contains("/unit_name")
      ? try file.dataset("/unit_name", rank: 1).texts() : (0..<units).map(String.init)
    if let labels, let wrong = labels.first(where: { !(0..<units).contains($0) }) {
      throw CodecError(
        .data, "label \(wrong) is beyond the \(units) classes", at: file.place("/sample/label"))
    }
  }

  /// A layer's name as its group spells it: slashes in a tensor's name are no levels of the file.
  static func group(of layer: String) -> String { layer.replacing("/", with: "|") }

  private struct Options: Decodable { let layers: [String]? }

  /// The file lists groups by name; the options remember the network's order.
  private static func orderedLayers(of file: H5File, _ provenance: Provenance) throws -> [String] {
    let present = try file.children(of: "/layers")
    let options = try? JSONDecoder().decode(Options.self, from: Data(provenance.options.utf8))
    let known = (options?.layers ?? []).map(group(of:)).filter(
      present.contains)
    return known + present.filter { !known.contains($0) }
  }

  /// Layers by name, or all.
  /// - Throws: `CodecError` of kind `usage` listing the valid ones.
  func chosen(_ names: [String]?) throws -> [String] {
    guard let names = names?.map(Self.group(of:)) else { return layers }
    for name in names where !layers.contains(name) {
      throw CodecError.unknown("layer", name, valid: layers, at: file.name)
    }
    return names
  }

  /// The labels, which must be there.
  func requiredLabels() throws -> [Int] {
    guard let labels else {
      throw CodecError(
        .data, "the samples have no classes", at: file.name,
        remedy: "compute contributions of a folder of class folders, or give a list of labels")
    }
    return labels
  }

  /// Number of samples.
  var samples: Int { get throws { try file.dataset("/output", rank: 2).rows } }

  /// Rows read at once.
  static let chunk = 256

  /// Calls `body` with every row of some datasets of a layer, side by side.
  /// - Parameters:
  ///   - datasets: names below the layer's group, each `[sample, column]`.
  func forEachRow(of layer: String, _ datasets: [String], _ body: (Int, [[Double]]) throws -> Void) throws {
    let samples = try samples
    let open = try datasets.map { name in
      let dataset = try file.dataset("/layers/\(layer)/\(name)", rank: 2)
      guard dataset.rows == samples else {
        throw CodecError(.data, "\(dataset.rows) rows for \(samples) samples", at: dataset.place)
      }
      return dataset
    }
    for first in stride(from: 0, to: samples, by: Self.chunk) {
      try Interrupt.check()
      let rows = first..<min(first + Self.chunk, samples)
      let blocks = try open.map { dataset -> (width: Int, values: [Double]) in
        let values: [Double] = try dataset.numbers(rows: rows)
        if let bad = values.firstIndex(where: { !$0.isFinite }) {
          throw CodecError(
            .data, "\(values[bad]) in row \(first + bad / dataset.shape[1])", at: dataset.place,
            remedy: "compute the file again")
        }
        return (dataset.shape[1], values)
      }
      for row in 0..<rows.count {
        try body(first + row, blocks.map { Array($0.values[row * $0.width..<(row + 1) * $0.width]) })
      }
    }
  }

  /// Number of columns of a layer's dataset.
  func columns(of layer: String, _ dataset: String) throws -> Int {
    try file.dataset("/layers/\(layer)/\(dataset)", rank: 2).shape[1]
  }

  /// Whether a layer has a dataset.
  func has(_ dataset: String, of layer: String) -> Bool { file.contains("/layers/\(layer)/\(dataset)") }
}
