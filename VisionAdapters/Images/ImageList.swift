import Foundation
import Runtime

/// Which pictures are looked at, in order, with their classes where they have any.
///
/// Three layouts are understood: a folder of class folders (classes in sorted order), a flat folder (ILSVRC's
/// validation pictures) with a list of labels, and a list file of pictures.
public struct ImageList: Sendable {
  /// A picture.
  public struct Item: Sendable, Equatable {
    /// The file.
    public let path: String
    /// The file's path below the folder, which names the sample in results.
    public let name: String
    /// Index of its class; `nil` where it is not labelled.
    public let label: Int?
  }

  /// The folder or list, for messages.
  public let name: String
  /// The pictures in order.
  public internal(set) var items: [Item]
  /// Names of the classes by index; `nil` where nobody named them.
  public let classNames: [String]?

  /// Index of each picture's class; `nil` where one of them has none.
  public var labels: [Int]? {
    let labels = items.compactMap(\.label)
    return labels.count == items.count ? labels : nil
  }

  init(name: String, items: [Item], classNames: [String]?) throws {
    guard !items.isEmpty else {
      throw CodecError(
        .data, "there is no picture", at: name,
        remedy: "pictures end in \(Self.extensions.joined(separator: ", "))")
    }
    (self.name, self.items, self.classNames) = (name, items, classNames)
  }

  /// What files of pictures end in, whatever the case.
  static let extensions = ["jpg", "jpeg", "png"]

  /// What lists of pictures end in.
  static let listExtensions = ["txt", "csv", "tsv", "lst"]

  /// Whether a source on the command line is a folder or list of pictures.
  public static func isOne(_ path: String) -> Bool {
    switch isFolder(path) {
    case nil: false
    case true?: true
    case false?: listExtensions.contains(URL(filePath: path).pathExtension.lowercased())
    }
  }

  /// Lists the pictures of a folder or list file.
  /// - Parameters:
  ///   - labels: a list of `PICTURE LABEL` lines for a flat folder.
  ///   - classes: the model's classes.
  /// - Throws: `CodecError`: `fileSystem` where something cannot be read; `data` for an empty folder or class folder, a
  ///   label that is none of the classes and a list that names no picture.
  public init(_ path: String, labels: String? = nil, classes: ClassNames) throws {
    guard let isFolder = Self.isFolder(path) else {
      throw CodecError(.fileSystem, "there is no such folder or list of pictures", at: path)
    }
    if !isFolder {
      let folder = URL(filePath: path).deletingLastPathComponent().path
      try self.init(list: path, folder: folder, classes: classes)
    } else if let labels {
      try self.init(list: labels, folder: path, classes: classes)
    } else {
      try self.init(folder: path, classes: classes)
    }
  }

  private init(folder: String, classes: ClassNames) throws {
    let entries = try Self.contents(of: folder)
    let folders = entries.filter(\.isFolder).map(\.name)
    guard !folders.isEmpty else {
      let items = entries.filter(\.isPicture).map {
        Item(path: "\(folder)/\($0.name)", name: $0.name, label: nil)
      }
      try self.init(name: folder, items: items, classNames: classes.names)
      return
    }
    let labels = try classes.labels(ofFolders: folders, at: folder)
    var items: [Item] = []
    for (name, label) in zip(folders, labels) {
      let pictures = try Self.pictures(below: name, of: folder)
      guard !pictures.isEmpty else {
        throw CodecError(
          .data, "the class folder \(name) holds no picture", at: folder, remedy: "fill it or remove it")
      }
      items += pictures.map { Item(path: "\(folder)/\($0)", name: $0, label: label) }
    }
    try self.init(
      name: folder, items: items,
      classNames: classes.names ?? (folders.count == classes.count ? folders : nil))
  }

  private init(list: String, folder: String, classes: ClassNames) throws {
    let lines = try PictureListFile(reading: list)
    let items = try lines.entries.map { entry in
      guard let file = Self.file(entry.picture, in: folder) else {
        throw CodecError(
          .data, "line \(entry.line) names \(entry.picture), which is not there", at: list,
          remedy: "paths count from \(folder)")
      }
      let label = try entry.label.map { try classes.index(of: $0, at: "\(list), line \(entry.line)") }
      return Item(path: "\(folder)/\(file)", name: file, label: label)
    }
    try self.init(name: folder, items: items, classNames: classes.names)
  }

  /// A picture named in a list, with the ending that lists may leave out.
  private static func file(_ name: String, in folder: String) -> String? {
    let endings = [""] + ["JPEG", "jpg", "jpeg", "png"].map { ".\($0)" }
    return endings.map { name + $0 }.first { isFolder("\(folder)/\($0)") == false }
  }

  /// Whether a path leads to a folder or a file, through links; `nil` where there is nothing.
  private static func isFolder(_ path: String) -> Bool? {
    let target = URL(filePath: path).resolvingSymlinksInPath()
    return (try? target.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory
  }

  private struct Entry {
    let name: String
    let isFolder: Bool

    var isPicture: Bool {
      !isFolder && ImageList.extensions.contains(URL(filePath: name).pathExtension.lowercased())
    }
  }

  /// Entries of a folder in the order of their names' bytes; hidden ones are left out.
  private static func contents(of folder: String) throws -> [Entry] {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
      throw CodecError(.fileSystem, "cannot list the folder", at: folder)
    }
    return names.filter { !$0.hasPrefix(".") }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map {
      Entry(name: $0, isFolder: isFolder("\(folder)/\($0)") ?? false)
    }
  }

  /// Paths, from `root`, of all pictures in a folder and the folders in it.
  private static func pictures(below folder: String, of root: String) throws -> [String] {
    try contents(of: "\(root)/\(folder)").flatMap { entry in
      let path = "\(folder)/\(entry.name)"
      return entry.isFolder ? try pictures(below: path, of: root) : entry.isPicture ? [path] : []
    }
  }
}
