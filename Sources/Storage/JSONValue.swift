import Foundation

/// A JSON document of unknown structure.
///
/// Of two members of the same name Foundation's parser keeps one: in a model file's header the other's bytes are then
/// a gap, which is an error there.
enum JSONValue: Equatable, Decodable {
  case object([String: JSONValue])
  case array([JSONValue])
  case string(String)
  /// A number without fraction.
  case integer(Int)
  case number(Double)
  case bool(Bool)
  case null

  /// - Throws: `DecodingError` where the text is not JSON.
  init(parsing text: Data) throws { self = try JSONDecoder().decode(JSONValue.self, from: text) }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let values = try? container.decode([JSONValue].self) {
      self = .array(values)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// The members of an object by name; nil for anything else.
  var members: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }

  /// The elements of an array of whole numbers; nil for anything else.
  var integers: [Int]? {
    guard case .array(let values) = self else { return nil }
    let integers = values.compactMap { if case .integer(let value) = $0 { value } else { nil } }
    return integers.count == values.count ? integers : nil
  }

  /// The text of a string; nil for anything else.
  var string: String? { if case .string(let text) = self { text } else { nil } }
}

extension JSONValue {
  /// The value as a reader writes it.
  var words: String {
    switch self {
    case .object(let members):
      "{" + members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.words)" }.joined(separator: ", ")
        + "}"
    case .array(let values): "[" + values.map(\.words).joined(separator: ", ") + "]"
    case .string(let text): text
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .bool(let value): "\(value)"
    case .null: "not set"
    }
  }
}
