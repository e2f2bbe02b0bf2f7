import Foundation
import Numerics
import Runtime
import Storage

/// The files of experiments on images, as figures and page read them; any of them may be missing.
struct ImageResults {
  let folder: ResultFolder
  let statistics, classes, perturbation, maps, sweep: H5File?
  /// Contributions and modes of the same samples.
  let contributions, modes: H5File?

  /// Which schemas make a folder one of experiments on images.
  static let schemas = ["statistics", "classes", "perturb", "maps", "sweep"]

  init(_ folder: ResultFolder) throws {
    self.folder = folder
    statistics = try folder.file("statistics")
    classes = try folder.file("classes")
    perturbation = try folder.file("perturb")
    maps = try folder.file("maps")
    sweep = try folder.file("sweep")
    contributions = try folder.file("contributions")
    modes = try Self.contributionModes(folder)
  }

  /// Of several decompositions the one of contributions.
  private static func contributionModes(_ folder: ResultFolder) throws -> H5File? {
    for path in folder.files["modes"] ?? [] {
      let file = try H5File(reading: path)
      guard let layer = try file.children(of: "/layers").first else { continue }
      if try file.attribute("data", of: "/layers/\(layer)")?.asText == "contributions" { return file }
    }
    return nil
  }

  var all: [H5File] {
    [contributions, modes, statistics, classes, perturbation, maps, sweep].compactMap { $0 }
  }

  func provenance() throws -> [(file: String, provenance: Provenance)] {
    try all.map { ($0.name, try Provenance(of: $0)) }
  }

  /// Names of a file's layers in the network's order.
  static func layers(of file: H5File) throws -> [String] {
    let present = try file.children(of: "/layers")
    guard file.contains("/layer") else {
      return present.sorted { $0.compare($1, options: .numeric) == .orderedAscending }
    }
    let ordered = try file.dataset("/layer", rank: 1).texts().map { $0.replacing("/", with: "|") }
    return ordered.filter(present.contains)
  }

  /// Names of the classes.
  func classNames() throws -> [String] {
    for (file, path) in [(classes, "/class"), (contributions, "/unit_name"), (modes, "/unit_name")] {
      if let file, file.contains(path) { return try file.dataset(path, rank: 1).texts() }
    }
    return []
  }

  func className(_ index: Int, _ names: [String]) -> String {
    names.indices.contains(index) ? names[index] : "class \(index)"
  }
}

extension H5File {
  /// A dataset of one axis, in double precision; nil where it is not there.
  func column(_ path: String) throws -> [Double]? {
    contains(path) ? try dataset(path, rank: 1).numbers() : nil
  }
}

extension Plot.Axis {
  /// Layers along an axis: their names where there is room, else the numbers in these (of block0, block1, … on an axis
  /// called block), else their places from 1 on.
  static func layers(_ names: [String], label: String? = nil) -> Plot.Axis {
    let (labels, stem) = layerLabels(names)
    let step = max(1, (names.count + 7) / 8)
    return Plot.Axis(
      label: label ?? stem.map { $0 == "block" ? $0 : "\($0) layer" } ?? "layer",
      range: -0.5...Double(max(1, names.count)) - 0.5,
      ticks: .at(stride(from: 0, to: names.count, by: step).map { (Double($0), labels[$0]) }))
  }

  /// What layers are called along an axis; with what the names have in common where that is left out.
  static func layerLabels(_ names: [String]) -> (labels: [String], stem: String?) {
    if names.joined().count <= 26 { return (names.map { $0.replacing("|", with: "/") }, nil) }
    let stems = Set(names.map(layerStem))
    if let stem = stems.first, stems.count == 1, !stem.isEmpty, names.allSatisfy({ $0 != stem }) {
      return (names.map { String($0.dropFirst(stem.count)) }, stem)
    }
    return (names.indices.map { "\($0 + 1)" }, nil)
  }

  /// A layer's name without the number at its end.
  static func layerStem(_ name: String) -> String {
    String(name.reversed().drop(while: \.isNumber).reversed())
  }
}

/// Mean and standard error over the finite values.
func meanAndError(_ values: [Double]) -> (mean: Double, error: Double) {
  let known = values.filter(\.isFinite)
  guard let count = known.isEmpty ? nil : Double(known.count) else { return (.nan, .nan) }
  let mean = known.reduce(0, +) / count
  let variance = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(count - 1, 1)
  return (mean, (variance / count).squareRoot())
}
