import Foundation
import Numerics
import ONNXSchema
import Runtime

/// What a node asks for and cannot get: gathered over the graph and reported together.
struct ONNXUnsupported: Error {
  let reason: String
}

/// A node with the values it reads, and its attributes by name.
struct ONNXNodeReader {
  let node: ONNXNode
  let opset: Int
  /// One an input; `nil` where an optional one is left out.
  let values: [ONNXValue?]
  private let attributes: [String: ONNXAttribute]

  init(_ node: ONNXNode, opset: Int, values: [ONNXValue?]) {
    (self.node, self.opset, self.values) = (node, opset, values)
    attributes = Dictionary(node.attribute.map { ($0.name, $0) }) { first, _ in first }
  }

  func has(_ attribute: String) -> Bool { attributes[attribute] != nil }

  func integer(_ name: String, _ fallback: Int) -> Int { attributes[name].map { Int($0.i) } ?? fallback }

  func number(_ name: String, _ fallback: Float) -> Float { attributes[name]?.f ?? fallback }

  func integers(_ name: String) -> [Int]? { attributes[name].map { $0.ints.map { Int($0) } } }

  func floats(_ name: String) -> [Float]? { attributes[name]?.floats }

  func text(_ name: String, _ fallback: String) -> String {
    attributes[name].map { String(decoding: $0.s, as: UTF8.self) } ?? fallback
  }

  func tensor(_ name: String) throws -> ONNXConstant? {
    guard let attribute = attributes[name], attribute.hasT else { return nil }
    return try ONNXConstant(attribute.t, name: node.output.first ?? name)
  }

  /// An input that may be left out.
  func value(ifPresent index: Int) -> ONNXValue? { index < values.count ? values[index] : nil }

  /// An input that must be there.
  func value(_ index: Int) throws -> ONNXValue {
    guard let value = value(ifPresent: index) else {
      throw CodecError(.data, "input \(index) is missing")
    }
    return value
  }

  /// An input that must depend on the network's input.
  func computed(_ index: Int) throws -> ONNXComputed {
    guard case .computed(let found) = try value(index) else {
      throw ONNXUnsupported(reason: "its input \(index) is a constant")
    }
    return found
  }

  /// An input that must be known, if it is there, and the same for all samples.
  func constant(ifPresent index: Int) throws -> ONNXConstant? {
    guard let found = try constantOfSamples(ifPresent: index) else { return nil }
    guard found.sampleStep == 0 else {
      throw ONNXUnsupported(reason: "its input \(index), \(node.input[index]), differs from sample to sample")
    }
    return found
  }

  /// An input that must be known, if it is there, but may be another for each sample.
  func constantOfSamples(ifPresent index: Int) throws -> ONNXConstant? {
    switch value(ifPresent: index) {
    case nil: return nil
    case .constant(let found): return found
    case .computed:
      throw ONNXUnsupported(
        reason: "its input \(index), \(node.input[index]), depends on the network's input")
    }
  }

  /// An input that must be known, and the same for all samples.
  func constant(_ index: Int) throws -> ONNXConstant {
    guard let found = try constant(ifPresent: index) else {
      throw CodecError(.data, "input \(index) is missing")
    }
    return found
  }

  /// An input that must be known, but may be another for each sample.
  func constantOfSamples(_ index: Int) throws -> ONNXConstant {
    guard let found = try constantOfSamples(ifPresent: index) else {
      throw CodecError(.data, "input \(index) is missing")
    }
    return found
  }

  /// Whole numbers of an attribute or, in later opsets, of an input.
  func integers(_ name: String, orInput index: Int) throws -> [Int]? {
    if let found = integers(name) { return found }
    guard let found = try constant(ifPresent: index) else { return nil }
    guard let integers = found.integers else {
      throw CodecError(.data, "its input \(index) holds no integers")
    }
    return integers
  }

  /// An axis counted from the first one on.
  /// - Throws: `CodecError` of kind `data` where there is none of that number.
  func axis(_ axis: Int, of rank: Int) throws -> Int {
    let resolved = axis < 0 ? axis + rank : axis
    guard (0..<rank).contains(resolved) else {
      throw CodecError(.data, "there is no axis \(axis) among \(rank)")
    }
    return resolved
  }

  /// Axes of a computed tensor as the network counts them.
  func networkAxes(_ axes: [Int], of computed: ONNXComputed) throws -> [Int] {
    try axes.map {
      guard let found = computed.networkAxis(try axis($0, of: computed.shape.count)) else {
        throw ONNXUnsupported(reason: "it works across samples of the batch")
      }
      return found
    }
  }
}
