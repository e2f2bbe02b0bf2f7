import CHDF5
import Foundation
import Runtime

extension H5File {
  /// What stands at a path.
  public enum ObjectKind: Sendable {
    case group, dataset
    /// A named type, or a link that leads nowhere.
    case other
  }

  /// What stands at `path`; nil where nothing does.
  public func kind(of path: String) -> ObjectKind? {
    H5.locked {
      guard linkExists(path) else { return nil }
      let id = H5Oopen(handle.id, H5File.absolute(path), 0)
      guard id >= 0 else {
        H5Eclear2(0)
        return .other
      }
      defer { H5Oclose(id) }
      switch H5Iget_type(id) {
      case H5I_GROUP: return .group
      case H5I_DATASET: return .dataset
      default: return .other
      }
    }
  }

  /// Whether a group or dataset stands at `path`.
  public func contains(_ path: String) -> Bool {
    switch kind(of: path) {
    case .group, .dataset: true
    case .other, nil: false
    }
  }

  /// The names of a group's members, sorted, numbers in them by value: layers come as they are counted, `block2`
  /// before `block10`.
  /// - Throws: `CodecError` of kind `data` where `group` is missing or no group.
  public func children(of group: String = "/") throws -> [String] {
    guard kind(of: group) == .group else {
      throw CodecError(.data, "there is no such group", at: place(group))
    }
    return try H5.locked {
      let id = try open(group)
      var info = H5G_info_t()
      try H5.check(H5Gget_info(id.id, &info), "cannot list the group", at: place(group))
      return try (0..<info.nlinks).map { try linkName($0, of: id, group: group) }.sorted {
        $0.compare($1, options: .numeric) == .orderedAscending
      }
    }
  }

  /// The paths of all datasets at or below `group`, sorted by name level by level.
  public func datasets(below group: String = "/") throws -> [String] {
    let base = group == "/" ? "" : H5File.absolute(group)
    var paths: [String] = []
    var waiting = try children(of: group).map { (path: base + "/" + $0, depth: 0) }
    while let (path, depth) = waiting.first {
      waiting.removeFirst()
      switch kind(of: path) {
      case .dataset: paths.append(path)
      // Hard links can form a ring; recordings are not thirty levels deep.
      case .group where depth < 30:
        waiting.insert(contentsOf: try children(of: path).map { (path + "/" + $0, depth + 1) }, at: 0)
      default: break
      }
    }
    return paths
  }

  /// Every component of a path must exist before HDF5 may be asked for the whole of it.
  private func linkExists(_ path: String) -> Bool {
    var partial = ""
    for component in path.split(separator: "/") {
      partial += "/" + component
      let answer = H5Lexists(handle.id, partial, 0)
      if answer < 0 { H5Eclear2(0) }
      guard answer > 0 else { return false }
    }
    return true
  }

  /// Opens a group or dataset.
  func open(_ path: String) throws -> H5Handle {
    try H5Handle(
      H5Oopen(handle.id, H5File.absolute(path), 0), "cannot open", at: place(path), closedBy: H5Oclose)
  }

  private func linkName(_ index: hsize_t, of group: H5Handle, group path: String) throws -> String {
    let length = try H5.check(
      H5Lget_name_by_idx(group.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, 0),
      "cannot list the group",
      at: place(path))
    var name = [CChar](repeating: 0, count: length + 1)
    try H5.check(
      H5Lget_name_by_idx(group.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, &name, length + 1, 0),
      "cannot list the group", at: place(path))
    return String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
