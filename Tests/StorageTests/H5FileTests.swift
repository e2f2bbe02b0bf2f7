import Foundation
import Numerics
import Runtime
import Storage
import Testing
import TestSupport

@Suite struct H5FileTests {
  private let folder: URL
  init() throws { folder = try Fixtures.temporaryFolder() }
  private func path(_ name: String) -> String { folder.appending(path: name).path }

  @Test func dataset_survivesWritingAndReading_ofEveryNumberType() throws {
    let file = try H5File(creating: path("types.h5"))
    for type in NumberType.allCases {
      let values: [Double] = [0, 1, 2, 100, 101, 127]
      let dataset = try file.write(values, shape: [2, 3], to: "/types/\(type)", as: type)
      #expect(dataset.shape == [2, 3])
      #expect(try dataset.numbers(Double.self) == values)
      #expect(try dataset.numbers(Float.self) == values.map(Float.init))
      #expect(try dataset.numbers(Int.self) == values.map { Int($0) })
      #expect(try dataset.numbers(UInt8.self) == values.map { UInt8($0) })
      #expect(dataset.elementKind == .number(isInteger: type.isInteger, size: type.size))
    }
    #expect(try Set(file.children(of: "/types")) == Set(NumberType.allCases.map(\.rawValue)))
  }

  @Test func members_comeAsTheyAreCounted() throws {
    let file = try H5File(creating: path("members.h5"))
    for name in ["block10", "block2", "conv1", "block1"] {
      try file.write([1], shape: [1], to: "/layers/\(name)")
    }
    #expect(try file.children(of: "/layers") == ["block1", "block2", "block10", "conv1"])
  }

  @Test func numbers_ofSomeRowsEqualThoseOfTheWhole() throws {
    let file = try H5File(creating: path("rows.h5"))
    let values = (0..<7 * 3 * 2).map { Float($0) }
    let dataset = try file.write(Tensor(shape: [7, 3, 2], elements: values), to: "x")
    for first in 0..<7 {
      for end in first...7 {
        let part = try dataset.tensor(rows: first..<end)
        #expect(part.shape == [end - first, 3, 2])
        #expect(part.elements == Array(values[first * 6..<end * 6]))
      }
    }
    #expect(try dataset.numbers(Int.self, in: [2..<3, 0..<3, 1..<2]) == [13, 15, 17])
  }

  @Test func integers_refuseWhatDoesNotFit() throws {
    let file = try H5File(creating: path("exact.h5"))
    for bad in [0.5, 256, -1, .nan, .infinity] {
      let dataset = try file.write([1, bad], shape: [2], to: "/x\(bad)")
      #expect(throws: CodecError.self) { try dataset.numbers(UInt8.self) }
      #expect(try dataset.numbers(Double.self).first == 1)
    }
    #expect(try file.dataset("/x256.0").numbers(Int.self) == [1, 256])
  }

  @Test func append_growsAlongTheFirstAxis() throws {
    let name = path("growing.h5")
    var expected: [Float] = []
    do {
      let dataset = try H5File(creating: name).createDataset(
        "a/b", .float32, shape: [0, 3], isGrowable: true)
      for rows in [1, 0, 5, 1000] {
        let values = (0..<rows * 3).map { _ in Float.random(in: -1...1) }
        try dataset.append(values)
        expected += values
      }
    }
    let dataset = try H5File(reading: name).dataset("/a/b")
    #expect(dataset.shape == [1006, 3])
    #expect(try dataset.numbers() == expected)
  }

  @Test func attributesAndTexts_survive() throws {
    let values: [String: AttributeValue] = [
      "text": "µm", "empty": "", "texts": .texts(["a", "bc", "日本"]), "integer": -3,
      "integers": .integers([1, 2]),
      "number": 0.5, "numbers": .numbers([1, .infinity]),
    ]
    let name = path("attributes.h5")
    do {
      let file = try H5File(creating: name)
      let dataset = try file.write(["cell", "", "ganglion"], to: "/names")
      for (key, value) in values {
        try file.setAttribute(key, to: "replaced")
        try file.setAttribute(key, to: value)
        try dataset.setAttribute(key, to: value)
      }
    }
    let file = try H5File(reading: name)
    #expect(try file.attributes() == values)
    #expect(try file.attributes(of: "/names") == values)
    #expect(try file.attribute("missing") == nil)
    #expect(try file.dataset("/names").texts() == ["cell", "", "ganglion"])
    #expect(try file.dataset("/names").attribute("integer")?.asNumber == -3)
  }

  @Test func missingDataset_isNamedWithItsNeighbours() throws {
    let file = try H5File(reading: Fixtures.path("modes/expected.h5"))
    let error = #expect(throws: CodecError.self) { try file.dataset("/data/conv3/x") }
    #expect(error?.kind == .data)
    #expect(error?.place == "\(file.path): /data/conv3/x")
    #expect(error?.remedy == "/data holds conv1, conv2")
  }

  @Test func filesThatAreNotHDF5_areRefusedPlainly() throws {
    let cases: [(String, [UInt8], String)] = [
      ("empty.h5", [], "the file is empty"), ("text.h5", Array("time,spike\n".utf8), "not an HDF5 file"),
    ]
    for (name, bytes, what) in cases {
      try Data(bytes).write(to: folder.appending(path: name))
      let error = #expect(throws: CodecError.self) { try H5File(reading: path(name)) }
      #expect(error?.kind == .data && error?.what == what && error?.place == path(name))
    }
    for missing in [path("absent.h5"), folder.path] {
      let error = #expect(throws: CodecError.self) { try H5File(reading: missing) }
      #expect(error?.kind == .fileSystem && error?.place == missing)
    }
  }
}
