import CHDF5
import Foundation
import Numerics
import Runtime

extension H5Dataset {
  /// All numbers, row-major, converted to `Number` by HDF5.
  /// - Throws: `CodecError` of kind `data` where the dataset holds no numbers, is damaged, or where an integer is
  ///   asked for and a value has a fraction or does not fit.
  public func numbers<Number: StoredNumber>(_ type: Number.Type = Number.self) throws -> [Number] {
    try numbers(type, in: shape.map { 0..<$0 })
  }

  /// The numbers of some rows (entries of the first axis), row-major.
  /// - Throws: as `numbers(_:)`.
  public func numbers<Number: StoredNumber>(
    _ type: Number.Type = Number.self, rows: Range<Int>
  ) throws -> [Number] {
    precondition(!shape.isEmpty, "a single value has no rows")
    return try numbers(type, in: [rows] + shape.dropFirst().map { 0..<$0 })
  }

  /// The numbers of a box, row-major.
  /// - Parameter box: one range for each axis.
  /// - Throws: as `numbers(_:)`.
  public func numbers<Number: StoredNumber>(
    _ type: Number.Type = Number.self, in box: [Range<Int>]
  ) throws -> [Number] {
    precondition(box.count == shape.count, "one range for each axis")
    for (range, length) in zip(box, shape) {
      precondition(range.lowerBound >= 0 && range.upperBound <= length)
    }
    guard case .number(let isInteger, _) = elementKind else {
      throw CodecError(.data, "the dataset holds \(elementKind.noun), not numbers", at: place)
    }
    return Number.numberType.isInteger && !isInteger ? try wholeNumbers(in: box) : try read(box)
  }

  /// Integers out of floating-point numbers, which must have no fractions.
  private func wholeNumbers<Number: StoredNumber>(in box: [Range<Int>]) throws -> [Number] {
    let numbers: [Double] = try read(box)
    return try numbers.enumerated().map { index, value in
      guard let number = Number(exactly: value) else {
        throw CodecError(
          .data, "element \(index) is \(value), no \(Number.numberType.rawValue)", at: place,
          remedy: "whole numbers are expected")
      }
      return number
    }
  }

  private func read<Number: StoredNumber>(_ box: [Range<Int>]) throws -> [Number] {
    let count = box.map(\.count).reduce(1, *)
    try requireMemory(count * Number.numberType.size)
    guard count > 0 else { return [] }
    return try H5.locked {
      let selection = try Selection(box, of: self)
      let transfer = try transferProperties(isExact: Number.numberType.isInteger)
      var status: herr_t = 0
      let numbers = [Number](unsafeUninitializedCapacity: count) { buffer, filled in
        // HDF5 leaves the memory of chunks that were never written as it is where they have no fill value.
        buffer.initialize(repeating: .zero)
        status = H5Dread(
          handle.id, Number.numberType.native, selection.memory.id, selection.file.id, transfer.id,
          buffer.baseAddress)
        filled = count
      }
      try H5.check(status, "cannot read the dataset as \(Number.numberType.rawValue)", at: place)
      return numbers
    }
  }

  /// The whole dataset in single precision.
  public func tensor() throws -> Tensor { Tensor(shape: shape, elements: try numbers()) }

  /// Some rows (entries of the first axis) in single precision; the first axis has `rows.count` entries.
  public func tensor(rows: Range<Int>) throws -> Tensor {
    Tensor(shape: [rows.count] + shape.dropFirst(), elements: try numbers(rows: rows))
  }

  /// A dataset of two axes in double precision.
  /// - Throws: `CodecError` of kind `data` where it has another number of axes.
  public func matrix() throws -> Matrix {
    guard shape.count == 2 else {
      throw CodecError(
        .data, "the dataset has \(shape.count) axes (shape \(shape)); 2 are expected", at: place)
    }
    return Matrix(rows: shape[0], columns: shape[1], elements: try numbers())
  }

  /// The only number of a dataset with one element.
  /// - Throws: `CodecError` of kind `data` where it has none or several.
  public func number<Number: StoredNumber>(_ type: Number.Type = Number.self) throws -> Number {
    guard count == 1 else {
      throw CodecError(.data, "the dataset has \(count) elements; one is expected", at: place)
    }
    return try numbers(type)[0]
  }

