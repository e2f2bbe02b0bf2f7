import Foundation
import Numerics
import ONNXSchema
import Runtime

/// The length that stands for the batch while a graph is read: a prime that no layer has as a size, so that shape
/// arithmetic is done in plain numbers, and lengths that are multiples of it belong to the batch.
let batchMarker = 1_000_003

/// Whether a length counts samples.
func countsSamples(_ length: Int) -> Bool { length != 0 && length % batchMarker == 0 }

/// The lengths of one sample's numbers: those that count samples divided by the batch.
func perSample(_ shape: [Int]) -> [Int] { shape.map { countsSamples($0) ? $0 / batchMarker : $0 } }

/// The product of lengths; `nil` where it is too large for any tensor.
func product(_ lengths: some Sequence<Int>) -> Int? {
  lengths.reduce(1 as Int?) { result, length in
    guard let (product, overflows) = result?.multipliedReportingOverflow(by: length), !overflows else {
      return nil
    }
    return product
  }
}

/// Checks that one sample of a shape can be held: in a damaged file sizes may be anything.
func checkSize(_ shape: [Int]) throws {
  guard shape.allSatisfy({ $0 >= 0 }), shape.count(where: countsSamples) <= 1,
    let count = product(perSample(shape).map { max($0, 1) }), count < 1 << 31
  else { throw CodecError(.data, "it makes a tensor of \(batchText(shape)) numbers") }
}

/// A tensor of a graph whose numbers are known: weights, sizes, places.
struct ONNXConstant {
  /// The numbers, row-major.
  enum Numbers {
    case floats([Float])
    /// Integers and truth values.
    case integers([Int])

    var count: Int {
      switch self {
      case .floats(let values): values.count
      case .integers(let values): values.count
      }
    }
  }

  /// Length of each axis. One that counts samples is stored for one sample alone: all have the same numbers.
  let shape: [Int]
  let numbers: Numbers
  /// What each number grows by from one sample to the next: places in a tensor whose samples are merged with something
  /// else. All else has the same numbers for all samples.
  let sampleStep: Int

  init(shape: [Int], _ numbers: Numbers, sampleStep: Int = 0) {
    precondition(elementCount(perSample(shape)) == numbers.count)
    (self.shape, self.numbers, self.sampleStep) = (shape, numbers, sampleStep)
  }

  /// A vector of integers.
  init(_ integers: [Int]) { self.init(shape: [integers.count], .integers(integers)) }

  /// The numbers as integers; `nil` for a tensor of floats.
  var integers: [Int]? {
    if case .integers(let values) = numbers { values } else { nil }
  }

  /// The numbers as floats.
  var floats: [Float] {
    switch numbers {
    case .floats(let values): values
    case .integers(let values): values.map { Float($0) }
    }
  }

  /// The only number; `nil` where there are several.
  var scalar: Float? { numbers.count == 1 ? floats[0] : nil }

  /// The numbers of one sample as a tensor.
  var tensor: Tensor { Tensor(shape: perSample(shape), elements: floats) }

  /// The same numbers under another shape.
  func reshaped(_ shape: [Int]) -> ONNXConstant {
    ONNXConstant(shape: shape, numbers, sampleStep: sampleStep)
  }

  /// The numbers at `places`, in this order.
  func picking(_ places: [Int], shape: [Int]) -> ONNXConstant {
    let picked: Numbers =
      switch numbers {
      case .floats(let values): .floats(places.map { values[$0] })
      case .integers(let values): .integers(places.map { values[$0] })
      }
    return ONNXConstant(shape: shape, picked, sampleStep: sampleStep)
  }
}

/// ONNX's numbers for types of elements that can be read.
enum ONNXElement: Int32 {
  case float = 1
  case uint8, int8, uint16, int16, int32, int64
  case bool = 9
  case float16, double, uint32, uint64
  case bfloat16 = 16

  var isFloat: Bool {
    switch self {
    case .float, .float16, .double, .bfloat16: true
    default: false
    }
  }

