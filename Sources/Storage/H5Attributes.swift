import CHDF5
import Runtime

extension H5File {
  /// All attributes of the object at `path` by name.
  /// - Throws: `CodecError` of kind `data` where there is no such object or an attribute is damaged.
  public func attributes(of path: String = "/") throws -> [String: AttributeValue] {
    try H5.locked { try H5Attributes(try object(path), at: place(path)).all() }
  }

  /// One attribute of the object at `path`; nil where it has none of that name.
  /// - Throws: `CodecError` of kind `data` where there is no such object or the attribute is damaged.
  public func attribute(_ name: String, of path: String = "/") throws -> AttributeValue? {
    try H5.locked { try H5Attributes(try object(path), at: place(path)).value(name) }
  }

  /// Sets an attribute of the object at `path`, replacing any of that name.
  public func setAttribute(_ name: String, to value: AttributeValue, of path: String = "/") throws {
    try H5.locked { try H5Attributes(try object(path), at: place(path)).set(name, to: value) }
  }

  private func object(_ path: String) throws -> H5Handle {
    guard kind(of: path) != nil else {
      throw CodecError(.data, "there is no such group or dataset", at: place(path))
    }
    return try open(path)
  }
}

extension H5Dataset {
  /// One attribute; nil where there is none of that name.
  public func attribute(_ name: String) throws -> AttributeValue? { try file.attribute(name, of: path) }

  /// Sets an attribute, replacing any of that name.
  public func setAttribute(_ name: String, to value: AttributeValue) throws {
    try file.setAttribute(name, to: value, of: path)
  }
}

/// The attributes of one open object.
struct H5Attributes {
  let object: H5Handle
  let place: String

  init(_ object: H5Handle, at place: String) {
    (self.object, self.place) = (object, place)
  }

  func all() throws -> [String: AttributeValue] {
    var names: [String] = []
    var index: hsize_t = 0
    let status = withUnsafeMutablePointer(to: &names) { names in
      H5Aiterate2(
        object.id, H5_INDEX_NAME, H5_ITER_INC, &index,
        { _, name, _, client in
          guard let name, let client else { return 0 }
          client.assumingMemoryBound(to: [String].self).pointee.append(String(cString: name))
          return 0
        }, names)
    }
    try H5.check(status, "cannot list the attributes", at: place)
    return try Dictionary(uniqueKeysWithValues: names.map { ($0, try value($0) ?? .other("missing")) })
  }

  func value(_ name: String) throws -> AttributeValue? {
    let place = "\(place), attribute \(name)"
    guard try H5.check(H5Aexists(object.id, name), "cannot look for the attribute", at: place) > 0 else {
      return nil
    }
    let id = try H5Handle(
      H5Aopen(object.id, name, 0), "cannot open the attribute", at: place, closedBy: H5Aclose)
    let type = try H5Handle(H5Aget_type(id.id), "cannot read the attribute", at: place, closedBy: H5Tclose)
    let space = try H5Handle(H5Aget_space(id.id), "cannot read the attribute", at: place, closedBy: H5Sclose)
    let shape = try H5Dataset.shape(of: space, at: place)
    let count = shape.reduce(1, *)
    guard count <= 1 << 24 else { throw CodecError(.data, "the attribute has \(count) elements", at: place) }
    switch H5Dataset.elementKind(of: type.id) {
    case .text:
      let texts = try H5Text.read(count: count, type: type, at: place) { H5Aread(id.id, $0, $1) }
      return shape.isEmpty ? .text(texts[0]) : .texts(texts)
    case .number(isInteger: true, _):
      let values: [Int] = try numbers(id, count, at: place)
      return shape.isEmpty ? .integer(values[0]) : .integers(values)
    case .number(isInteger: false, _):
      let values: [Double] = try numbers(id, count, at: place)
      return shape.isEmpty ? .number(values[0]) : .numbers(values)
    case .other(let name): return .other(name)
    }
  }

  private func numbers<Number: StoredNumber>(_ id: H5Handle, _ count: Int, at place: String) throws
    -> [Number]
  {
    guard count > 0 else { return [] }
    var values = [Number](repeating: .zero, count: count)
    try H5.check(H5Aread(id.id, Number.numberType.native, &values), "cannot read the attribute", at: place)
    return values
  }

  func set(_ name: String, to value: AttributeValue) throws {
    if H5Aexists(object.id, name) > 0 {
      try H5.check(H5Adelete(object.id, name), "cannot replace the attribute \(name)", at: place)
    }
    switch value {
    case .text(let text): try write(name, texts: [text], isScalar: true)
    case .texts(let texts): try write(name, texts: texts, isScalar: false)
    case .integer(let number): try write(name, numbers: [number], isScalar: true)
    case .integers(let numbers): try write(name, numbers: numbers, isScalar: false)
    case .number(let number): try write(name, numbers: [number], isScalar: true)
    case .numbers(let numbers): try write(name, numbers: numbers, isScalar: false)
    case .other(let kind): preconditionFailure("an attribute of \(kind) values cannot be written")
    }
  }

  private func write<Number: StoredNumber>(_ name: String, numbers: [Number], isScalar: Bool) throws {
    let native = Number.numberType.native
    let id = try create(name, type: native, count: numbers.count, isScalar: isScalar)
    guard !numbers.isEmpty else { return }
    try H5.check(H5Awrite(id.id, native, numbers), "cannot write the attribute \(name)", at: place)
  }

  private func write(_ name: String, texts: [String], isScalar: Bool) throws {
    let type = try H5Text.variableType(at: place)
    let id = try create(name, type: type.id, count: texts.count, isScalar: isScalar)
    guard !texts.isEmpty else { return }
    let status = H5Text.withPointers(texts) { H5Awrite(id.id, type.id, $0) }
    try H5.check(status, "cannot write the attribute \(name)", at: place)
  }

  private func create(_ name: String, type: hid_t, count: Int, isScalar: Bool) throws -> H5Handle {
    let what = "cannot create the attribute \(name)"
    let space = try H5Handle(
      isScalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, [hsize_t(count)], nil), what, at: place,
      closedBy: H5Sclose)
    return try H5Handle(
      H5Acreate2(object.id, name, type, space.id, 0, 0), what, at: place, closedBy: H5Aclose)
  }
}
