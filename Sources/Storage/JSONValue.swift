/// A JSON document, its members in the order of the text.
///
/// Foundation's parsers silently keep one of two members of the same name; headers of model files must not.
enum JSONValue: Equatable {
  case object([Member])
  case array([JSONValue])
  case string(String)
  /// A number without fraction or exponent.
  case integer(Int)
  case number(Double)
  case bool(Bool)
  case null

  struct Member: Equatable {
    let name: String
    let value: JSONValue
  }

  /// - Throws: `JSONValue.Flaw` where the text is not JSON, nests deeper than 64, or names a member twice.
  init(parsing text: [UInt8]) throws {
    var reader = JSONReader(text: text)
    self = try reader.document()
  }

  /// Why a text is not JSON, and where.
  struct Flaw: Error { let reason: String }

  /// The members of an object by name; nil for anything else.
  var members: [String: JSONValue]? {
    guard case .object(let members) = self else { return nil }
    return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
  }

  /// The elements of an array of whole numbers; nil for anything else.
  var integers: [Int]? {
    guard case .array(let values) = self else { return nil }
    let integers = values.compactMap { if case .integer(let value) = $0 { value } else { nil } }
    return integers.count == values.count ? integers : nil
  }

  /// The text of a string; nil for anything else.
  var string: String? { if case .string(let text) = self { text } else { nil } }
}

/// A strict recursive-descent parser (RFC 8259).
private struct JSONReader {
  let text: [UInt8]
  var position = 0

  mutating func document() throws -> JSONValue {
    let value = try value(depth: 0)
    skipSpace()
    guard position == text.count else { throw flaw("more text follows the value") }
    return value
  }

  private func flaw(_ reason: String) -> JSONValue.Flaw {
    JSONValue.Flaw(reason: "\(reason) at byte \(position)")
  }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws -> JSONValue {
    guard depth < 64 else { throw flaw("nested too deeply") }
    if take("{") { return .object(try members(depth: depth)) }
    if take("[") { return .array(try elements(depth: depth)) }
    switch next {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func members(depth: Int) throws -> [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    if take("}") { return members }
    repeat {
      skipSpace()
      let name = try string()
      guard names.insert(name).inserted else { throw flaw("\"\(name)\" occurs twice") }
      guard take(":") else { throw flaw("a colon is missing") }
      members.append(.init(name: name, value: try value(depth: depth + 1)))
    } while take(",")
    guard take("}") else { throw flaw("a closing brace is missing") }
    return members
  }

  private mutating func elements(depth: Int) throws -> [JSONValue] {
    var elements: [JSONValue] = []
    if take("]") { return elements }
    repeat { elements.append(try value(depth: depth + 1)) } while take(",")
    guard take("]") else { throw flaw("a closing bracket is missing") }
    return elements
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws -> JSONValue {
    guard text[position...].starts(with: word.utf8) else { throw flaw("no value") }
    position += word.utf8.count
    return value
  }

  private mutating func number() throws -> JSONValue {
    let start = position
    while let byte = next, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
    let digits = String(decoding: text[start..<position], as: UTF8.self)
    let unsigned = digits.drop { $0 == "-" }
    let isPlain = !unsigned.isEmpty && unsigned.utf8.first! != UInt8(ascii: "+") && unsigned.first != "."
    if isPlain, let integer = Int(digits) { return .integer(integer) }
    if isPlain, let number = Double(digits), number.isFinite { return .number(number) }
    position = start
    throw flaw("no value")
  }

  private mutating func string() throws -> String {
    guard next == UInt8(ascii: "\"") else { throw flaw("a string is missing") }
    position += 1
    var bytes: [UInt8] = []
    while let byte = next, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw flaw("a control character in a string") }
      position += 1
      if byte == UInt8(ascii: "\\") { bytes += try escaped() } else { bytes.append(byte) }
    }
    guard next != nil else { throw flaw("a string does not end") }
    position += 1
    guard let text = String(validating: bytes, as: UTF8.self) else { throw flaw("a string is not UTF-8") }
    return text
  }

  private mutating func escaped() throws -> [UInt8] {
    guard let byte = next else { throw flaw("a string does not end") }
    position += 1
    switch Unicode.Scalar(byte) {
    case "\"", "\\", "/": return [byte]
    case "b": return [0x08]
    case "f": return [0x0C]
    case "n": return [0x0A]
    case "r": return [0x0D]
    case "t": return [0x09]
    case "u": return Array(String(try scalar()).utf8)
    default: throw flaw("an unknown escape in a string")
    }
  }

  /// `\uXXXX`, or a pair of them for scalars beyond sixteen bits.
  private mutating func scalar() throws -> Character {
    var code = try hexadecimal()
    if (0xD800..<0xDC00).contains(code), text[position...].starts(with: "\\u".utf8) {
      position += 2
      code = 0x10000 + (code - 0xD800) << 10 + (try hexadecimal() &- 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw flaw("an impossible character") }
    return Character(scalar)
  }

  private mutating func hexadecimal() throws -> UInt32 {
    let digits = text[position...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw flaw("four hexadecimal digits are missing") }
    position += 4
    return code
  }
}

extension JSONValue {
  /// The value as a reader writes it.
  var words: String {
    switch self {
    case .object(let members):
      "{" + members.map { "\($0.name): \($0.value.words)" }.joined(separator: ", ") + "}"
    case .array(let values): "[" + values.map(\.words).joined(separator: ", ") + "]"
    case .string(let text): text
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .bool(let value): "\(value)"
    case .null: "not set"
    }
  }
}
