import Foundation
import Storage

/// A summary as files, for programs and for people.
enum SummaryFiles {
  static func write(_ summary: some Encodable, words: String, json: String, text: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    try AtomicFile.write(String(decoding: try encoder.encode(summary), as: UTF8.self) + "\n", to: json)
    try AtomicFile.write(words, to: text)
  }
}
