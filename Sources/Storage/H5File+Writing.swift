import CHDF5
import Numerics
import Runtime

extension H5File {
  /// Writes a whole dataset; the groups of its path are made as needed.
  /// - Parameters:
  ///   - shape: length of each axis; empty for a single value.
  ///   - type: the type in the file; nil keeps the values' own.
  /// - Throws: `CodecError`, kind `fileSystem` where the disk refuses.
  @discardableResult
  public func write<Number: StoredNumber>(
    _ values: [Number], shape: [Int], to path: String, as type: NumberType? = nil
  ) throws -> H5Dataset {
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values do not fill \(shape)")
    let dataset = try createDataset(path, type ?? Number.numberType, shape: shape)
    try dataset.write(values, in: shape.map { 0..<$0 })
    return dataset
  }

  /// Writes a tensor as a dataset of its shape.
  @discardableResult
  public func write(_ tensor: Tensor, to path: String) throws -> H5Dataset {
    try write(tensor.elements, shape: tensor.shape, to: path)
  }

  /// Writes a matrix as a dataset of two axes.
  @discardableResult
  public func write(_ matrix: Matrix, to path: String) throws -> H5Dataset {
    try write(matrix.elements, shape: [matrix.rows, matrix.columns], to: path)
  }

  /// Writes texts as a dataset of one axis.
  @discardableResult
  public func write(_ texts: [String], to path: String) throws -> H5Dataset {
    try H5.locked {
      let type = try H5Text.variableType(at: place(path))
      let dataset = try create(path, type: type.id, shape: [texts.count], growsTo: nil, chunk: nil)
      guard !texts.isEmpty else { return dataset }
      let status = H5Text.withPointers(texts) { H5Dwrite(dataset.handle.id, type.id, 0, 0, 0, $0) }
      try H5.check(status, "cannot write text", at: dataset.place)
      return dataset
    }
  }

  /// Makes an empty dataset, chunked and compressed where it is not tiny.
  /// - Parameters:
  ///   - shape: length of each axis.
  ///   - isGrowable: whether rows can be appended.
  ///   - chunkRows: rows of one chunk; nil chooses chunks of about 256 kB.
  public func createDataset(
    _ path: String, _ type: NumberType, shape: [Int], isGrowable: Bool = false, chunkRows: Int? = nil
  ) throws -> H5Dataset {
    precondition(!isGrowable || !shape.isEmpty, "a single value cannot grow")
    let isPlain = !isGrowable && shape.reduce(1, *) * type.size <= 4 << 10
    let chunk = isPlain ? nil : H5File.chunk(shape, size: type.size, isGrowable: isGrowable, rows: chunkRows)
    return try H5.locked {
      try create(
        path, type: type.native, shape: shape, growsTo: isGrowable ? codec_h5_unlimited() : nil, chunk: chunk)
    }
  }

  /// Chunk lengths: whole rows, as many as fit 256 kB; rows beyond 1 MB are cut along their leading axes.
  private static func chunk(_ shape: [Int], size: Int, isGrowable: Bool, rows: Int?) -> [Int] {
    var chunk = shape.map { max($0, 1) }
    let rowBytes = chunk.dropFirst().reduce(size, *)
    chunk[0] = max(1, rows ?? (256 << 10) / rowBytes)
    if !isGrowable { chunk[0] = min(chunk[0], max(shape[0], 1)) }
    for axis in chunk.indices.dropFirst() where chunk.reduce(size, *) > 1 << 20 {
      chunk[axis] = max(1, min(chunk[axis], (1 << 20) / chunk[(axis + 1)...].reduce(size, *)))
    }
    return chunk
  }

  private func create(
    _ path: String, type: hid_t, shape: [Int], growsTo limit: hsize_t?, chunk: [Int]?
  ) throws -> H5Dataset {
    let (what, place, path) = ("cannot create the dataset", place(path), H5File.absolute(path))
    let lengths = shape.map { hsize_t($0) }
    let limits = limit.map { [$0] + lengths.dropFirst() } ?? lengths
    let space = try H5Handle(
      shape.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(shape.count), lengths, limits), what,
      at: place, closedBy: H5Sclose)
    let links = try H5Handle(H5Pcreate(codec_h5_link_create()), what, at: place, closedBy: H5Pclose)
    try H5.check(H5Pset_create_intermediate_group(links.id, 1), what, at: place)
    let layout = try H5Handle(H5Pcreate(codec_h5_dataset_create()), what, at: place, closedBy: H5Pclose)
    // Files of equal content are equal: no dates inside.
    try H5.check(H5Pset_obj_track_times(layout.id, false), what, at: place)
    if let chunk {
      try H5.check(H5Pset_chunk(layout.id, Int32(chunk.count), chunk.map { hsize_t($0) }), what, at: place)
      try H5.check(H5Pset_shuffle(layout.id), what, at: place)
      try H5.check(H5Pset_deflate(layout.id, 4), what, at: place)
    }
    let id = try H5Handle(
      H5Dcreate2(handle.id, path, type, space.id, links.id, layout.id, 0), what, at: place, closedBy: H5Dclose
    )
    return try H5Dataset(owning: id, path: path, in: self)
  }
}

extension H5Dataset {
  /// Writes a box of the dataset; HDF5 converts to the type in the file.
  /// - Parameters:
  ///   - values: row-major.
  ///   - box: one range for each axis.
  public func write<Number: StoredNumber>(_ values: [Number], in box: [Range<Int>]) throws {
    precondition(box.count == shape.count && box.map(\.count).reduce(1, *) == values.count)
    guard !values.isEmpty else { return }
    try H5.locked {
      let selection = try Selection(box, of: self)
      let status = H5Dwrite(
        handle.id, Number.numberType.native, selection.memory.id, selection.file.id, 0, values)
      try H5.check(status, "cannot write the dataset", at: place)
    }
  }

  /// Appends whole rows to a growable dataset.
  public func append<Number: StoredNumber>(_ values: [Number]) throws {
    let rowCount = shape.dropFirst().reduce(1, *)
    precondition(
      !shape.isEmpty && values.count.isMultiple(of: max(rowCount, 1)), "only whole rows can be appended")
    let added = rowCount == 0 ? 0 : values.count / rowCount
    let first = rows
    try H5.locked {
      let lengths = ([first + added] + shape.dropFirst()).map { hsize_t($0) }
      try H5.check(H5Dset_extent(handle.id, lengths), "cannot extend the dataset", at: place)
      setRows(first + added)
    }
    try write(values, in: [first..<first + added] + shape.dropFirst().map { 0..<$0 })
  }
}
