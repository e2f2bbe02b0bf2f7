import Foundation
import Networks
import Runtime
import Storage

/// A folder of networks fitted independently to one recording, such as `FitSeries` writes.
public struct FitFolder: Sendable {
  /// The folder.
  public let path: String
  /// The networks' files, `fit-2` before `fit-10`.
  public let models: [String]

  /// The networks' names: their files without ending.
  public var names: [String] {
    models.map { URL(filePath: $0).deletingPathExtension().lastPathComponent }
  }

  /// Finds the networks: safetensors, or ONNX files where there are none of those.
  /// - Throws: `CodecError`: `fileSystem` where there is no such folder, `data` where it holds no network or
  ///   an unfinished fit, or one network twice.
  public init(_ path: String) throws {
    self.path = path
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      throw CodecError(.fileSystem, "cannot read the folder", at: path, remedy: "give a folder of networks")
    }
    let folder = URL(filePath: path)
    if let unfinished = names.sorted().first(where: { $0.hasSuffix(".safetensors.partial") }) {
      throw CodecError(
        .data, "an unfinished fit is among the networks",
        at: folder.appending(path: unfinished).relativePath,
        remedy: "finish it with codec fit … --resume, or remove it")
    }
    let found = [".safetensors", ".onnx"].lazy.map { ending in names.filter { $0.hasSuffix(ending) } }
    let files = found.first { !$0.isEmpty } ?? []
    guard !files.isEmpty else {
      throw CodecError(
        .data, "no networks in the folder", at: path,
        remedy: "give a folder of safetensors or ONNX files, such as codec fit --fits 3 writes")
    }
    models = files.sorted { $0.compare($1, options: .numeric) == .orderedAscending }.map {
      folder.appending(path: $0).relativePath
    }
    var digests: [String: String] = [:]
    for model in models {
      if let earlier = digests.updateValue(model, forKey: try FileDigest.sha256(ofFile: model)) {
        throw CodecError(
          .data, "the same network as \(URL(filePath: earlier).lastPathComponent)", at: model,
          remedy: "what holds over fits shows in networks fitted independently")
      }
    }
  }

  /// Reads the networks.
  /// - Throws: `CodecError` of kind `data` where one cannot be read or has other cells.
  public func load(architectures: [any Architecture]) throws -> [LoadedModel] {
    let loaded = try models.map { try ModelFile.load($0, architectures: architectures) }
    for (path, model) in zip(models, loaded) where model.unitIDs != loaded[0].unitIDs {
      throw CodecError(
        .data,
        "cells \(Self.list(model.unitIDs)), but \(URL(filePath: models[0]).lastPathComponent) has cells "
          + Self.list(loaded[0].unitIDs),
        at: path, remedy: "keep networks of different cells in folders of their own")
    }
    return loaded
  }

  private static func list(_ cells: [Int]) -> String {
    cells.prefix(20).map { "\($0)" }.joined(separator: ", ") + (cells.count > 20 ? ", …" : "")
  }
}
