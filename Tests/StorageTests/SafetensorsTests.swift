import Foundation
import Numerics
import Runtime
import Storage
import Testing
import TestSupport

@Suite struct SafetensorsTests {
  private let folder: URL
  init() throws { folder = try Fixtures.temporaryFolder() }

  /// A file of a header text and some data bytes.
  private func file(_ header: String, data: Int = 0, claiming length: UInt64? = nil) throws -> String {
    let path = folder.appending(path: "\(UUID().uuidString).safetensors")
    let count = length ?? UInt64(header.utf8.count)
    let bytes = withUnsafeBytes(of: count.littleEndian) { Array($0) } + Array(header.utf8)
    try Data(bytes + Array(repeating: 0, count: data)).write(to: path)
    return path.path
  }

  private func entry(_ name: String, _ range: Range<Int>, shape: [Int]? = nil, type: String = "F32") -> String
  {
    """
    "\(name)":{"dtype":"\(type)","shape":\(shape ?? [range.count / 4]),"data_offsets":[\(range.lowerBound),\
    \(range.upperBound)]}
    """
  }

  @Test func everyNumberType_isReadInSinglePrecision() throws {
    let weights = try Safetensors(reading: Fixtures.path("storage/types.safetensors"))
    #expect(weights.metadata == ["architecture": "µ-net", "history": "20"])
    let names = ["F16", "F32", "F64", "BF16", "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "BOOL"]
    #expect(weights.names == (names + ["scalar", "none"]).sorted())
    for name in names {
      let type = name == "BOOL" ? "b1" : name.lowercased().replacing("b", with: "")
      #expect(
        try weights.tensor(name, shape: [2, 3]).elements == counting(6, type).map(Float.init), "\(name)")
    }
    #expect(try weights.tensor("scalar") == Tensor(shape: [], elements: [2.5]))
    #expect(try weights.tensor("none").shape == [0, 4])
  }

