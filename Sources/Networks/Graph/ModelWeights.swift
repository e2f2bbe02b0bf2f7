import Foundation
import Numerics
import Runtime
import Storage

/// A model file's named tensors and metadata; every wrong or missing one is an error that says what was expected.
public struct ModelWeights: Sendable {
  /// The file's name, for messages.
  public let name: String
  /// The tensors, by name.
  public let tensors: [String: Tensor]
  /// Strings beside the tensors.
  public let metadata: [String: String]

  /// Weights from their parts.
  public init(name: String, tensors: [String: Tensor], metadata: [String: String]) {
    self.name = name
    self.tensors = tensors
    self.metadata = metadata
  }

  /// All tensors and metadata of a safetensors file.
  /// - Throws: `CodecError` of kind `fileSystem` or `data` naming the file and what is wrong with it.
  public init(reading path: String) throws {
    let file = try Safetensors(reading: path)
    self.init(
      name: URL(filePath: path).lastPathComponent,
      tensors: Dictionary(uniqueKeysWithValues: try file.names.map { ($0, try file.tensor($0)) }),
      metadata: file.metadata)
  }

  /// A tensor that must be there.
  /// - Parameters:
  ///   - shape: the expected shape; `nil` where an axis may have any length.
  /// - Throws: `CodecError` of kind `data` naming the tensor with expected and found shapes, or one that holds
  ///   NaN or infinity.
  public func tensor(_ tensor: String, shape: [Int?]) throws -> Tensor {
    let expected = shape.map { $0.map(String.init) ?? "n" }.joined(separator: "×")
    guard let found = tensors[tensor] else {
      throw CodecError(
        .data, "there is no tensor \(tensor), expected one of shape \(expected)", at: name,
        remedy: "the file holds \(tensors.keys.sorted().joined(separator: ", "))")
    }
    let fits = found.shape.count == shape.count && zip(found.shape, shape).allSatisfy { $0 == ($1 ?? $0) }
    guard fits else {
      throw CodecError(
        .data, "tensor \(tensor) has shape \(shapeText(found.shape)), expected \(expected)", at: name)
    }
    if let index = found.elements.firstIndex(where: { !$0.isFinite }) {
      throw CodecError(
        .data, "tensor \(tensor) holds \(found.elements[index]) at index \(index)", at: name,
        remedy: "export the weights again")
    }
    return found
  }

  /// A vector that may be missing.
  public func vector(ifPresent tensor: String, count: Int) throws -> [Float]? {
    tensors[tensor] == nil ? nil : try self.tensor(tensor, shape: [count]).elements
  }

  /// A metadata entry that must be there.
  /// - Throws: `CodecError` of kind `data` listing the entries found.
  public func text(_ key: String) throws -> String {
    guard let value = metadata[key] else {
      throw CodecError(
        .data, "the metadata has no entry \(key)", at: name,
        remedy: "the file holds \(metadata.keys.sorted().joined(separator: ", "))")
    }
    return value
  }

  /// A metadata entry that must be a finite number.
  public func number(_ key: String) throws -> Double {
    let value = try text(key)
    guard let number = Double(value), number.isFinite else {
      throw wrongMetadata(key, expected: "a number")
    }
    return number
  }

  /// A metadata entry that must be a whole number of at least 1.
  public func count(_ key: String) throws -> Int {
    guard let number = Int(try text(key)), number > 0 else {
      throw wrongMetadata(key, expected: "a whole number above 0")
    }
    return number
  }

  /// A metadata entry that may be missing and must be a JSON list otherwise.
  /// - Throws: `CodecError` of kind `data` where it is none.
  public func list<Element: Decodable>(_ key: String) throws -> [Element]? {
    guard let text = metadata[key] else { return nil }
    guard let values = try? JSONDecoder().decode([Element].self, from: Data(text.utf8)) else {
      throw wrongMetadata(key, expected: "a JSON list")
    }
    return values
  }

  /// The error for a metadata entry that does not say what it should.
  public func wrongMetadata(_ key: String, expected: String) -> CodecError {
    CodecError(
      .data, "the metadata entry \(key) is \"\(metadata[key] ?? "")\", expected \(expected)", at: name)
  }
}
