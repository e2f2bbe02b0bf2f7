import Foundation
import Runtime
import Storage

/// The result files of a folder by what they hold, whatever their names.
struct ResultFolder {
  let path: String
  /// Paths by schema, each schema's in the order of names.
  let files: [String: [String]]

  /// - Throws: `CodecError` of kind `fileSystem` where the folder cannot be read.
  init(_ path: String) throws {
    self.path = path
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      throw CodecError(
        .fileSystem, "cannot read the folder", at: path,
        remedy: "give a folder of results, such as codec-demo")
    }
    var files: [String: [String]] = [:]
    for name in names.sorted() where name.hasSuffix(".h5") {
      let file = URL(filePath: path).appending(path: name).relativePath
      // A recording among the results is no result.
      guard let schema = try? H5File(reading: file).attribute("schema")?.asText else { continue }
      files[schema, default: []].append(file)
    }
    self.files = files
  }

  /// The only file of a schema, or the first whose name is the schema's own; nil where there is none.
  func file(_ schema: String) throws -> H5File? {
    guard let paths = files[schema] else { return nil }
    return try H5File(
      reading: paths.first { URL(filePath: $0).lastPathComponent == "\(schema).h5" } ?? paths[0])
  }
}
