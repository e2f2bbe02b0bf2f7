import Foundation
import Numerics
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct PictureTests {
  private static let exact = [
    "colour.png", "grey.png", "bit.png", "palette.png", "alpha.png", "grey16.png", "colour16.png",
  ]
  private static let lossy =
    ["colour.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg"] + (1...8).map { "orientation\($0).jpg" }

  private func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: Fixtures.path("pictures/\(name)"))))
  }

  /// The largest difference from what Pillow decodes.
  private func difference(_ name: String) throws -> Int {
    let picture = try Picture(reading: Fixtures.path("pictures/\(name)"))
    let expected = try H5File(reading: Fixtures.path("pictures/expected.h5")).dataset("/decoded/\(name)")
    #expect(expected.shape == [picture.height, picture.width, 3])
    let values: [Int] = try expected.numbers()
    return zip(picture.pixels, values).reduce(0) { max($0, abs(Int($1.0) - $1.1)) }
  }

  @Test(arguments: exact) func png_isDecodedAsPillowDoes(name: String) throws {
    #expect(try difference(name) == 0)
  }

  /// Libraries' inverse cosine transforms may round differently.
  @Test(arguments: lossy) func jpeg_isDecodedAsPillowDoes(name: String) throws {
    #expect(try difference(name) <= 1)
  }

  @Test(arguments: ["colour.jpg", "progressive.jpg", "cmyk.jpg", "colour.png", "palette.png"])
  func cutOffPictures_areRefusedWherever(name: String) throws {
    let whole = try bytes(name)
    for count in stride(from: 0, to: whole.count - 12, by: max(1, whole.count / 60)) {
      let error = #expect(throws: CodecError.self) {
        try Picture(decoding: Array(whole.prefix(count)), at: "cut.jpg")
      }
      #expect(error?.kind == .data && error?.place == "cut.jpg", "\(name) at \(count) bytes")
    }
  }

  @Test(arguments: ["colour.jpg", "progressive.jpg", "colour.png"])
  func damagedBytes_neverCrash(name: String) throws {
    let whole = try bytes(name)
    var random = RandomStream(seed: 5)
    for _ in 0..<200 {
      var damaged = whole
      for _ in 0..<4 { damaged[random.integer(below: damaged.count)] = UInt8(random.integer(below: 256)) }
      do { _ = try Picture(decoding: damaged, at: "damaged") } catch { #expect(error is CodecError) }
    }
  }

  @Test func otherFiles_areNamed() throws {
    let folder = try Fixtures.temporaryFolder()
    let path = folder.appending(path: "a.jpg")
    try Data().write(to: path)
    var error = #expect(throws: CodecError.self) { try Picture(reading: path.path) }
    #expect(error?.what == "the picture is empty" && error?.kind == .data)
    try Data("not a picture".utf8).write(to: path)
    error = #expect(throws: CodecError.self) { try Picture(reading: path.path) }
    #expect(error?.description.contains("neither JPEG nor PNG") == true)
    error = #expect(throws: CodecError.self) { try Picture(reading: folder.appending(path: "b.jpg").path) }
    #expect(error?.kind == .fileSystem)
  }

  @Test func writtenPNG_comesBack() throws {
    var random = RandomStream(seed: 1)
    let picture = Picture(
      width: 13, height: 7, pixels: (0..<13 * 7 * 3).map { _ in UInt8(random.integer(below: 256)) })
    let path = try Fixtures.temporaryFolder().appending(path: "a.png").path
    try picture.write(png: path)
    #expect(try Picture(reading: path) == picture)
  }
}
