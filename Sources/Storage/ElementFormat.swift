/// How numbers stand in the bytes of a model or array file.
enum ElementFormat: String, CaseIterable {
  case bool, uint8, int8, uint16, int16, float16, bfloat16, uint32, int32, float32, uint64, int64, float64

  /// Bytes of one number.
  var size: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  /// The numbers in `bytes`, rounded to the nearest where `Output` is narrower.
  func decode<Output: BinaryFloatingPoint>(
    _ bytes: [UInt8], isBigEndian: Bool = false, as type: Output.Type = Output.self
  ) -> [Output] {
    switch self {
    case .bool: bytes.map { $0 == 0 ? 0 : 1 }
    case .uint8: bytes.map { Output($0) }
    case .int8: bytes.map { Output(Int8(bitPattern: $0)) }
    case .uint16: decode(bytes, isBigEndian) { Output($0 as UInt16) }
    case .int16: decode(bytes, isBigEndian) { Output(Int16(bitPattern: $0)) }
    case .float16: decode(bytes, isBigEndian) { Output(Float16(bitPattern: $0)) }
    case .bfloat16: decode(bytes, isBigEndian) { Output(Float(bitPattern: UInt32($0 as UInt16) << 16)) }
    case .uint32: decode(bytes, isBigEndian) { Output($0 as UInt32) }
    case .int32: decode(bytes, isBigEndian) { Output(Int32(bitPattern: $0)) }
    case .float32: decode(bytes, isBigEndian) { Output(Float(bitPattern: $0)) }
    case .uint64: decode(bytes, isBigEndian) { Output($0 as UInt64) }
    case .int64: decode(bytes, isBigEndian) { Output(Int64(bitPattern: $0)) }
    case .float64: decode(bytes, isBigEndian) { Output(Double(bitPattern: $0)) }
    }
  }

  @inline(__always)
  private func decode<Bits: FixedWidthInteger & BitwiseCopyable, Output>(
    _ bytes: [UInt8], _ isBigEndian: Bool, _ number: (Bits) -> Output
  ) -> [Output] {
    bytes.withUnsafeBytes { buffer in
      (0..<buffer.count / MemoryLayout<Bits>.size).map { index in
        let bits = buffer.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
        return number(isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
      }
    }
  }
}
