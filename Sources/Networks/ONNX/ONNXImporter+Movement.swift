import Numerics
import ONNXSchema
import Runtime

/// Operators that only move numbers.
extension ONNXImporter {
  /// Their names in ONNX.
  static let movements: Set<String> = [
    "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Concat", "Split", "Slice", "Gather", "Pad",
    "Expand",
  ]

  mutating func addMovement(_ reader: ONNXNodeReader) throws {
    switch reader.node.opType {
    case "Reshape": try addReshape(reader)
    case "Flatten":
      let input = try reader.computed(0)
      let axis = reader.integer("axis", 1)
      let split = axis < 0 ? axis + input.shape.count : axis
      guard (0...input.shape.count).contains(split) else {
        throw CodecError(.data, "there is no axis \(axis)")
      }
      try reshape(reader, to: [input.shape[..<split].reduce(1, *), input.shape[split...].reduce(1, *)])
    case "Squeeze", "Unsqueeze":
      let input = try reader.computed(0)
      let axes = try reader.integers("axes", orInput: 1)
      try reshape(
        reader, to: try ONNXFolding.squeezed(input.shape, axes, inserts: reader.node.opType == "Unsqueeze"))
    case "Transpose": try addTranspose(reader)
    case "Concat": try addConcatenation(reader)
    case "Split": try addSplit(reader)
    case "Slice": try addSlice(reader)
    case "Gather": try addGather(reader)
    case "Pad": try addPad(reader)
    default: try addExpand(reader)
    }
  }

  private mutating func addReshape(_ reader: ONNXNodeReader) throws {
    let input = try reader.computed(0)
    guard var shape = try reader.constant(1).integers else {
      throw CodecError(.data, "its shape is not integers")
    }
    if reader.integer("allowzero", 0) == 0 {
      for axis in shape.indices where shape[axis] == 0 && axis < input.shape.count {
        shape[axis] = input.shape[axis]
      }
    }
    // Where the file fixes the batch at 1, sizes may have been written for one sample.
    let speaksOfOne = fixesBatch && !shape.contains(where: countsSamples)
    let total = (speaksOfOne ? perSample(input.shape) : input.shape).reduce(1, *)
    if let open = shape.firstIndex(of: -1) {
      let rest = product(shape.indices.filter { $0 != open }.map { shape[$0] }) ?? 0
      guard rest > 0, total % rest == 0 else {
        throw CodecError(.data, "\(batchText(input.shape)) does not fill \(batchText(shape))")
      }
      shape[open] = total / rest
    }
    guard shape.allSatisfy({ $0 > 0 }), product(shape) == total else {
      throw CodecError(.data, "\(batchText(input.shape)) does not fill \(batchText(shape))")
    }
    if speaksOfOne { shape = try placingBatch(in: shape, like: input) }
    try reshape(reader, to: shape)
  }

  /// A shape written for one sample with its batch axis: the one that has as much before it as the input's.
  private func placingBatch(in shape: [Int], like input: ONNXComputed) throws -> [Int] {
    let before = input.lengthBeforeSamples
    let candidates = shape.indices.filter { shape[..<$0].reduce(1, *) == before }
    guard let axis = candidates.contains(input.batchAxis) ? input.batchAxis : candidates.first else {
      throw ONNXUnsupported(reason: "it breaks up the batch")
    }
    var result = shape
    result[axis] *= batchMarker
    return result
  }

  private mutating func reshape(_ reader: ONNXNodeReader, to shape: [Int]) throws {
    let input = try reader.computed(0)
    let (old, new) = (input.shape, shape)
    guard let axis = new.firstIndex(where: countsSamples), new.reduce(1, *) == old.reduce(1, *) else {
      throw ONNXUnsupported(reason: "from \(batchText(old)) to \(batchText(new)) it breaks up the batch")
    }
    var result = ONNXComputed(name: input.name, shape: new)
    result.samplesRunFastest = new[..<axis].reduce(1, *) != input.lengthBeforeSamples
    guard result.lengthBeforeSamples == input.lengthBeforeSamples else {
      throw ONNXUnsupported(reason: "from \(batchText(old)) to \(batchText(new)) it breaks up the batch")
    }
    result.channelAxis = keptChannelAxis(from: input, to: result)
    guard result.networkShape != input.networkShape else {
      values[reader.node.output[0]] = .computed(result)
      return
    }
    append(
      Reshape(to: result.networkShape), of: reader.node, reading: [input], shape: new,
      channelAxis: result.channelAxis, samplesRunFastest: result.samplesRunFastest)
  }