  /// Bytes of one number in `raw_data`.
  var size: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float, .int32, .uint32: 4
    case .int64, .double, .uint64: 8
    }
  }
}

extension ONNXConstant {
  /// Reads a stored tensor.
  /// - Throws: `CodecError` of kind `data` for external data, types that cannot be read and numbers that do not fill
  ///   the shape.
  init(_ stored: ONNXTensor, name: String) throws {
    guard stored.dataLocation != .external, stored.externalData.isEmpty else {
      throw CodecError(
        .data, "the numbers of \(name) are in another file (external data)",
        remedy:
          "save the model as one file: onnx.save(onnx.load(FILE), OUT), or export with external_data=False")
    }
    guard let type = ONNXElement(rawValue: stored.dataType) else {
      throw CodecError(
        .data, "tensor \(name) has elements of ONNX's type \(stored.dataType), which cannot be read",
        remedy: "use floats of 16 to 64 bits or integers")
    }
    let shape = stored.dims.map { Int($0) }
    let numbers =
      stored.rawData.isEmpty ? Self.typed(stored, type) : try Self.raw(stored.rawData, type, name: name)
    var product = (partialValue: 1, overflow: false)
    for length in shape where !product.overflow {
      product = length < 0 ? (0, true) : product.partialValue.multipliedReportingOverflow(by: length)
    }
    guard !product.overflow, numbers.count == product.partialValue else {
      throw CodecError(
        .data, "tensor \(name) holds \(numbers.count) numbers, which do not fill \(shapeText(shape))",
        remedy: "the file is damaged: export it again")
    }
    if shape.contains(where: countsSamples) {
      throw CodecError(.data, "tensor \(name) is too large: \(shapeText(shape))")
    }
    self.init(shape: shape, numbers)
  }

  private static func typed(_ stored: ONNXTensor, _ type: ONNXElement) -> Numbers {
    switch type {
    case .float: .floats(stored.floatData)
    case .double: .floats(stored.doubleData.map { Float($0) })
    case .float16:
      .floats(stored.int32Data.map { Float(Float16(bitPattern: UInt16(truncatingIfNeeded: $0))) })
    case .bfloat16: .floats(stored.int32Data.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) })
    case .int64: .integers(stored.int64Data.map { Int($0) })
    case .uint32, .uint64: .integers(stored.uint64Data.map { Int(clamping: $0) })
    case .uint8, .int8, .uint16, .int16, .int32, .bool: .integers(stored.int32Data.map { Int($0) })
    }
  }

  private static func raw(_ data: Data, _ type: ONNXElement, name: String) throws -> Numbers {
    guard data.count % type.size == 0 else {
      throw CodecError(.data, "tensor \(name) ends in the middle of a number")
    }
    func integers<Stored: FixedWidthInteger>(_: Stored.Type) -> Numbers {
      .integers(elements(data, Stored.self).map { Int(clamping: Stored(littleEndian: $0)) })
    }
    return switch type {
    case .float: .floats(elements(data, UInt32.self).map { Float(bitPattern: UInt32(littleEndian: $0)) })
    case .double:
      .floats(elements(data, UInt64.self).map { Float(Double(bitPattern: UInt64(littleEndian: $0))) })
    case .float16:
      .floats(elements(data, UInt16.self).map { Float(Float16(bitPattern: UInt16(littleEndian: $0))) })
    case .bfloat16:
      .floats(elements(data, UInt16.self).map { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) })
    case .uint8, .bool: integers(UInt8.self)
    case .int8: integers(Int8.self)
    case .uint16: integers(UInt16.self)
    case .int16: integers(Int16.self)
    case .int32: integers(Int32.self)
    case .uint32: integers(UInt32.self)
    case .int64: integers(Int64.self)
    case .uint64: integers(UInt64.self)
    }
  }

  /// The bytes as numbers of one type, in the file's byte order.
  private static func elements<Stored>(_ data: Data, _: Stored.Type) -> [Stored] {
    let count = data.count / MemoryLayout<Stored>.size
    return [Stored](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = data.copyBytes(to: buffer) / MemoryLayout<Stored>.size
    }
  }
}
