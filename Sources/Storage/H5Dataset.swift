import CHDF5
import Foundation
import Runtime

/// A dataset in an open HDF5 file.
public final class H5Dataset: @unchecked Sendable {
  /// What one element is.
  public enum ElementKind: Sendable, Equatable {
    case number(isInteger: Bool, size: Int)
    case text
    /// HDF5's name of a class that is neither, such as "compound".
    case other(String)
  }

  /// The file it is in; keeps that open.
  public let file: H5File
  /// Its path in the file.
  public let path: String
  /// Length of each axis; empty for a single value.
  public private(set) var shape: [Int]
  /// What one element is.
  public let elementKind: ElementKind
  /// Lengths of one chunk; nil where the dataset is stored in one piece.
  public let chunk: [Int]?
  let handle: H5Handle

  /// `file: dataset`, for messages.
  public var place: String { file.place(path) }
  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }
  /// Length of the first axis; one for a single value.
  public var rows: Int { shape.first ?? 1 }

  init(owning id: H5Handle, path: String, in file: H5File) throws {
    (handle, self.path, self.file) = (id, path, file)
    let place = file.place(path)
    let space = try H5Handle(H5Dget_space(id.id), "cannot read the shape", at: place, closedBy: H5Sclose)
    shape = try H5Dataset.shape(of: space, at: place)
    let type = try H5Handle(H5Dget_type(id.id), "cannot read the type", at: place, closedBy: H5Tclose)
    elementKind = H5Dataset.elementKind(of: type.id)
    chunk = try H5Dataset.chunk(of: id, rank: shape.count, at: place)
  }

  /// Takes notice of rows that were added.
  func setRows(_ rows: Int) { shape[0] = rows }

  static func shape(of space: H5Handle, at place: String) throws -> [Int] {
    guard H5Sget_simple_extent_type(space.id) != H5S_NULL else { return [0] }
    let rank = try H5.check(H5Sget_simple_extent_ndims(space.id), "cannot read the shape", at: place)
    var lengths = [hsize_t](repeating: 0, count: Int(rank))
    try H5.check(H5Sget_simple_extent_dims(space.id, &lengths, nil), "cannot read the shape", at: place)
    let shape = lengths.map { Int(exactly: $0) ?? -1 }
    var bytes = 8
    for length in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: max(length, 1))
      guard length >= 0, !overflow else { throw CodecError(.data, "its shape is impossible", at: place) }
      bytes = product
    }
    return shape
  }

  static func elementKind(of type: hid_t) -> ElementKind {
    switch H5Tget_class(type) {
    case H5T_INTEGER, H5T_ENUM: .number(isInteger: true, size: H5Tget_size(type))
    case H5T_FLOAT: .number(isInteger: false, size: H5Tget_size(type))
    case H5T_STRING: .text
    case H5T_COMPOUND: .other("compound")
    case H5T_REFERENCE: .other("reference")
    case H5T_VLEN: .other("variable-length")
    case H5T_ARRAY: .other("array")
    default: .other("opaque")
    }
  }

  private static func chunk(of id: H5Handle, rank: Int, at place: String) throws -> [Int]? {
    let properties = try H5Handle(
      H5Dget_create_plist(id.id), "cannot read the layout", at: place, closedBy: H5Pclose)
    guard H5Pget_layout(properties.id) == H5D_CHUNKED else { return nil }
    var lengths = [hsize_t](repeating: 0, count: rank)
    try H5.check(H5Pget_chunk(properties.id, Int32(rank), &lengths), "cannot read the layout", at: place)
    return lengths.map { Int($0) }
  }
}

extension H5File {
  /// Opens the dataset at `path`.
  /// - Parameter rank: the number of axes it must have; nil takes any.
  /// - Throws: `CodecError` of kind `data` naming file and dataset where it is missing or of another rank.
  public func dataset(_ path: String, rank: Int? = nil) throws -> H5Dataset {
    switch kind(of: path) {
    case .dataset: break
    // Fails with the library's reason: a link that leads nowhere, or a version newer than the library.
    case .other: _ = try H5.locked { try open(path) }
    case .group, nil:
      throw CodecError(.data, "there is no such dataset", at: place(path), remedy: neighbours(of: path))
    }
    let dataset = try H5.locked { try openDataset(path) }
    if let rank, dataset.shape.count != rank {
      throw CodecError(
        .data, "the dataset has \(dataset.shape.count) axes (shape \(dataset.shape)); \(rank) are expected",
        at: dataset.place)
    }
    return dataset
  }

  /// What the nearest existing group holds, as a hint.
  private func neighbours(of path: String) -> String? {
    var group = H5File.absolute(path)
    while group.count > 1 {
      group = String(group[..<group.lastIndex(of: "/")!])
      if group.isEmpty { group = "/" }
      if let names = try? children(of: group) {
        return "\(group) holds \(names.isEmpty ? "nothing" : names.prefix(40).joined(separator: ", "))"
      }
    }
    return nil
  }

  /// Opens a dataset with a cache that holds two rows of chunks, so that blocks of frames read in order
  /// decompress each chunk once.
  private func openDataset(_ path: String) throws -> H5Dataset {
    let plain = try openDataset(path, cacheBytes: nil)
    guard let first = plain.chunk?.first, case .number(_, let size) = plain.elementKind else { return plain }
    let bytes = plain.shape.dropFirst().reduce(min(first, plain.rows) * min(size, 8), *)
    guard bytes > 1 << 19 else { return plain }
    return try openDataset(path, cacheBytes: min(2 * bytes, 128 << 20))
  }

  private func openDataset(_ path: String, cacheBytes: Int?) throws -> H5Dataset {
    let place = place(path)
    let access = try H5Handle(
      H5Pcreate(codec_h5_dataset_access()), "cannot set access properties", at: place, closedBy: H5Pclose)
    if let cacheBytes {
      try H5.check(
        H5Pset_chunk_cache(access.id, 100_003, cacheBytes, 1), "cannot set access properties", at: place)
    }
    let id = try H5Handle(
      H5Dopen2(handle.id, H5File.absolute(path), access.id), "cannot open the dataset", at: place,
      closedBy: H5Dclose)
    return try H5Dataset(owning: id, path: H5File.absolute(path), in: self)
  }
}