  /// Channels that were first, or last, and still have an axis of their own there.
  private func keptChannelAxis(from input: ONNXComputed, to output: ONNXComputed) -> Int? {
    let (old, new) = (input.networkShape, output.networkShape)
    let axis = input.channelAxis ?? LayerReduction(ofShape: old).channelAxis
    let usual = LayerReduction(ofShape: new).channelAxis
    if old.count < 2 || new.count < 2 { return nil }
    if axis == 0, old[0] == new[0] { return usual == 0 ? nil : 0 }
    if axis == old.count - 1, old.last == new.last { return usual == new.count - 1 ? nil : new.count - 1 }
    return nil
  }

  private mutating func addTranspose(_ reader: ONNXNodeReader) throws {
    let input = try reader.computed(0)
    let order = reader.integers("perm") ?? Array(input.shape.indices.reversed())
    guard order.sorted() == Array(input.shape.indices) else {
      throw CodecError(.data, "perm \(order) is no order of \(input.shape.count) axes")
    }
    let axes = input.isMerged ? order : order.compactMap { input.networkAxis($0) }
    var result = ONNXComputed(name: input.name, shape: order.map { input.shape[$0] })
    result.samplesRunFastest = input.samplesRunFastest
    let channel = input.channelAxis ?? LayerReduction(ofShape: input.networkShape).channelAxis
    let moved = axes.firstIndex(of: channel)
    result.channelAxis = moved == LayerReduction(ofShape: result.networkShape).channelAxis ? nil : moved
    guard axes != axes.indices.map({ $0 }) else {
      values[reader.node.output[0]] = .computed(result)
      return
    }
    append(
      try Transpose(axes: axes), of: reader.node, reading: [input], shape: result.shape,
      channelAxis: result.channelAxis)
  }

  private mutating func addConcatenation(_ reader: ONNXNodeReader) throws {
    let inputs = reader.values.compactMap { value -> ONNXComputed? in
      if case .computed(let computed)? = value { computed } else { nil }
    }
    let first = inputs[0]
    guard inputs.allSatisfy({ $0.isLaidOut(like: first) }) else {
      throw ONNXUnsupported(reason: "samples lie on different axes of its inputs")
    }
    let axis = try reader.axis(reader.integer("axis", 0), of: first.shape.count)
    let networkAxis = try reader.networkAxes([axis], of: first)[0]
    var length = 0
    let parts = try reader.values.compactMap(\.self).map { value -> Concatenation.Part in
      guard value.shape.count == first.shape.count else {
        throw CodecError(.data, "it joins \(batchText(first.shape)) and \(batchText(value.shape))")
      }
      length += value.shape[axis]
      guard case .constant(let constant) = value else { return .input }
      return .constant(try sampleOf(constant, like: first))
    }
    var shape = first.shape
    shape[axis] = length
    append(
      Concatenation(axis: networkAxis, parts: parts), of: reader.node, reading: inputs, shape: shape,
      channelAxis: first.channelAxis)
  }

  private mutating func addSplit(_ reader: ONNXNodeReader) throws {
    let input = try reader.computed(0)
    let axis = try reader.axis(reader.integer("axis", 0), of: input.shape.count)
    let networkAxis = try reader.networkAxes([axis], of: input)[0]
    let sizes = try ONNXFolding.splitSizes(reader, length: input.shape[axis])
    var start = 0
    for (index, size) in sizes.enumerated() {
      var shape = input.shape
      shape[axis] = size
      if !reader.node.output[index].isEmpty {
        append(
          Slice([.init(axis: networkAxis, start: start, count: size)]), of: reader.node, reading: [input],
          shape: shape, output: index, channelAxis: input.channelAxis)
      }
      start += size
    }
  }

  private mutating func addSlice(_ reader: ONNXNodeReader) throws {
    let input = try reader.computed(0)
    let all = try ONNXFolding.sliceRanges(reader, shape: input.shape)
    let ranges = all.filter { $0.count != input.shape[$0.axis] || $0.step != 1 }
    guard !ranges.isEmpty else { return try alias(reader) }
    var shape = input.shape
    let taken = try ranges.map { range -> Slice.Range in
      guard range.count > 0 else { throw ONNXUnsupported(reason: "it takes nothing of axis \(range.axis)") }
      shape[range.axis] = range.count
      let axis = try reader.networkAxes([range.axis], of: input)[0]
      return Slice.Range(axis: axis, start: range.start, count: range.count, step: range.step)
    }
    append(Slice(taken), of: reader.node, reading: [input], shape: shape, channelAxis: input.channelAxis)
  }

