import Foundation
import Runtime
import Storage
import TestSupport
import Testing
import VisionAdapters

@Suite struct ImageListTests {
  private let folder: URL

  init() throws { folder = try Fixtures.temporaryFolder() }

  /// Makes files that are only listed, not decoded.
  private func make(_ names: String...) throws {
    for name in names {
      let file = folder.appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("x".utf8).write(to: file)
    }
  }

  private func text(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: folder.appending(path: name))
    return folder.appending(path: name).path
  }

  private func list(_ path: String? = nil, labels: String? = nil, count: Int = 3, names: [String]? = nil)
    throws
    -> ImageList
  {
    try ImageList(path ?? folder.path, labels: labels, classes: ClassNames(count: count, names: names))
  }

  private func refusal(_ body: () throws -> Void) -> String {
    let error = #expect(throws: CodecError.self) { try body() }
    #expect(error?.kind == .data)
    return error?.description ?? ""
  }

  @Test func classFolders_areSortedByByte() throws {
    try make("b/2.jpg", "b/1.PNG", "B/x.jpeg", "a/deep/y.jpg", "a/notes.txt", ".hidden/z.jpg")
    let found = try list()
    #expect(found.items.map(\.name) == ["B/x.jpeg", "a/deep/y.jpg", "b/1.PNG", "b/2.jpg"])
    #expect(found.labels == [0, 1, 2, 2])
    #expect(found.classNames == ["B", "a", "b"])
  }

  @Test func namedFolders_followTheModelsNames() throws {
    try make("dog/1.jpg", "cat/1.jpg")
    #expect(try list(names: ["cat", "cow", "dog"]).labels == [0, 2])
    #expect(
      refusal { _ = try list(names: ["cat", "cow", "Dog"]) }.contains("the folder dog is named as none"))
    #expect(refusal { _ = try list(count: 3) }.contains("2 class folders for the model's 3 classes"))
    #expect(refusal { _ = try list(count: 1) }.contains("more than the model's 1 classes"))
  }

  @Test func emptyFolders_areRefused() throws {
    #expect(refusal { _ = try list() }.contains("there is no picture"))
    try make("a/1.jpg", "b/notes.txt")
    #expect(refusal { _ = try list(count: 2) }.contains("the class folder b holds no picture"))
  }

  @Test func validationPictures_takeLabelsOfAList() throws {
    try make("val_1.JPEG", "val_2.JPEG")
    #expect(try list().labels == nil)
    let synsets = try ClassNames(reading: text("synsets.txt", "n02 1\nn01 0\nn03 2\n"), count: 3)
    #expect(synsets.names == ["n01", "n02", "n03"])
    let csv = try text(
      "solution.csv", "ImageId,PredictionString\nval_2,n03 10 20 30 40\nval_1,n02 1 2 3 4 n02 5 6 7 8\n")
    let found = try ImageList(folder.path, labels: csv, classes: synsets)
    #expect(found.items.map(\.name) == ["val_2.JPEG", "val_1.JPEG"] && found.labels == [2, 1])
    #expect(try list(labels: text("val.txt", "val_1.JPEG 2\nval_2.JPEG 0\n")).labels == [2, 0])
  }

  @Test func listFiles_nameTheirPictures() throws {
    try make("p/1.jpg", "p/2.png")
    let path = try text("list.txt", "# two pictures\np/2.png\t1\n\np/1.jpg 0\n")
    #expect(ImageList.isOne(path) && ImageList.isOne(folder.path) && !ImageList.isOne("recording.h5"))
    #expect(try list(path).labels == [1, 0])
    #expect(
      refusal { _ = try list(text("l.txt", "p/1.jpg 3\n")) }.contains(
        "label 3 is none of the model's 3 classes"))
    #expect(refusal { _ = try list(text("l.txt", "p/1.jpg cat\n")) }.contains("label cat"))
    #expect(refusal { _ = try list(text("l.txt", "p/3.jpg 0\n")) }.contains("line 1 names p/3.jpg"))
    #expect(refusal { _ = try list(text("l.txt", "\n")) }.contains("names no picture"))
  }

  @Test func classLists_mustNameEveryClassOnce() throws {
    #expect(try ClassNames(reading: text("c.txt", "cat\ndog\n"), count: 2).names == ["cat", "dog"])
    for (lines, part) in [
      ("cat\n", "class 1 has no name"), ("a 0\nb 0\n", "index 0 is given to two"),
      ("a 0\nb 2\n", "class b has index 2"),
    ] {
      let path = try text("c.txt", lines)
      #expect(refusal { _ = try ClassNames(reading: path, count: 2) }.contains(part))
    }
  }

  @Test func unreadablePictures_areLeftOutWhereAsked() throws {
    try make("a/bad.jpg", "b/bad.png")
    let good = Picture(width: 2, height: 2, pixels: Array(repeating: 9, count: 12))
    try good.write(png: folder.appending(path: "a/good.png").path)
    let checked = try list(count: 2).readable(threads: 2)
    #expect(checked.list.items.map(\.name) == ["a/good.png"])
    #expect(checked.bad.map { $0.place ?? "" }.allSatisfy { $0.contains("/bad.") } && checked.bad.count == 2)
    try FileManager.default.removeItem(at: folder.appending(path: "a/good.png"))
    #expect(refusal { _ = try list(count: 2).readable(threads: 1) }.contains("there is no picture"))
  }
}
