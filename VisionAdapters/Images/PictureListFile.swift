import Foundation
import Runtime

/// A text file that lists pictures, one a line: `PICTURE`, or `PICTURE LABEL` with blanks, a comma or a tab between.
///
/// A label is a class index or a class name. Further columns (ILSVRC's boxes) and a heading are passed over, as are
/// empty lines and those that begin with `#`.
struct PictureListFile {
  struct Entry: Equatable {
    /// The line's number, from 1.
    let line: Int
    let picture: String
    let label: String?
  }

  let entries: [Entry]

  init(reading path: String) throws {
    let text: String
    do { text = try String(contentsOf: URL(filePath: path), encoding: .utf8) } catch {
      throw CodecError(.fileSystem, "cannot read the list as text", at: path)
    }
    let headings = ["imageid", "image", "file", "filename", "path", "name", "picture"]
    entries = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .compactMap {
        index, line in
        let words = line.split { $0 == "," || $0 == "\t" || $0 == " " }.map(String.init)
        guard let picture = words.first, !picture.hasPrefix("#") else { return nil }
        if index == 0, headings.contains(picture.lowercased()) { return nil }
        return Entry(line: index + 1, picture: picture, label: words.count > 1 ? words[1] : nil)
      }
    guard !entries.isEmpty else {
      throw CodecError(
        .data, "the list names no picture", at: path, remedy: "expected lines of PICTURE LABEL")
    }
  }
}

/// A model's classes: how many, and what they are called.
public struct ClassNames: Sendable, Equatable {
  /// Number of classes.
  public let count: Int
  /// Their names by index; `nil` where nobody named them.
  public let names: [String]?

  /// Classes of a model.
  public init(count: Int, names: [String]?) {
    precondition(names == nil || names?.count == count)
    (self.count, self.names) = (count, names)
  }

  /// Reads a class list: a name a line, in order, or `NAME INDEX` lines in any order (ILSVRC's synsets).
  /// - Parameters:
  ///   - count: number of the model's classes.
  /// - Throws: `CodecError`: `fileSystem` where it cannot be read; `data` for an index beyond the classes or one that is
  ///   given twice or never.
  public init(reading path: String, count: Int) throws {
    let lines = try PictureListFile(reading: path).entries
    let isNumbered = lines.allSatisfy { Int($0.label ?? "") != nil }
    var names = [String?](repeating: nil, count: count)
    for (place, line) in lines.enumerated() {
      let index = isNumbered ? Int(line.label ?? "") ?? place : place
      guard names.indices.contains(index) else {
        throw CodecError(
          .data, "class \(line.picture) has index \(index), the model \(count) classes", at: path,
          remedy: "indices are 0 to \(count - 1)")
      }
      guard names[index] == nil else {
        throw CodecError(.data, "index \(index) is given to two classes", at: path)
      }
      names[index] = line.picture
    }
    if let missing = names.firstIndex(of: nil) {
      throw CodecError(
        .data, "class \(missing) has no name", at: path, remedy: "the model has \(count) classes")
    }
    self.init(count: count, names: names.compactMap { $0 })
  }

  /// The class an index or a name stands for.
  /// - Throws: `CodecError` of kind `data` for one that is none of the classes.
  func index(of text: String, at place: String) throws -> Int {
    if let index = names?.firstIndex(of: text) { return index }
    if let index = Int(text), (0..<count).contains(index) { return index }
    throw CodecError(
      .data, "the label \(text) is none of the model's \(count) classes", at: place,
      remedy: Int(text) != nil
        ? "labels count from 0 to \(count - 1)" : "give the names of the classes with --classes")
  }

  /// The class of each folder: by name where the folders are named as classes, otherwise by place.
  func labels(ofFolders folders: [String], at place: String) throws -> [Int] {
    if let names {
      let found = folders.map { names.firstIndex(of: $0) }
      if found.allSatisfy({ $0 != nil }) { return found.compactMap { $0 } }
      if let unknown = zip(folders, found).first(where: { $1 == nil }), found.contains(where: { $0 != nil }) {
        throw CodecError(
          .data, "the folder \(unknown.0) is named as none of the model's classes, others are", at: place,
          remedy: "rename it, or give the names of the classes with --classes")
      }
    }
    guard folders.count <= count else {
      throw CodecError(
        .data, "\(folders.count) class folders are more than the model's \(count) classes", at: place,
        remedy: "use the model trained on these classes")
    }
    guard folders.count == count else {
      throw CodecError(
        .data, "\(folders.count) class folders for the model's \(count) classes: which is which is unknown",
        at: place,
        remedy: "name the classes' folders with --classes, a line of NAME INDEX for each")
    }
    return Array(folders.indices)
  }
}