  /// All texts of a dataset of strings, of fixed or variable length.
  /// - Throws: `CodecError` of kind `data` where it holds no strings.
  public func texts() throws -> [String] {
    guard elementKind == .text else {
      throw CodecError(.data, "the dataset holds \(elementKind.noun), not text", at: place)
    }
    try requireMemory(count * 64)
    return try H5.locked {
      let type = try H5Handle(H5Dget_type(handle.id), "cannot read the type", at: place, closedBy: H5Tclose)
      return try H5Text.read(count: count, type: type, at: place) { memoryType, buffer in
        H5Dread(handle.id, memoryType, 0, 0, 0, buffer)
      }
    }
  }

  /// The paths of the objects that a dataset of references points to.
  /// - Throws: `CodecError` of kind `data` where it holds no references to objects, or one leads nowhere.
  public func referencedPaths() throws -> [String] {
    guard elementKind == .other("reference") else {
      throw CodecError(.data, "the dataset holds \(elementKind.noun), not references", at: place)
    }
    try requireMemory(count * 64)
    return try H5.locked {
      var references = [hobj_ref_t](repeating: 0, count: count)
      try H5.check(
        H5Dread(handle.id, codec_h5_object_reference(), 0, 0, 0, &references), "cannot read the references",
        at: place)
      return try references.indices.map { try path(of: &references[$0]) }
    }
  }

  private func path(of reference: inout hobj_ref_t) throws -> String {
    let what = "cannot follow a reference"
    let length = try H5.check(
      H5Rget_name(handle.id, H5R_OBJECT, &reference, nil, 0), what, at: place)
    var name = [CChar](repeating: 0, count: length + 1)
    try H5.check(H5Rget_name(handle.id, H5R_OBJECT, &reference, &name, length + 1), what, at: place)
    return String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// A damaged or foreign shape must not bring the process down.
  private func requireMemory(_ bytes: Int) throws {
    let memory = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    guard bytes > memory else { return }
    throw CodecError(
      .data, "the dataset of shape \(shape) needs \(bytes >> 30) GB; the machine has \(memory >> 30) GB",
      at: place)
  }

  /// Integers are read exactly: a value that does not fit stops the reading.
  private func transferProperties(isExact: Bool) throws -> H5Handle {
    let transfer = try H5Handle(
      H5Pcreate(codec_h5_dataset_transfer()), "cannot set transfer properties", at: place, closedBy: H5Pclose)
    guard isExact else { return transfer }
    let status = H5Pset_type_conv_cb(
      transfer.id,
      { exception, _, _, _, _, _ in
        exception == H5T_CONV_EXCEPT_PRECISION ? H5T_CONV_UNHANDLED : H5T_CONV_ABORT
      }, nil)
    try H5.check(status, "cannot set transfer properties", at: place)
    return transfer
  }
}

extension H5Dataset.ElementKind {
  /// The plural, for messages.
  var noun: String {
    switch self {
    case .number(let isInteger, let size):
      "\(8 * size)-bit \(isInteger ? "integers" : "floating-point numbers")"
    case .text: "text"
    case .other(let name): "\(name) values"
    }
  }
}

/// A box of a dataset and a buffer of its size.
struct Selection {
  let file: H5Handle
  let memory: H5Handle

  init(_ box: [Range<Int>], of dataset: H5Dataset) throws {
    let (what, place) = ("cannot select \(box)", dataset.place)
    file = try H5Handle(H5Dget_space(dataset.handle.id), what, at: place, closedBy: H5Sclose)
    let starts = box.map { hsize_t($0.lowerBound) }
    let counts = box.map { hsize_t($0.count) }
    memory = try H5Handle(
      H5Screate_simple(Int32(box.count), counts, nil), what, at: place, closedBy: H5Sclose)
    guard !box.isEmpty else { return }
    try H5.check(H5Sselect_hyperslab(file.id, H5S_SELECT_SET, starts, nil, counts, nil), what, at: place)
  }
}
