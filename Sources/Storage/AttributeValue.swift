/// What an attribute of a file, group or dataset holds.
public enum AttributeValue: Sendable, Equatable, Codable {
  case text(String)
  case texts([String])
  case integer(Int)
  case integers([Int])
  case number(Double)
  case numbers([Double])
  /// A type with no meaning here, such as a reference; HDF5's name of its class.
  case other(String)

  /// The text, where it is one.
  public var asText: String? {
    switch self {
    case .text(let text): text
    case .texts(let texts): texts.count == 1 ? texts[0] : nil
    default: nil
    }
  }

  /// The texts, where there are any.
  public var asTexts: [String]? {
    switch self {
    case .text(let text): [text]
    case .texts(let texts): texts
    default: nil
    }
  }

  /// The only number, integer or not.
  public var asNumber: Double? {
    guard let numbers = asNumbers, numbers.count == 1 else { return nil }
    return numbers[0]
  }

  /// All numbers, integers or not.
  public var asNumbers: [Double]? {
    switch self {
    case .integer(let value): [Double(value)]
    case .integers(let values): values.map(Double.init)
    case .number(let value): [value]
    case .numbers(let values): values
    default: nil
    }
  }

  /// The only integer.
  public var asInteger: Int? {
    guard let values = asIntegers, values.count == 1 else { return nil }
    return values[0]
  }

  /// All integers; numbers without fractions count.
  public var asIntegers: [Int]? {
    switch self {
    case .integer(let value): [value]
    case .integers(let values): values
    case .number(let value): Int(exactly: value).map { [$0] }
    case .numbers(let values):
      values.allSatisfy { Int(exactly: $0) != nil } ? values.map { Int($0) } : nil
    default: nil
    }
  }
}

extension AttributeValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  /// A text.
  public init(stringLiteral value: String) { self = .text(value) }
  /// One integer.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// One number.
  public init(floatLiteral value: Double) { self = .number(value) }
}

extension AttributeValue: CustomStringConvertible {
  /// The value as a reader writes it.
  public var description: String {
    switch self {
    case .text(let text): text
    case .texts(let texts): texts.joined(separator: ", ")
    case .integer(let value): "\(value)"
    case .integers(let values): "\(values)"
    case .number(let value): "\(value)"
    case .numbers(let values): "\(values)"
    case .other(let name): "(\(name))"
    }
  }
}
