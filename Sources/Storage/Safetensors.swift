import Foundation
import Numerics
import Runtime

/// A model's weights by name, in a safetensors file: the header is checked when opened, tensors are read as needed.
///
///     let weights = try Safetensors(reading: "model.safetensors")
///     let kernel = try weights.tensor("conv1.weight", shape: [8, 40, 15, 15])
public struct Safetensors: Sendable {
  /// The file it was read from.
  public let path: String
  /// The header's string metadata; empty where it has none.
  public let metadata: [String: String]
  private let file: ReadableFile
  private let entries: [String: Entry]
  private let dataStart: Int

  struct Entry: Sendable {
    let format: ElementFormat
    let shape: [Int]
    /// Bytes after the header.
    let bytes: Range<Int>
  }

  /// Names of all tensors, sorted.
  public var names: [String] { entries.keys.sorted() }

  /// Opens a file and checks its whole header.
  /// - Throws: `CodecError`: `fileSystem` where it cannot be read; `data` where the header is too long, no JSON or
  ///   names a tensor twice, a type is unknown, offsets overlap, leave gaps or pass the end, or lengths do not match shapes.
  public init(reading path: String) throws {
    self.path = path
    file = try ReadableFile(path)
    let header = try SafetensorsHeader(of: file)
    (metadata, entries, dataStart) = (header.metadata, header.entries, header.dataStart)
  }

  /// Whether a tensor of that name is there.
  public func contains(_ name: String) -> Bool { entries[name] != nil }

  /// The shape of a tensor; nil where there is none of that name.
  public func shape(of name: String) -> [Int]? { entries[name]?.shape }

  /// A tensor in single precision.
  /// - Parameters:
  ///   - shape: the shape it must have; nil takes any.
  /// - Throws: `CodecError` of kind `data` naming the tensor where it is missing, of another shape, or holds NaN or
  ///   infinity.
  public func tensor(_ name: String, shape expected: [Int]? = nil) throws -> Tensor {
    guard let entry = entries[name] else {
      let shown = names.prefix(40).joined(separator: ", ")
      throw CodecError(.data, "there is no tensor \(name)", at: path, remedy: "the file holds \(shown)")
    }
    if let expected, expected != entry.shape {
      throw CodecError(.data, "tensor \(name) has shape \(entry.shape); \(expected) is expected", at: path)
    }
    let bytes = try file.bytes(at: dataStart + entry.bytes.lowerBound, count: entry.bytes.count)
    let tensor = Tensor(shape: entry.shape, elements: entry.format.decode(bytes))
    if let index = tensor.elements.firstNonFiniteIndex {
      throw CodecError(
        .data, "tensor \(name) holds \(tensor.elements[index]) at \(position(index, in: entry.shape))",
        at: path,
        remedy: "weights must be finite")
    }
    return tensor
  }

  private func position(_ index: Int, in shape: [Int]) -> [Int] {
    var (position, rest) = ([Int](), index)
    for length in shape.reversed() {
      position.append(rest % length)
      rest /= length
    }
    return position.reversed()
  }
}

extension Safetensors {
  /// Writes tensors in single precision; the file appears under its name only when complete.
  /// - Parameters:
  ///   - metadata: what the header's `__metadata__` holds.
  /// - Throws: `CodecError` of kind `fileSystem` where the folder or disk refuses.
  public static func write(_ tensors: [String: Tensor], metadata: [String: String] = [:], to path: String)
    throws
  {
    precondition(tensors["__metadata__"] == nil, "the name __metadata__ is taken")
    var header: [String: HeaderValue] = metadata.isEmpty ? [:] : ["__metadata__": .metadata(metadata)]
    var data: [UInt8] = []
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let start = data.count
      for value in tensor.elements { withUnsafeBytes(of: value.bitPattern.littleEndian) { data += $0 } }
      header[name] = .tensor(.init(dtype: "F32", shape: tensor.shape, data_offsets: [start, data.count]))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var text = Array(try encoder.encode(header))
    // Data begin at a multiple of eight bytes, so that readers can map them.
    text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
    try AtomicFile.write(length + text + data, to: path)
  }

  private enum HeaderValue: Encodable {
    struct TensorEntry: Encodable {
      let dtype: String
      let shape: [Int]
      let data_offsets: [Int]
    }
    case metadata([String: String])
    case tensor(TensorEntry)

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .metadata(let texts): try texts.encode(to: encoder)
      case .tensor(let entry): try entry.encode(to: encoder)
      }
    }
  }
}
