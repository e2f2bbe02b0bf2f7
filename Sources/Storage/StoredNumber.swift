import CHDF5

/// The number types files hold.
public enum NumberType: String, Sendable, Codable, CaseIterable {
  case float32, float64
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64

  /// Bytes of one number.
  public var size: Int {
    switch self {
    case .int8, .uint8: 1
    case .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// Whether the numbers have no fractions.
  public var isInteger: Bool { self != .float32 && self != .float64 }

  /// HDF5's id of the type in this processor's byte order; belongs to the library.
  var native: hid_t {
    switch self {
    case .float32: codec_h5_native_float()
    case .float64: codec_h5_native_double()
    case .int8: codec_h5_native_int8()
    case .int16: codec_h5_native_int16()
    case .int32: codec_h5_native_int32()
    case .int64: codec_h5_native_int64()
    case .uint8: codec_h5_native_uint8()
    case .uint16: codec_h5_native_uint16()
    case .uint32: codec_h5_native_uint32()
    case .uint64: codec_h5_native_uint64()
    }
  }
}

/// A Swift number that files can hold.
public protocol StoredNumber: BitwiseCopyable, Sendable {
  /// The type a file calls it.
  static var numberType: NumberType { get }
  /// What uninitialised memory is filled with.
  static var zero: Self { get }
  /// The same number in this type; nil where it does not fit or has a fraction that does not.
  init?(exactly number: Double)
}

extension Float: StoredNumber {
  /// Single precision.
  public static var numberType: NumberType { .float32 }
}
extension Double: StoredNumber {
  /// Double precision.
  public static var numberType: NumberType { .float64 }
}
extension Int: StoredNumber {
  /// Signed, 64 bits.
  public static var numberType: NumberType { .int64 }
}
extension Int8: StoredNumber {
  /// Signed, 8 bits.
  public static var numberType: NumberType { .int8 }
}
extension Int16: StoredNumber {
  /// Signed, 16 bits.
  public static var numberType: NumberType { .int16 }
}
extension Int32: StoredNumber {
  /// Signed, 32 bits.
  public static var numberType: NumberType { .int32 }
}
extension Int64: StoredNumber {
  /// Signed, 64 bits.
  public static var numberType: NumberType { .int64 }
}
extension UInt8: StoredNumber {
  /// Unsigned, 8 bits.
  public static var numberType: NumberType { .uint8 }
}
extension UInt16: StoredNumber {
  /// Unsigned, 16 bits.
  public static var numberType: NumberType { .uint16 }
}
extension UInt32: StoredNumber {
  /// Unsigned, 32 bits.
  public static var numberType: NumberType { .uint32 }
}
extension UInt64: StoredNumber {
  /// Unsigned, 64 bits.
  public static var numberType: NumberType { .uint64 }
}
