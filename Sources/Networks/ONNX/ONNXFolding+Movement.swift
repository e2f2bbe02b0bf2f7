import ONNXSchema
import Runtime

/// Movements of known numbers.
extension ONNXFolding {
  func moved() throws -> [ONNXConstant] {
    let given = try reader.constantOfSamples(0)
    let (shape, rank) = (given.shape, given.shape.count)
    switch reader.node.opType {
    case "Reshape": return [try reshaped(given)]
    case "Flatten":
      let axis = reader.integer("axis", 1)
      let split = axis < 0 ? axis + rank : axis
      guard (0...rank).contains(split) else { throw CodecError(.data, "there is no axis \(axis)") }
      return [given.reshaped([shape[..<split].reduce(1, *), shape[split...].reduce(1, *)])]
    case "Squeeze", "Unsqueeze":
      let axes = try reader.integers("axes", orInput: 1)
      return [given.reshaped(try Self.squeezed(shape, axes, inserts: reader.node.opType == "Unsqueeze"))]
    case "Transpose":
      let order = reader.integers("perm") ?? Array(shape.indices.reversed())
      guard order.sorted() == Array(shape.indices) else {
        throw CodecError(.data, "perm \(order) is no order of axes")
      }
      let offsets = IndexMap.offsets(ofShape: perSample(shape))
      return [given.picking(Self.places(order.map { offsets[$0] }), shape: order.map { shape[$0] })]
    case "Concat": return [try joined()]
    case "Split":
      let axis = try reader.axis(reader.integer("axis", 0), of: rank)
      var start = 0
      return try Self.splitSizes(reader, length: shape[axis]).map { size in
        defer { start += size }
        return taking(given, axis: axis, places: Array(start..<start + size))
      }
    case "Slice":
      return [
        try Self.sliceRanges(reader, shape: shape).reduce(given) { result, range in
          countsSamples(range.count)
            ? result
            : taking(
              result, axis: range.axis, places: (0..<range.count).map { range.start + $0 * range.step })
        }
      ]
    case "Gather": return [try gathered(given)]
    case "Expand": return [try expanded(given)]
    default: throw ONNXUnsupported(reason: "of constants alone")
    }
  }

  private func reshaped(_ given: ONNXConstant) throws -> ONNXConstant {
    guard var shape = try reader.constant(1).integers else {
      throw CodecError(.data, "its shape is not integers")
    }
    for axis in shape.indices where shape[axis] == 0 && reader.integer("allowzero", 0) == 0 {
      shape[axis] = axis < given.shape.count ? given.shape[axis] : 0
    }
    if let open = shape.firstIndex(of: -1) {
      let rest = product(shape.indices.filter { $0 != open }.map { shape[$0] }) ?? 0
      shape[open] = rest <= 0 ? 0 : given.shape.reduce(1, *) / rest
    }
    guard shape.allSatisfy({ $0 >= 0 }), product(perSample(shape)) == given.numbers.count else {
      throw CodecError(.data, "\(batchText(given.shape)) does not fill \(batchText(shape))")
    }
    return given.reshaped(shape)
  }

  private func joined() throws -> ONNXConstant {
    let parts = try reader.values.indices.map { try reader.constant($0) }
    let axis = try reader.axis(reader.integer("axis", 0), of: parts[0].shape.count)
    guard parts.allSatisfy({ $0.shape.count == parts[0].shape.count && !countsSamples($0.shape[axis]) })
    else {
      throw ONNXUnsupported(reason: "it joins constants of different axes")
    }
    var shape = parts[0].shape
    shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    let outer = perSample(Array(shape[..<axis])).reduce(1, *)
    let rows = parts.map { $0.numbers.count / max(outer, 1) }
    let isFloat = parts.contains { $0.integers == nil }
    if isFloat {
      let numbers = parts.map(\.floats)
      return ONNXConstant(
        shape: shape,
        .floats(
          (0..<outer).flatMap { row in
            zip(numbers, rows).flatMap { $0[row * $1..<(row + 1) * $1] }
          }))
    }
    let numbers = parts.map { $0.integers ?? [] }
    return ONNXConstant(
      shape: shape,
      .integers((0..<outer).flatMap { row in zip(numbers, rows).flatMap { $0[row * $1..<(row + 1) * $1] } }))
  }

  private func taking(_ given: ONNXConstant, axis: Int, places: [Int]) -> ONNXConstant {
    var offsets = IndexMap.offsets(ofShape: perSample(given.shape))
    offsets[axis] = places.map { offsets[axis][$0] }
    var shape = given.shape
    shape[axis] = places.count
    return given.picking(Self.places(offsets), shape: shape)
  }

