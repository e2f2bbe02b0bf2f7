import Foundation
import Runtime

/// Numbers in a text file: one row a line, between commas, semicolons, tabs or blanks; `#` begins a comment.
struct NumberTable {
  /// The columns' names in lower case, where the first line holds any.
  let header: [String]?
  /// The numbers of each line.
  let rows: [[Double]]

  /// - Throws: `CodecError`: `fileSystem` where the file cannot be read, `data` naming the line that is no numbers.
  init(reading path: String) throws {
    let text: String
    do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
      let isMissing = !FileManager.default.fileExists(atPath: path)
      throw CodecError(
        isMissing ? .fileSystem : .data, "cannot read the list", at: path,
        remedy: isMissing ? "No such file or directory" : "it is not a text file in UTF-8")
    }
    var (header, rows): ([String]?, [[Double]]) = (nil, [])
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let words = line.prefix { $0 != "#" }.split { ",;\t ".contains($0) }
      guard !words.isEmpty else { continue }
      let numbers = words.compactMap { Double($0) }
      if numbers.count == words.count {
        rows.append(numbers)
      } else if rows.isEmpty, header == nil, numbers.isEmpty {
        header = words.map { $0.lowercased().trimmingCharacters(in: CharacterSet(charactersIn: "\"'")) }
      } else {
        throw CodecError(.data, "line \(number + 1) holds something that is no number", at: path)
      }
    }
    guard !rows.isEmpty else { throw CodecError(.data, "the file holds no numbers", at: path) }
    (self.header, self.rows) = (header, rows)
  }

  /// The place of the first column of one of these names.
  func column(_ names: [String]) -> Int? {
    header.flatMap { header in header.firstIndex(where: names.contains) }
  }
}
