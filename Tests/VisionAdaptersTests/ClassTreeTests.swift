import Foundation
import Runtime
import TestSupport
import Testing
import VisionAdapters

@Suite struct ClassTreeTests {
  private func tree(_ text: String, classCount: Int = 20) throws -> ClassTree {
    let path = try Fixtures.temporaryFolder().appending(path: "tree.json").path
    try Data(text.utf8).write(to: URL(filePath: path))
    return try ClassTree(reading: path, classCount: classCount)
  }

  @Test func parents_holdTheClassesOfTheirChildren() throws {
    let found = try tree(
      #"{"name": "all", "children": [{"name": "a", "classes": [3, 1]}, {"name": "b", "classes": [1, 7]}]}"#)
    #expect(found.superclasses.map(\.name) == ["all", "a", "b"])
    #expect(found.superclasses.map(\.classes) == [[1, 3, 7], [1, 3], [1, 7]])
    #expect(try found.superclass("b").classes == [1, 7])
  }

  @Test(arguments: [
    ("{}", "not a tree"), (#"{"name": "a", "classes": [20]}"#, "class 20"), (#"{"name": "a"}"#, "no classes"),
    (#"{"name": "a", "classes": [1], "children": [{"name": "a", "classes": [2]}]}"#, "two superclasses"),
  ]) func badTrees_areRefused(text: String, part: String) throws {
    let error = #expect(throws: CodecError.self) { try tree(text) }
    #expect(error?.kind == .data && error?.what.contains(part) == true, "\(String(describing: error))")
  }

  @Test func unknownSuperclass_listsTheNames() throws {
    let error = #expect(throws: CodecError.self) {
      try tree(#"{"name": "dog", "classes": [0]}"#).superclass("cat")
    }
    #expect(error?.description == "unknown superclass cat: choose from dog")
  }
}