  private func gathered(_ given: ONNXConstant) throws -> ONNXConstant {
    let axis = try reader.axis(reader.integer("axis", 0), of: given.shape.count)
    let indices = try reader.constant(1)
    let length = given.shape[axis]
    let places = (indices.integers ?? []).map { $0 < 0 ? $0 + length : $0 }
    guard indices.integers != nil, !countsSamples(length), places.allSatisfy((0..<length).contains) else {
      throw CodecError(.data, "places \(places) are not on an axis of length \(length)")
    }
    let shape = Array(given.shape[..<axis]) + indices.shape + Array(given.shape[(axis + 1)...])
    try checkSize(shape)
    return taking(given, axis: axis, places: places).reshaped(shape)
  }

  private func expanded(_ given: ONNXConstant) throws -> ONNXConstant {
    guard let wanted = try reader.constant(1).integers, let shape = broadcastShape(given.shape, wanted) else {
      throw CodecError(.data, "\(batchText(given.shape)) does not broadcast")
    }
    try checkSize(shape)
    return given.picking(Self.places(of: perSample(given.shape), in: perSample(shape)), shape: shape)
  }
}

/// What the same operators need for known and computed tensors.
extension ONNXFolding {
  /// A shape without, or with more, axes of length 1.
  static func squeezed(_ shape: [Int], _ axes: [Int]?, inserts: Bool) throws -> [Int] {
    guard let axes else { return shape.filter { $0 != 1 } }
    let rank = shape.count + (inserts ? axes.count : 0)
    let resolved = Set(axes.map { $0 < 0 ? $0 + rank : $0 })
    guard resolved.count == axes.count, resolved.allSatisfy((0..<rank).contains) else {
      throw CodecError(.data, "there are no axes \(axes) among \(rank)")
    }
    if inserts {
      var rest = shape[...]
      return (0..<rank).map { resolved.contains($0) ? 1 : rest.removeFirst() }
    }
    guard resolved.allSatisfy({ shape[$0] == 1 }) else {
      throw ONNXUnsupported(reason: "axes \(axes) of \(batchText(shape)) are longer than 1")
    }
    return shape.indices.filter { !resolved.contains($0) }.map { shape[$0] }
  }

  /// Lengths of a split's parts.
  static func splitSizes(_ reader: ONNXNodeReader, length: Int) throws -> [Int] {
    let parts = reader.node.output.count
    let equal = (length + parts - 1) / parts
    let sizes =
      try reader.integers("split", orInput: 1) ?? (0..<parts).map { min(equal, length - $0 * equal) }
    guard sizes.count == parts, sizes.allSatisfy({ $0 > 0 && $0 <= length }), sizes.reduce(0, +) == length
    else {
      throw CodecError(.data, "parts \(sizes) do not make up an axis of length \(length)")
    }
    return sizes
  }

  /// What a slice takes of each axis it names.
  static func sliceRanges(_ reader: ONNXNodeReader, shape: [Int]) throws -> [Slice.Range] {
    guard let starts = try reader.constant(1).integers, let ends = try reader.constant(2).integers else {
      throw CodecError(.data, "its bounds are no integers")
    }
    let axes = try reader.constant(ifPresent: 3)?.integers ?? Array(starts.indices)
    let steps = try reader.constant(ifPresent: 4)?.integers ?? starts.map { _ in 1 }
    guard [ends.count, axes.count, steps.count].allSatisfy({ $0 == starts.count }), !steps.contains(0) else {
      throw CodecError(.data, "its starts, ends, axes and steps do not belong together")
    }
    return try starts.indices.map { index in
      let axis = try reader.axis(axes[index], of: shape.count)
      let (length, step) = (shape[axis], steps[index])
      func bound(_ value: Int, _ low: Int, _ high: Int) -> Int {
        min(max(value < 0 ? value + length : value, low), high)
      }
      let start = step > 0 ? bound(starts[index], 0, length) : bound(starts[index], 0, length - 1)
      let end = step > 0 ? bound(ends[index], 0, length) : bound(ends[index], -1, length - 1)
      let distance = step > 0 ? end - start : start - end
      let stride = step.magnitude > UInt(Int.max) ? Int.max : abs(step)
      return Slice.Range(
        axis: axis, start: start, count: distance <= 0 ? 0 : (distance - 1) / stride + 1, step: step)
    }
  }
}
