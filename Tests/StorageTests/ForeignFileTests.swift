import Foundation
import Runtime
import Storage
import Testing
import TestSupport

/// What `make.py` counts: 0, 1, 2, … modulo 100, minus 50 for signed types.
func counting(_ count: Int, _ type: String) -> [Double] {
  (0..<count).map { Double($0 % (type == "b1" ? 2 : 100)) - (type.first == "u" || type == "b1" ? 0 : 50) }
}

private let types = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]

@Suite struct ForeignHDF5Tests {
  private let file: H5File
  init() throws { file = try H5File(reading: Fixtures.path("storage/h5py.h5")) }

  @Test(arguments: types) func numbersOfH5py_areRead(type: String) throws {
    let dataset = try file.dataset("/numbers/\(type)", rank: 2)
    #expect(try dataset.numbers(Double.self) == counting(15, type))
    #expect(try dataset.matrix().row(2) == counting(15, type)[6..<9])
    #expect(try dataset.numbers(Int.self, rows: 1..<2) == counting(15, type)[3..<6].map { Int($0) })
  }

  @Test func layouts_areRead() throws {
    #expect(try file.dataset("/numbers/big_endian").numbers() == counting(15, "f8"))
    #expect(try file.dataset("/link").numbers() == counting(15, "f4"))
    #expect(try file.dataset("/scalar").number(Double.self) == 2.5)
    #expect(try file.dataset("/scalar").shape == [])
    #expect(try file.dataset("/empty").numbers(Float.self) == [])
    #expect(try file.dataset("/no_rows").tensor().shape == [0, 4])
    let chunked = try file.dataset("/chunked")
    #expect(chunked.chunk == [7, 3, 4])
    #expect(try chunked.numbers(Double.self, rows: 6..<15) == Array(counting(2100, "u1")[252..<630]))
    let partly = try file.dataset("/partly_written").numbers(Float.self)
    #expect(partly == (0..<60).map { (24..<30).contains($0) ? 3 : -1 })
  }

  @Test func laterFormatBehindAUserBlock_isRead() throws {
    let file = try H5File(reading: Fixtures.path("storage/h5py_v110.h5"))
    #expect(try file.dataset("x").numbers() == counting(300, "f4"))
    #expect(try file.dataset("x").attribute("units") == "Hz")
  }

  @Test func formatNewerThanTheLibrary_isAnErrorWithItsReason() throws {
    let file = try H5File(reading: Fixtures.path("storage/h5py_latest.h5"))
    guard let error = #expect(throws: CodecError.self, performing: { try file.dataset("x") }) else { return }
    #expect(error.kind == .data && error.place == "\(file.path): /x")
    #expect(error.remedy?.contains("version") == true)
  }

  @Test func texts_areRead() throws {
    #expect(try file.dataset("/text/variable").texts() == ["a", "", "µV", "ganglion cell"])
    #expect(try file.dataset("/text/fixed").texts() == ["a", "", "abc"])
    #expect(try file.dataset("/text/scalar").texts() == ["one"])
  }

  @Test func attributes_areRead() throws {
    let expected: [String: AttributeValue] = [
      "text": "µm", "bytes": "Hz", "texts": .texts(["a", "bc"]), "integer": 7, "flag": 1, "number": 0.25,
      "numbers": .numbers([0, 1, 2]), "empty": .numbers([]), "reference": .other("reference"),
    ]
    #expect(try file.attributes(of: "/numbers") == expected)
  }

  @Test func whatHoldsNoNumbers_isAnErrorThatSaysWhatItHolds() throws {
    for (path, noun) in [("/compound", "compound values"), ("/text/fixed", "text")] {
      let error = #expect(throws: CodecError.self) { try file.dataset(path).numbers(Float.self) }
      #expect(
        error?.what == "the dataset holds \(noun), not numbers" && error?.place == "\(file.path): \(path)")
    }
    #expect(throws: CodecError.self) { try file.dataset("/scalar").texts() }
    #expect(throws: CodecError.self) { try file.dataset("/scalar").matrix() }
    #expect(throws: CodecError.self) { try file.dataset("/numbers/f4", rank: 3) }
    #expect(throws: CodecError.self) { try file.dataset("/numbers/f4").number(Float.self) }
  }

  @Test func ringsAndBrokenLinks_endTheListing() throws {
    #expect(!file.contains("/broken_link") && file.kind(of: "/broken_link") == .other)
    #expect(throws: CodecError.self) { try file.dataset("/broken_link") }
    #expect(throws: CodecError.self) { try file.children(of: "/broken_link") }
    #expect(try file.datasets().contains("/numbers/f4"))
    #expect(try file.datasets(below: "/text") == ["/text/fixed", "/text/scalar", "/text/variable"])
  }

  @Test func unitsOfNWB_areRead() throws {
    let file = try H5File(reading: Fixtures.path("storage/session.nwb"))
    #expect(try file.dataset("/units/id").numbers(Int.self) == [10, 11, 12])
    #expect(try file.dataset("/units/spike_times_index").numbers(Int.self) == [2, 5, 9])
    #expect(try file.dataset("/units/spike_times").numbers(Double.self).count == 9)
    #expect(try file.attribute("neurodata_type", of: "/units")?.asText == "Units")
    #expect(try file.dataset("/session_description").texts() == ["a session"])
    #expect(try file.attribute("colnames", of: "/units")?.asTexts == ["spike_times"])
  }
}

