import Foundation
import Runtime

/// Superclasses over a classifier's classes, as a tree (a WordNet-like hierarchy).
///
/// As JSON each node has a `name` and either `classes` (class indices), `children` (nodes) or both:
///
///     {"name": "animal", "children": [{"name": "dog", "classes": [151, 152]}, {"name": "cat", "classes": [281]}]}
public struct ClassTree: Sendable, Equatable {
  /// A node: a name for a set of classes.
  public struct Superclass: Sendable, Equatable {
    /// The node's name.
    public let name: String
    /// The classes of the node and of all below it, ascending.
    public let classes: [Int]
  }

  /// Every node, parents before their children.
  public let superclasses: [Superclass]

  /// Reads a tree.
  /// - Parameters:
  ///   - classCount: number of the model's classes.
  /// - Throws: `CodecError`: `fileSystem` where there is no such file; `data` for text that is no such tree, a class that
  ///   the model does not have, a node without classes and two nodes of one name.
  public init(reading path: String, classCount: Int) throws {
    let text: Data
    do { text = try Data(contentsOf: URL(filePath: path)) } catch {
      throw CodecError(.fileSystem, "cannot read the class tree", at: path)
    }
    let root: Node
    do { root = try JSONDecoder().decode(Node.self, from: text) } catch {
      throw CodecError(
        .data, "not a tree of classes", at: path,
        remedy: #"expected nodes such as {"name": "dog", "classes": [151, 152], "children": []}"#)
    }
    var found: [Superclass] = []
    _ = try Self.collect(root, into: &found, classCount: classCount, at: path)
    superclasses = found
  }

  /// The superclass of a name.
  /// - Throws: `CodecError` of kind `usage` listing the names.
  public func superclass(_ name: String) throws -> Superclass {
    guard let found = superclasses.first(where: { $0.name == name }) else {
      throw CodecError.unknown("superclass", name, valid: superclasses.map(\.name))
    }
    return found
  }

  private struct Node: Decodable {
    let name: String
    let classes: [Int]?
    let children: [Node]?
  }

  /// Adds a node and those below it, parents first; gives the node's classes.
  private static func collect(
    _ node: Node, into found: inout [Superclass], classCount: Int, at path: String
  ) throws -> Set<Int> {
    var classes = Set(node.classes ?? [])
    if let unknown = classes.first(where: { !(0..<classCount).contains($0) }) {
      throw CodecError(
        .data, "superclass \(node.name) holds class \(unknown)", at: path,
        remedy: "the classes are 0 to \(classCount - 1)")
    }
    guard !found.contains(where: { $0.name == node.name }) else {
      throw CodecError(.data, "two superclasses are named \(node.name)", at: path, remedy: "rename one")
    }
    let place = found.count
    found.append(Superclass(name: node.name, classes: []))
    for child in node.children ?? [] {
      classes.formUnion(try collect(child, into: &found, classCount: classCount, at: path))
    }
    guard !classes.isEmpty else {
      throw CodecError(.data, "superclass \(node.name) has no classes", at: path)
    }
    found[place] = Superclass(name: node.name, classes: classes.sorted())
    return classes
  }
}