  @Test func bundledModels_areRead() throws {
    let model = try Safetensors(reading: Fixtures.path("moving_bar/model.safetensors"))
    #expect(model.metadata["history"] == "24")
    for name in model.names { #expect(try model.tensor(name).shape == model.shape(of: name)) }
  }

  @Test func tensors_surviveWriting() throws {
    let path = folder.appending(path: "written.safetensors").path
    let tensors = [
      "a": Tensor(shape: [2, 3], elements: (0..<6).map { _ in .random(in: -1...1) }),
      "b": Tensor(shape: [0, 2]),
      "quote\"\n": Tensor(shape: [], elements: [.pi]),
    ]
    try Safetensors.write(tensors, metadata: ["units": "µm/s"], to: path)
    let read = try Safetensors(reading: path)
    #expect(read.metadata == ["units": "µm/s"])
    #expect(read.names == tensors.keys.sorted())
    for (name, tensor) in tensors { #expect(try read.tensor(name) == tensor) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["written.safetensors"])
  }

  @Test func damagedHeaders_areRefusedWithTheirFlaw() throws {
    let whole = entry("a", 0..<8)
    let cases: [(String, String)] = [
      (try file("{\(whole)}", data: 8, claiming: .max), "not a safetensors file"),
      (try file("{\(whole)}", data: 8, claiming: 1 << 40), "not a safetensors file"),
      (try file("{\(whole)}", data: 8, claiming: 4096), "the safetensors file is truncated"),
      (try file("weights", data: 8), "the safetensors header is not valid JSON"),
      (try file("[1]", data: 8), "the safetensors header is not a JSON object"),
      (
        try file("{\(whole),\(entry("a", 8..<16))}", data: 16),
        "8 bytes at the end of the file belong to no tensor"
      ),
      (try file(String(repeating: "[", count: 100_000)), "the safetensors header is not valid JSON"),
      (
        try file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", data: 8),
        "tensor a lacks dtype, shape or data_offsets"
      ),
      (try file("{\"a\":3}", data: 8), "tensor a lacks dtype, shape or data_offsets"),
      (try file("{\(entry("a", 0..<8, type: "F7"))}", data: 8), "tensor a has the unknown type F7"),
      (
        try file("{\(entry("a", 0..<8, shape: [3]))}", data: 8),
        "tensor a of type F32 and shape [3] needs 12 bytes; it has 8"
      ),
      (try file("{\(entry("a", 0..<8, shape: [-2]))}", data: 8), "tensor a has an impossible shape [-2]"),
      (
        try file("{\(entry("a", 0..<8, shape: [1 << 40, 1 << 40]))}", data: 8),
        "tensor a has an impossible shape [1099511627776, 1099511627776]"
      ),
      (
        try file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", data: 8),
        "tensor a has impossible offsets [8, 0]"
      ),
      (
        try file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}", data: 8),
        "tensor a has impossible offsets [-8, 0]"
      ),
      (try file("{\(whole),\(entry("b", 4..<12))}", data: 12), "tensor b overlaps another"),
      (
        try file("{\(whole),\(entry("b", 12..<16))}", data: 16), "4 bytes before tensor b belong to no tensor"
      ),
      (try file("{\(whole),\(entry("b", 8..<16))}", data: 12), "tensor b reaches beyond the end of the file"),
      (try file("{\(whole)}", data: 12), "4 bytes at the end of the file belong to no tensor"),
      (
        try file("{\"__metadata__\":{\"a\":1},\(whole)}", data: 8),
        "the safetensors metadata holds something other than strings"
      ),
    ]
    for (path, what) in cases {
      let error = #expect(throws: CodecError.self) { try Safetensors(reading: path) }
      #expect(error?.kind == .data && error?.what == what && error?.place == path)
    }
  }

  @Test func truncatedAndTornFiles_neverCrash() throws {
    let whole = try Data(contentsOf: URL(filePath: Fixtures.path("storage/types.safetensors")))
    let path = folder.appending(path: "torn.safetensors")
    for length in 0..<whole.count {
      try whole.prefix(length).write(to: path)
      let error = #expect(throws: CodecError.self) { try Safetensors(reading: path.path) }
      #expect(error?.kind == .data)
    }
    for index in stride(from: 0, to: whole.count, by: 2) {
      var torn = whole
      torn[index] ^= UInt8.random(in: 1...255)
      try torn.write(to: path)
      guard let weights = try? Safetensors(reading: path.path) else { continue }
      for name in weights.names { _ = try? weights.tensor(name) }
    }
  }

  @Test func weightsThatAreNoNumbers_areNamed() throws {
    for bad in [Float.nan, .infinity, -.infinity] {
      let path = folder.appending(path: "bad.safetensors").path
      var tensor = Tensor(shape: [2, 3])
      tensor.elements[4] = bad
      try Safetensors.write(["conv1.weight": tensor], to: path)
      let error = #expect(throws: CodecError.self) { try Safetensors(reading: path).tensor("conv1.weight") }
      #expect(error?.what == "tensor conv1.weight holds \(bad) at [1, 1]" && error?.place == path)
    }
  }

  @Test func missingAndMisshapenTensors_areNamed() throws {
    let weights = try Safetensors(reading: Fixtures.path("storage/types.safetensors"))
    let missing = #expect(throws: CodecError.self) { try weights.tensor("conv9") }
    #expect(missing?.what == "there is no tensor conv9")
    let wrong = #expect(throws: CodecError.self) { try weights.tensor("F32", shape: [6]) }
    #expect(wrong?.what == "tensor F32 has shape [2, 3]; [6] is expected")
  }
}

@Suite struct FileDigestTests {
  @Test(arguments: [
    (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (3, "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"),
    (3_000_000, "2a152c894398719c0570f83fac34ac03a0f6e8e474b995c2403aa5434f7b9dd4"),
  ])
  func sha256_equalsThePublishedAlgorithm(count: Int, digest: String) throws {
    let path = try Fixtures.temporaryFolder().appending(path: "a")
    try Data(repeating: UInt8(ascii: "a"), count: count).write(to: path)
    #expect(try FileDigest.sha256(ofFile: path.path) == digest)
  }
}