@Suite struct NpyFileTests {
  private func open(_ name: String) throws -> NpyFile {
    try NpyFile(reading: Fixtures.path("storage/\(name).npy"))
  }

  @Test(arguments: types) func arraysOfNumPy_areRead(type: String) throws {
    let file = try open("c_\(type)")
    #expect(file.shape == [5, 3, 7])
    #expect(try file.numbers() == counting(105, type))
    #expect(try file.tensor(rows: 1..<3).elements == counting(105, type)[21..<63].map(Float.init))
  }

  @Test func ordersAndVersions_giveTheSameNumbers() throws {
    let fortran = try open("fortran_f8")
    #expect(try fortran.numbers() == counting(105, "f8"))
    #expect(try fortran.numbers(Double.self, rows: 2..<4) == Array(counting(105, "f8")[42..<84]))
    #expect(try open("bigendian_i4").numbers() == counting(105, "i4"))
    #expect(try open("vector_i2").tensor().shape == [9])
    #expect(try open("scalar_f4").tensor().elements == [2.5] && open("scalar_f4").shape == [])
    for version in [2, 3] { #expect(try open("version\(version)").numbers() == counting(8, "f4")) }
  }

  @Test func arraysWithoutNumbers_areRefused() {
    for name in ["text", "structured"] {
      let error = #expect(throws: CodecError.self) { try open(name) }
      #expect(error?.kind == .data && error?.place?.hasSuffix("\(name).npy") == true)
    }
    #expect(throws: CodecError.self) { try NpyFile(reading: Fixtures.path("storage/h5py.h5")) }
  }

  @Test func truncatedArrays_areRefusedAtEveryLength() throws {
    let folder = try Fixtures.temporaryFolder()
    let whole = try Data(contentsOf: URL(filePath: Fixtures.path("storage/c_i1.npy")))
    let path = folder.appending(path: "cut.npy")
    for length in 0..<whole.count {
      try whole.prefix(length).write(to: path)
      let error = #expect(throws: CodecError.self) { try NpyFile(reading: path.path) }
      #expect(error?.kind == .data)
    }
  }

  @Test(arguments: [[], [0], [3], [2, 5], [60, 1, 1, 2]]) func tensor_survivesWriting(shape: [Int]) throws {
    let path = try Fixtures.temporaryFolder().appending(path: "x.npy").path
    let elements = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1) }
    try NpyFile.write(.init(shape: shape, elements: elements), to: path)
    let read = try NpyFile(reading: path).tensor()
    #expect(read.shape == shape && read.elements == elements)
    #expect(try Data(contentsOf: URL(filePath: path)).count == 128 + 4 * elements.count)
  }
}

@Suite struct NpzFileTests {
  @Test(arguments: ["stored", "compressed"]) func moviesInArchivesOfNumPy_areReadInAnyOrder(name: String)
    throws
  {
    let file = try NpzFile(reading: Fixtures.path("storage/\(name).npz"))
    let movie = try file.array("movie")
    #expect(movie.shape == [40, 6, 7] && movie.isUnsignedBytes)
    let all = counting(40 * 42, "u1")
    for rows in [3..<9, 30..<40, 0..<2, 2..<5, 0..<40] {
      #expect(try movie.numbers(rows: rows) == Array(all[rows.lowerBound * 42..<rows.upperBound * 42]))
    }
  }

  @Test func archivesNameTheirArrays() throws {
    let stored = try NpzFile(reading: Fixtures.path("storage/stored.npz"))
    #expect(stored.names == ["movie", "rates"])
    let error = #expect(throws: CodecError.self) { try stored.array("spikes") }
    #expect(error?.description.contains("movie, rates") == true)
    let compressed = try NpzFile(reading: Fixtures.path("storage/compressed.npz"))
    #expect(try compressed.array("fortran").numbers() == counting(105, "f8"))
  }

  @Test func damagedArchives_areRefused() throws {
    let folder = try Fixtures.temporaryFolder()
    var bytes = try Data(contentsOf: URL(filePath: Fixtures.path("storage/compressed.npz")))
    let cut = folder.appending(path: "cut.npz")
    try bytes.prefix(bytes.count / 2).write(to: cut)
    let error = #expect(throws: CodecError.self) { try NpzFile(reading: cut.path) }
    #expect(error?.kind == .data && error?.place == cut.path)
    // Bytes of the first member that no longer inflate.
    for offset in 80..<140 { bytes[offset] ^= 0x5A }
    try bytes.write(to: cut)
    #expect(throws: CodecError.self) {
      let file = try NpzFile(reading: cut.path)
      for name in file.names { _ = try file.array(name).tensor() }
    }
    #expect(throws: CodecError.self) { try NpzFile(reading: Fixtures.path("storage/h5py.h5")) }
    #expect(throws: CodecError.self) { try NpzFile(reading: folder.path) }
  }
}
