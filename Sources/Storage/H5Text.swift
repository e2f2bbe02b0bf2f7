import CHDF5
import Runtime

/// Strings in HDF5: of variable length (what h5py and pynwb write) or fixed, padded with zeros or spaces.
enum H5Text {
  /// Reads `count` strings.
  /// - Parameters:
  ///   - type: the type in the file.
  ///   - read: fills a buffer, given a type for the memory.
  static func read(
    count: Int, type: H5Handle, at place: String, _ read: (hid_t, UnsafeMutableRawPointer) -> herr_t
  ) throws -> [String] {
    guard count > 0 else { return [] }
    return H5Tis_variable_str(type.id) > 0
      ? try readVariable(count: count, type: type, at: place, read)
      : try readFixed(count: count, type: type, at: place, read)
  }

  private static func readVariable(
    count: Int, type: H5Handle, at place: String, _ read: (hid_t, UnsafeMutableRawPointer) -> herr_t
  ) throws -> [String] {
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    let space = try H5Handle(
      H5Screate_simple(1, [hsize_t(count)], nil), "cannot read text", at: place, closedBy: H5Sclose)
    let status = pointers.withUnsafeMutableBytes { read(type.id, $0.baseAddress!) }
    defer { _ = pointers.withUnsafeMutableBytes { H5Dvlen_reclaim(type.id, space.id, 0, $0.baseAddress!) } }
    try H5.check(status, "cannot read text", at: place)
    return pointers.map { pointer in pointer.map { String(cString: $0) } ?? "" }
  }

  private static func readFixed(
    count: Int, type: H5Handle, at place: String, _ read: (hid_t, UnsafeMutableRawPointer) -> herr_t
  ) throws -> [String] {
    let length = H5Tget_size(type.id)
    guard length > 0, length <= 1 << 24, count <= (1 << 32) / length else {
      throw CodecError(.data, "strings of \(length) bytes are too long to read", at: place)
    }
    var bytes = [UInt8](repeating: 0, count: count * length)
    let status = bytes.withUnsafeMutableBytes { read(type.id, $0.baseAddress!) }
    try H5.check(status, "cannot read text", at: place)
    let isSpacePadded = H5Tget_strpad(type.id) == H5T_STR_SPACEPAD
    return (0..<count).map { index in
      var text = bytes[index * length..<(index + 1) * length].prefix { $0 != 0 }
      while isSpacePadded, text.last == UInt8(ascii: " ") { text.removeLast() }
      return String(decoding: text, as: UTF8.self)
    }
  }

  /// The type of UTF-8 strings of variable length.
  static func variableType(at place: String) throws -> H5Handle {
    let type = try H5Handle(
      H5Tcopy(codec_h5_c_string()), "cannot make a text type", at: place, closedBy: H5Tclose)
    try H5.check(H5Tset_size(type.id, codec_h5_variable()), "cannot make a text type", at: place)
    try H5.check(H5Tset_cset(type.id, H5T_CSET_UTF8), "cannot make a text type", at: place)
    return type
  }

  /// Lends `texts` as C strings to `body`.
  static func withPointers<Value>(
    _ texts: [String], _ body: (UnsafeRawPointer) throws -> Value
  ) rethrows -> Value {
    let bytes: [UInt8] = texts.flatMap { text -> [UInt8] in text.utf8 + [0] }
    return try bytes.withUnsafeBufferPointer { buffer in
      var start = buffer.baseAddress!
      let pointers: [UnsafePointer<UInt8>] = texts.map { text in
        defer { start += text.utf8.count + 1 }
        return start
      }
      return try pointers.withUnsafeBytes { try body($0.baseAddress!) }
    }
  }
}
