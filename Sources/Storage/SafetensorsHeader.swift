import Foundation
import Runtime

/// The checked header of a safetensors file: eight bytes of length, JSON, then the tensors' bytes without gaps.
struct SafetensorsHeader {
  private(set) var metadata: [String: String] = [:]
  private(set) var entries: [String: Safetensors.Entry] = [:]
  let dataStart: Int
  private let path: String

  /// The format's own limit.
  private static let longest = 100_000_000

  private static let formats: [String: ElementFormat] = [
    "BOOL": .bool, "U8": .uint8, "I8": .int8, "U16": .uint16, "I16": .int16, "F16": .float16,
    "BF16": .bfloat16,
    "U32": .uint32, "I32": .int32, "F32": .float32, "U64": .uint64, "I64": .int64, "F64": .float64,
  ]

  init(of file: ReadableFile) throws {
    path = file.path
    guard file.count > 0 else { throw CodecError(.data, "the file is empty", at: file.path) }
    guard file.count >= 8 else {
      throw CodecError(.data, "not a safetensors file", at: path, remedy: "it has only \(file.count) bytes")
    }
    let claimed = try file.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard claimed <= Self.longest else {
      throw CodecError(
        .data, "not a safetensors file", at: path,
        remedy: "its header claims \(claimed) bytes; at most \(Self.longest) are allowed")
    }
    guard Int(claimed) <= file.count - 8 else {
      throw CodecError(
        .data, "the safetensors file is truncated", at: path,
        remedy: "its header claims \(claimed) bytes; \(file.count - 8) follow")
    }
    dataStart = 8 + Int(claimed)
    try read(try file.bytes(at: 8, count: Int(claimed)))
    try checkOffsets(dataCount: file.count - dataStart)
  }

  private func flaw(_ what: String, _ remedy: String? = nil) -> CodecError {
    CodecError(.data, what, at: path, remedy: remedy)
  }

  private mutating func read(_ text: [UInt8]) throws {
    let header: JSONValue
    do { header = try JSONValue(parsing: Data(text)) } catch {
      throw flaw("the safetensors header is not valid JSON", "export the model again")
    }
    guard let members = header.members else { throw flaw("the safetensors header is not a JSON object") }
    for (name, value) in members {
      if name == "__metadata__" {
        metadata = try texts(value)
      } else {
        entries[name] = try entry(name, value)
      }
    }
  }

  private func texts(_ value: JSONValue) throws -> [String: String] {
    guard let members = value.members else { throw flaw("the safetensors metadata is not a JSON object") }
    return try members.mapValues {
      guard let text = $0.string else {
        throw flaw("the safetensors metadata holds something other than strings")
      }
      return text
    }
  }

  private func entry(_ name: String, _ value: JSONValue) throws -> Safetensors.Entry {
    guard let members = value.members, let type = members["dtype"]?.string,
      let shape = members["shape"]?.integers,
      let offsets = members["data_offsets"]?.integers, offsets.count == 2
    else { throw flaw("tensor \(name) lacks dtype, shape or data_offsets") }
    guard let format = Self.formats[type] else {
      throw flaw(
        "tensor \(name) has the unknown type \(type)",
        "known are \(Self.formats.keys.sorted().joined(separator: ", "))")
    }
    guard 0 <= offsets[0], offsets[0] <= offsets[1] else {
      throw flaw("tensor \(name) has impossible offsets \(offsets)")
    }
    var bytes = format.size
    for length in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else { throw flaw("tensor \(name) has an impossible shape \(shape)") }
      bytes = product
    }
    guard bytes == offsets[1] - offsets[0] else {
      throw flaw(
        "tensor \(name) of type \(type) and shape \(shape) needs \(bytes) bytes; it has \(offsets[1] - offsets[0])"
      )
    }
    return Safetensors.Entry(format: format, shape: shape, bytes: offsets[0]..<offsets[1])
  }

  /// Tensors must follow each other without gaps and end with the file.
  private func checkOffsets(dataCount: Int) throws {
    let ordered = entries.sorted {
      ($0.value.bytes.lowerBound, $0.value.bytes.upperBound, $0.key) < (
        $1.value.bytes.lowerBound, $1.value.bytes.upperBound, $1.key
      )
    }
    var end = 0
    for (name, entry) in ordered {
      guard entry.bytes.upperBound <= dataCount else {
        throw flaw(
          "tensor \(name) reaches beyond the end of the file",
          "it ends at byte \(entry.bytes.upperBound) of the data; there are \(dataCount): is the file truncated?"
        )
      }
      guard entry.bytes.lowerBound >= end else { throw flaw("tensor \(name) overlaps another") }
      guard entry.bytes.lowerBound == end else {
        throw flaw("\(entry.bytes.lowerBound - end) bytes before tensor \(name) belong to no tensor")
      }
      end = entry.bytes.upperBound
    }
    guard end == dataCount else {
      throw flaw("\(dataCount - end) bytes at the end of the file belong to no tensor")
    }
  }
}