  private mutating func addGather(_ reader: ONNXNodeReader) throws {
    guard case .computed(let input) = try reader.value(0) else {
      throw ONNXUnsupported(reason: "it looks up what the network computed")
    }
    let axis = try reader.axis(reader.integer("axis", 0), of: input.shape.count)
    let places = try reader.constantOfSamples(1)
    if places.sampleStep != 0 { return try addGather(reader, of: input, axis: axis, at: places) }
    let (networkAxis, length) = (try reader.networkAxes([axis], of: input)[0], input.shape[axis])
    guard let integers = places.integers else { throw CodecError(.data, "its places are no integers") }
    let indices = integers.map { $0 < 0 ? $0 + length : $0 }
    let shape = Array(input.shape[..<axis]) + places.shape + Array(input.shape[(axis + 1)...])
    let gather = Gather(axis: networkAxis, indices: indices)
    guard places.shape.count != 1 else {
      return append(gather, of: reader.node, reading: [input], shape: shape, channelAxis: input.channelAxis)
    }
    var taken = input.shape
    taken[axis] = indices.count
    let gathered = appendStep(gather, of: reader.node, named: "taken", reading: input, shape: taken)
    let result = ONNXComputed(name: gathered.name, shape: shape)
    append(Reshape(to: result.networkShape), of: reader.node, reading: [gathered], shape: shape)
  }

  /// Takes the same places of each sample where samples are merged with what is looked up: PyTorch's strided views.
  private mutating func addGather(
    _ reader: ONNXNodeReader, of input: ONNXComputed, axis: Int, at places: ONNXConstant
  ) throws {
    let length = input.shape[axis] / batchMarker
    guard axis == input.batchAxis, input.isMerged, !input.samplesRunFastest, places.sampleStep == length,
      places.shape.first == batchMarker, let indices = places.integers,
      indices.allSatisfy((0..<length).contains)
    else { throw ONNXUnsupported(reason: "it takes different places of each sample") }
    let shape = Array(input.shape[..<axis]) + places.shape + Array(input.shape[(axis + 1)...])
    let taken = appendStep(
      Gather(axis: axis, indices: indices), of: reader.node, named: "taken", reading: input,
      shape: Array(input.shape[..<axis]) + [indices.count * batchMarker] + Array(input.shape[(axis + 1)...]))
    let result = ONNXComputed(name: taken.name, shape: shape)
    append(Reshape(to: result.networkShape), of: reader.node, reading: [taken], shape: shape)
  }

  private mutating func addPad(_ reader: ONNXNodeReader) throws {
    let input = try reader.computed(0)
    let rank = input.shape.count
    guard let pads = try reader.integers("pads", orInput: 1) else {
      throw CodecError(.data, "its pads are missing")
    }
    let axes = try reader.constant(ifPresent: 3)?.integers?.map { try reader.axis($0, of: rank) }
    var (before, after) = ([Int](repeating: 0, count: rank), [Int](repeating: 0, count: rank))
    let padded = axes ?? Array(0..<rank)
    guard pads.count == 2 * padded.count else {
      throw CodecError(.data, "its pads have \(pads.count) numbers, expected \(2 * padded.count)")
    }
    for (index, axis) in padded.enumerated() {
      (before[axis], after[axis]) = (pads[index], pads[padded.count + index])
    }
    guard (before + after).contains(where: { $0 != 0 }) else { return try alias(reader) }
    guard before[input.batchAxis] == 0, after[input.batchAxis] == 0 else {
      throw ONNXUnsupported(reason: "it adds samples to the batch")
    }
    guard (before + after).allSatisfy({ $0 >= 0 }) else {
      throw ONNXUnsupported(reason: "it cuts off places")
    }
    guard (before + after).allSatisfy({ $0 < batchMarker }) else {
      throw CodecError(.data, "its pads are \(pads)")
    }
    let shape = input.shape.indices.map { before[$0] + input.shape[$0] + after[$0] }
    let pad = Pad(before: input.strip(before), after: input.strip(after), mode: try padMode(reader))
    append(pad, of: reader.node, reading: [input], shape: shape, channelAxis: input.channelAxis)
  }

  private func padMode(_ reader: ONNXNodeReader) throws -> Pad.Mode {
    switch reader.text("mode", "constant") {
    case "constant": .constant(try reader.constant(ifPresent: 2)?.scalar ?? reader.number("value", 0))
    case "reflect": .reflect
    case "edge": .edge
    case let other: throw ONNXUnsupported(reason: "padding by \(other)")
    }
  }

  private mutating func addExpand(_ reader: ONNXNodeReader) throws {
    let input = try reader.computed(0)
    guard let wanted = try reader.constant(1).integers else {
      throw CodecError(.data, "its shape is not integers")
    }
    let wide = try widened(input, to: wanted.count, of: reader.node)
    let target = Array(repeating: 1, count: max(0, wide.shape.count - wanted.count)) + wanted
    guard let shape = broadcastShape(wide.shape, target), shape[wide.batchAxis] == wide.shape[wide.batchAxis]
    else {
      throw ONNXUnsupported(reason: "from \(batchText(input.shape)) to \(batchText(wanted))")
    }
    guard shape != wide.shape else {
      values[reader.node.output[0]] = .computed(wide)
      return
    }
    let result = ONNXComputed(name: wide.name, shape: shape)
    append(Broadcast(to: result.networkShape), of: reader.node, reading: [wide], shape: shape)
  }
}
