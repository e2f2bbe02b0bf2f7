import Foundation
import Numerics
import Storage

/// What the page of experiments on images shows besides its figures.
struct ImagePageData: Encodable {
  /// A mode: its classes and its samples, the strongest first, each as a pair of index and value.
  struct Mode: Encodable {
    let id: Int
    let classes: [[Double]]
    let samples: [[Double]]
  }

  struct Layer: Encodable {
    let name: String
    let modes: [Mode]
  }

  struct Map: Encodable {
    let layer, name: String
    let mode, label: Int
    /// A PNG as data URL.
    let picture: String
  }

  let kind = "images"
  let classes: [String]
  /// Name and class of each sample.
  let samples: [String]
  let labels: [Int]
  let layers: [Layer]
  let maps: [Map]
  /// The layer shown first.
  let start: Int

  init(_ results: ImageResults) throws {
    classes = try results.classNames()
    let source = results.modes ?? results.contributions
    samples =
      try source.flatMap { $0.contains("/sample/name") ? try $0.dataset("/sample/name").texts() : nil } ?? []
    labels =
      try source.flatMap { $0.contains("/sample/label") ? try $0.dataset("/sample/label").numbers() : nil }
      ?? []
    layers = try Self.layers(results)
    maps = try Self.maps(results)
    let first = maps.first?.layer
    start = layers.firstIndex { $0.name == first } ?? layers.count / 2
  }

  private static func layers(_ results: ImageResults) throws -> [Layer] {
    guard let file = results.classes else { return [] }
    return try ImageResults.layers(of: file).compactMap { layer in
      let group = "/layers/\(layer)/contributions"
      guard file.contains("\(group)/mode_class_correlation") else { return nil }
      let ids: [Int] = try file.dataset("\(group)/mode_id", rank: 1).numbers()
      let correlation = try file.dataset("\(group)/mode_class_correlation", rank: 2).matrix()
      let samples = try strongest(layer, ids, results)
      let modes = ids.indices.map { mode in
        let row = Array(correlation.row(mode))
        let best = row.indices.filter { row[$0] > 0.05 }.sorted { row[$0] > row[$1] }.prefix(20)
        return Mode(id: ids[mode], classes: best.map { [Double($0), row[$0]] }, samples: samples[mode])
      }
      return Layer(name: layer.replacing("|", with: "/"), modes: modes)
    }
  }

  /// The eight samples with the largest loading of each mode.
  private static func strongest(_ layer: String, _ ids: [Int], _ results: ImageResults) throws -> [[[Double]]]
  {
    let group = "/layers/\(layer)"
    guard let file = results.modes, file.contains("\(group)/loadings") else { return ids.map { _ in [] } }
    let known: [Int] = try file.dataset("\(group)/mode_id", rank: 1).numbers()
    let loadings = try file.dataset("\(group)/loadings", rank: 2).tensor()
    let (rows, width) = (loadings.rows, known.count)
    return ids.map { id in
      guard let column = known.firstIndex(of: id) else { return [] }
      let values = (0..<rows).map { loadings.elements[$0 * width + column] }
      let order = values.indices.filter { values[$0] > 0 }
        .sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
      return order.prefix(8).map { [Double($0), Double(values[$0])] }
    }
  }

  /// Overlays that `codec maps` left beside the file.
  private static func maps(_ results: ImageResults) throws -> [Map] {
    guard let file = results.maps, let layer = try file.children(of: "/layers").first else { return [] }
    let names = try file.dataset("/picture/name", rank: 1).texts()
    let labels: [Int] = try file.dataset("/picture/class", rank: 1).numbers()
    let path = "/layers/\(layer)/mode_id"
    let modes: [Int] = file.contains(path) ? try file.dataset(path, rank: 1).numbers() : names.map { _ in -1 }
    return names.indices.compactMap { index in
      guard let bytes = overlay(names[index], layer, in: results.folder.path) else { return nil }
      return Map(
        layer: layer.replacing("|", with: "/"), name: names[index], mode: modes[index], label: labels[index],
        picture: "data:image/png;base64," + bytes.base64EncodedString())
    }
  }

  /// The PNG named after picture and layer, in the folder of results or one in it.
  static func overlay(_ name: String, _ layer: String, in folder: String) -> Data? {
    let stem = URL(filePath: name.replacing("/", with: "_")).deletingPathExtension().lastPathComponent
    let file = "\(stem)_\(layer).png"
    let root = URL(filePath: folder)
    let folders =
      [root]
      + ((try? FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil)) ?? [])
    return folders.lazy.compactMap { FileManager.default.contents(atPath: $0.appending(path: file).path) }
      .first
  }
}
