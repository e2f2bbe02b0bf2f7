import Foundation
import ONNXSchema
import Runtime
import SwiftProtobuf

/// A decoded ONNX file whose graph can be followed: one input, an output, known opset, nodes in order.
struct ONNXFile {
  /// The file's name, for messages.
  let name: String
  let model: ONNXModel
  /// Version of ONNX's own operators.
  let opset: Int
  /// Nodes the output needs, each after those it reads from.
  let nodes: [ONNXNode]

  var graph: ONNXGraph { model.graph }

  /// - Throws: `CodecError` naming the file and what is wrong with it.
  init(reading path: String) throws {
    name = URL(filePath: path).lastPathComponent
    let data: Data
    do { data = try Data(contentsOf: URL(filePath: path)) } catch {
      throw CodecError(.fileSystem, "cannot read the file", at: path, remedy: error.localizedDescription)
    }
    do { model = try ONNXModel(serializedBytes: data) } catch {
      throw CodecError(
        .data, "this is no ONNX file, or it is cut off", at: path,
        remedy: "copy or export it again (it has \(data.count) bytes)")
    }
    guard !model.graph.node.isEmpty, let output = model.graph.output.first?.name else {
      throw CodecError(
        .data, "the file holds no ONNX graph with an output", at: path, remedy: "export it again")
    }
    opset = model.opsetImport.first { ["", "ai.onnx"].contains($0.domain) }.map { Int($0.version) } ?? 0
    guard opset >= 11 else {
      throw CodecError(
        .data, "the graph is written for ONNX opset \(opset)", at: path,
        remedy: "opset 11 or newer is understood: export it with opset_version=17")
    }
    guard model.graph.sparseInitializer.isEmpty else {
      throw CodecError(.data, "the graph has sparse weights", at: path, remedy: "export it with dense ones")
    }
    nodes = try Self.ordered(model.graph, for: output, file: name)
  }

  /// The nodes `output` needs, each after those it reads from.
  private static func ordered(_ graph: ONNXGraph, for output: String, file: String) throws -> [ONNXNode] {
    var maker: [String: Int] = [:]
    for (index, node) in graph.node.enumerated() {
      for tensor in node.output where !tensor.isEmpty {
        guard maker.updateValue(index, forKey: tensor) == nil else {
          throw CodecError(.data, "two nodes make the tensor \(tensor)", at: file)
        }
      }
    }
    enum Mark { case begun, done }
    var (marks, order): ([Int: Mark], [Int]) = ([:], [])
    var stack = maker[output].map { [$0] } ?? []
    while let index = stack.last {
      if marks[index] != nil {
        stack.removeLast()
        if marks.updateValue(.done, forKey: index) == .begun { order.append(index) }
        continue
      }
      marks[index] = .begun
      for needed in graph.node[index].input.reversed().compactMap({ maker[$0] }) where marks[needed] != .done
      {
        guard marks[needed] == nil else {
          throw CodecError(
            .data, "the graph goes in a circle: \(graph.node[index].label) needs its own output", at: file,
            remedy: "only feed-forward networks can be run")
        }
        stack.append(needed)
      }
    }
    return order.map { graph.node[$0] }
  }
}

extension ONNXNode {
  /// What messages call the node.
  var label: String { name.isEmpty ? "the \(opType) that makes \(output.first ?? "nothing")" : name }

  /// The operator's name with its domain, where that is not ONNX's own.
  var fullType: String { ["", "ai.onnx"].contains(domain) ? opType : "\(domain).\(opType)" }
}
