import Runtime

/// The checked header of a `.npy` file: magic, version, length, and a Python dictionary of type, order and shape.
struct NpyHeader {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  let format: ElementFormat
  let isBigEndian: Bool
  let isFortranOrder: Bool
  let shape: [Int]
  let dataStart: Int

  init(of file: any ByteSource) throws {
    let path = file.path
    guard file.count > 0 else { throw CodecError(.data, "the file is empty", at: path) }
    let start = try file.prefix(12)
    guard start.count == 12, start.starts(with: Self.magic), (1...3).contains(start[6]) else {
      throw CodecError(.data, "not a .npy file of version 1, 2 or 3", at: path)
    }
    let lengthBytes = start[6] == 1 ? 2 : 4
    let length = start[8..<8 + lengthBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= 1 << 20 else {
      throw CodecError(
        .data, "the .npy header claims \(length) bytes", at: path, remedy: "the file is damaged")
    }
    dataStart = 8 + lengthBytes + length
    let text = String(decoding: try file.bytes(at: 8 + lengthBytes, count: length), as: UTF8.self)
    var dictionary = PythonDictionary(text)
    guard let members = dictionary.members(), case .text(let type)? = members["descr"],
      case .bool(let isFortran)? = members["fortran_order"], case .integers(let shape)? = members["shape"]
    else {
      throw CodecError(
        .data, "the .npy header cannot be understood", at: path, remedy: "it reads \(text.prefix(200))")
    }
    guard let format = Self.formats[String(type.dropFirst())], let order = type.first, "<>|=".contains(order)
    else {
      throw CodecError(.data, "the array's type \(type) is no number", at: path)
    }
    (self.format, isBigEndian, isFortranOrder, self.shape) = (format, order == ">", isFortran, shape)
    try Self.check(shape, size: format.size, has: file.count - dataStart, path)
  }

  private static let formats: [String: ElementFormat] = [
    "b1": .bool, "u1": .uint8, "i1": .int8, "u2": .uint16, "i2": .int16, "f2": .float16, "u4": .uint32,
    "i4": .int32,
    "f4": .float32, "u8": .uint64, "i8": .int64, "f8": .float64,
  ]

  private static func check(_ shape: [Int], size: Int, has found: Int, _ path: String) throws {
    var bytes = size
    for length in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else {
        throw CodecError(.data, "the array's shape \(shape) is impossible", at: path)
      }
      bytes = product
    }
    guard bytes == found else {
      throw CodecError(
        .data, bytes > found ? "the array is truncated" : "bytes follow the array", at: path,
        remedy: "shape \(shape) needs \(bytes) bytes; there are \(found)")
    }
  }
}

/// The Python literal in a header: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
private struct PythonDictionary {
  enum Value {
    case text(String)
    case bool(Bool)
    case integers([Int])
  }

  private var rest: Substring

  init(_ text: String) { rest = text[...] }

  /// The members; nil where the text is anything else.
  mutating func members() -> [String: Value]? {
    var members: [String: Value] = [:]
    guard take("{") else { return nil }
    while !take("}") {
      guard let name = quoted(), take(":"), let value = value() else { return nil }
      members[name] = value
      if !take(",") {
        guard take("}") else { return nil }
        break
      }
    }
    return members
  }

  private mutating func take(_ word: String) -> Bool {
    rest = rest.drop { $0.isWhitespace }
    guard rest.hasPrefix(word) else { return false }
    rest = rest.dropFirst(word.count)
    return true
  }

  private mutating func quoted() -> String? {
    for quote in ["'", "\""] where take(quote) {
      guard let end = rest.firstIndex(of: Character(quote)) else { return nil }
      defer { rest = rest[end...].dropFirst() }
      return String(rest[..<end])
    }
    return nil
  }

  private mutating func value() -> Value? {
    if take("True") { return .bool(true) }
    if take("False") { return .bool(false) }
    guard take("(") else { return quoted().map { .text($0) } }
    guard let end = rest.firstIndex(of: ")") else { return nil }
    // Python 2 wrote long integers as 3L.
    let lengths = rest[..<end].split(separator: ",").map { $0.filter { !$0.isWhitespace && $0 != "L" } }
    rest = rest[end...].dropFirst()
    let integers = lengths.filter { !$0.isEmpty }.map { Int($0) }
    return integers.contains(nil) ? nil : .integers(integers.compactMap { $0 })
  }
}
