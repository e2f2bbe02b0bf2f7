import Foundation
import Numerics
import Runtime
import Storage

/// Which rates are correlated with loadings.
public enum RateSource: String, Sendable, CaseIterable, Codable {
  /// The network's predictions.
  case model
  /// The recorded rates.
  case recorded
}

extension ClusterFit {
  /// The decompositions in a folder that an analysis wrote; where it was made through several networks, those of
  /// each one's folder.
  /// - Throws: `CodecError`: `fileSystem` where the folder cannot be read, `data` where it holds none.
  public static func modesFiles(in folder: String) throws -> [String] {
    func entries(_ path: String) throws -> [String] {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
        throw CodecError(.fileSystem, "cannot read the folder", at: path)
      }
      return names.sorted { $0.compare($1, options: .numeric) == .orderedAscending }.map {
        URL(filePath: path).appending(path: $0).relativePath
      }
    }
    func isFolder(_ path: String) -> Bool {
      (try? URL(filePath: path).resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
    }
    func modes(_ paths: [String]) -> [String] {
      let named = paths.map { (path: $0, name: URL(filePath: $0).lastPathComponent) }
      return
        (named.filter { $0.name == "modes.h5" } + named.filter { $0.name.contains(/^modes-seed\d+\.h5$/) })
        .map(\.path)
    }
    let own = try entries(folder)
    if !modes(own).isEmpty { return modes(own) }
    let files = try own.filter(isFolder).flatMap { modes(try entries($0)) }
    guard !files.isEmpty else {
      throw CodecError(
        .data, "no decompositions in the folder", at: folder,
        remedy:
          "give a folder that codec analyze wrote (networks are analysed first: codec analyze REC --model FOLDER)"
      )
    }
    return files
  }

  /// Reads decompositions for clustering.
  ///
  /// Files whose model outputs are equal are decompositions of one network by several seeds; others are
  /// independently fitted networks.
  /// - Parameters:
  ///   - paths: `modes.h5` files; the first is the one reported.
  ///   - centres: where each cell's receptive field is, by cell id.
  /// - Returns: one for each network, in the order of their first files.
  /// - Throws: `CodecError` of kind data naming file and dataset where something is missing or does not fit.
  public static func read(
    _ paths: [String], rates: RateSource = .model, centres: [Int: ReceptiveFieldCentre] = [:]
  ) throws -> [ClusterFit] {
    var fits: [(output: Matrix, fit: ClusterFit)] = []
    for path in paths {
      let file = try H5File(reading: path)
      _ = try Provenance(of: file, schema: "modes")
      let output = try file.dataset("/output", rank: 2).matrix()
      let read = try ClusterFit(file, output: output, rates: rates, centres: centres)
      if let index = fits.firstIndex(where: { $0.output == output }) {
        try fits[index].fit.addSeed(read, from: file)
      } else {
        fits.append((output, read))
      }
    }
    return fits.map(\.fit)
  }

  private init(
    _ file: H5File, output: Matrix, rates: RateSource, centres: [Int: ReceptiveFieldCentre]
  ) throws {
    guard let cells = try file.attribute("unit_ids", of: "/output")?.asIntegers, cells.count == output.columns
    else {
      throw CodecError(
        .data, "the outputs have no unit_ids", at: file.place("/output"),
        remedy: "decompose contributions anew")
    }
    let used = rates == .model ? output : try Self.recordedRates(file, shape: (output.rows, output.columns))
    if let bad = used.elements.firstIndex(where: { !$0.isFinite }) {
      throw CodecError(
        .data, "the rate of cell \(cells[bad % cells.count]) is not finite in sample \(bad / cells.count)",
        at: file.name)
    }
    let frames: [Int] = try file.dataset("/sample/index", rank: 1).numbers()
    self.init(
      name: file.name, cells: cells, rates: used, frames: frames,
      layers: try file.children(of: "/layers").map { try Layer(named: $0, in: file, samples: used.rows) },
      centres: cells.map { centres[$0] })
  }

  private static func recordedRates(_ file: H5File, shape: (Int, Int)) throws -> Matrix {
    guard file.contains("/recorded_rate") else {
      throw CodecError(
        .usage, "no recorded rates", at: file.name, remedy: "use the model's rates, or analyse a recording")
    }
    let rates = try file.dataset("/recorded_rate", rank: 2).matrix()
    guard (rates.rows, rates.columns) == shape else {
      throw CodecError(
        .data, "recorded rates of shape \(rates.rows)×\(rates.columns), outputs of \(shape.0)×\(shape.1)",
        at: file.place("/recorded_rate"))
    }
    return rates
  }

  private mutating func addSeed(_ other: ClusterFit, from file: H5File) throws {
    for index in layers.indices {
      guard let layer = other.layers.first(where: { $0.name == layers[index].name }) else {
        throw CodecError(
          .data, "no layer \(layers[index].name)", at: file.name, remedy: "decompose the same layers")
      }
      layers[index].decompositions += layer.decompositions
    }
  }
}

extension ClusterFit.Layer {
  fileprivate init(named name: String, in file: H5File, samples: Int) throws {
    let group = "/layers/\(name)"
    let loadings = try file.dataset("\(group)/loadings", rank: 2).matrix()
    let ids: [Int] = try file.dataset("\(group)/mode_id", rank: 1).numbers()
    guard loadings.rows == samples, loadings.columns == ids.count else {
      throw CodecError(
        .data,
        "loadings of shape \(loadings.rows)×\(loadings.columns) for \(samples) samples and \(ids.count) modes",
        at: file.place("\(group)/loadings"))
    }
    var contributions: (negative: Matrix, positive: Matrix)?
    if file.contains("\(group)/cell_negative") {
      contributions = (
        try file.dataset("\(group)/cell_negative", rank: 2).matrix(),
        try file.dataset("\(group)/cell_positive", rank: 2).matrix()
      )
    }
    self.init(
      name: name, decompositions: [ClusterFit.Modes(ids: ids, loadings: loadings)],
      contributions: contributions)
  }
}

extension ReceptiveFieldCentre {
  /// Where receptive fields are according to an `irf.h5`: the centre of each cell's mean squared spatial component.
  /// - Throws: `CodecError` of kind data where the file is none of ours.
  public static func read(irf path: String) throws -> [Int: ReceptiveFieldCentre] {
    let file = try H5File(reading: path)
    _ = try Provenance(of: file, schema: ReceptiveFieldRun.schema, version: ReceptiveFieldRun.schemaVersion)
    let cells: [Int] = try file.dataset("/cell_id", rank: 1).numbers()
    let spatial = try file.dataset("/spatial", rank: 4)
    let (pixels, width) = (spatial.shape[2] * spatial.shape[3], spatial.shape[3])
    var energy = [[Double]](repeating: Array(repeating: 0, count: pixels), count: cells.count)
    for frame in 0..<spatial.rows {
      for (index, value) in try spatial.tensor(rows: frame..<frame + 1).elements.enumerated() {
        energy[index / pixels][index % pixels] += Double(value) * Double(value)
      }
    }
    let centres = energy.map { centre(of: $0, width: width) }
    return Dictionary(
      uniqueKeysWithValues: zip(cells, centres).compactMap { cell, centre in centre.map { (cell, $0) } })
  }
}
