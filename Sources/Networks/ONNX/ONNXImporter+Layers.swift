import Numerics
import ONNXSchema
import Runtime

/// Convolutions, products, norms, pooling and sums.
extension ONNXImporter {
  /// An image `[n, channel, y, x]`.
  private func image(_ reader: ONNXNodeReader) throws -> ONNXComputed {
    let input = try reader.computed(0)
    guard input.shape.count == 4, input.batchAxis == 0, !input.isMerged else {
      throw ONNXUnsupported(reason: "its input has the shape \(batchText(input.shape)), not n×channel×y×x")
    }
    return input
  }

  /// Places before and after both axes of an image, by `pads` or `auto_pad`.
  private func padding(
    _ reader: ONNXNodeReader, size: [Int], kernel: [Int], stride: [Int], dilation: [Int]
  ) throws -> (before: [Int], after: [Int]) {
    let mode = reader.text("auto_pad", "NOTSET")
    switch mode {
    case "NOTSET":
      let pads = reader.integers("pads") ?? [0, 0, 0, 0]
      guard pads.count == 4, pads.allSatisfy({ (0..<batchMarker).contains($0) }) else {
        throw CodecError(.data, "pads is \(pads), expected four numbers of at least 0")
      }
      return (Array(pads[..<2]), Array(pads[2...]))
    case "VALID": return ([0, 0], [0, 0])
    case "SAME_UPPER", "SAME_LOWER":
      let total = (0..<2).map { axis in
        let outputs = (size[axis] + stride[axis] - 1) / stride[axis]
        return max(0, (outputs - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1 - size[axis])
      }
      let (less, more) = (total.map { $0 / 2 }, total.map { $0 - $0 / 2 })
      return mode == "SAME_UPPER" ? (less, more) : (more, less)
    default: throw CodecError(.data, "unknown auto_pad \(mode)")
    }
  }

  private func pair(_ reader: ONNXNodeReader, _ name: String) throws -> [Int] {
    let found = reader.integers(name) ?? [1, 1]
    guard found.count == 2, found.allSatisfy({ (1..<batchMarker).contains($0) }) else {
      throw CodecError(.data, "\(name) is \(found), expected two numbers above 0")
    }
    return found
  }

  mutating func addConvolution(_ reader: ONNXNodeReader) throws {
    let input = try image(reader)
    let weight = try reader.constant(1).tensor
    guard weight.shape.count == 4 else {
      throw ONNXUnsupported(reason: "its kernels are not two-dimensional")
    }
    let (stride, dilation) = (try pair(reader, "strides"), try pair(reader, "dilations"))
    let padding = try padding(
      reader, size: Array(input.shape[2...]), kernel: Array(weight.shape[2...]), stride: stride,
      dilation: dilation)
    let convolution = try Convolution(
      weight: weight, bias: try reader.constant(ifPresent: 2)?.floats,
      geometry: .init(
        stride: stride, padding: padding.before, paddingAfter: padding.after, dilation: dilation,
        groups: max(1, reader.integer("group", 1))))
    let shape = try convolution.outputShape(of: [input.networkShape])
    append(convolution, of: reader.node, reading: [input], shape: [batchMarker] + shape)
  }

  mutating func addPool(_ reader: ONNXNodeReader) throws {
    let input = try image(reader)
    let (kernel, stride) = (try pair(reader, "kernel_shape"), try pair(reader, "strides"))
    let dilation = try pair(reader, "dilations")
    guard reader.node.output.count == 1 || reader.node.output[1].isEmpty else {
      throw ONNXUnsupported(reason: "it tells where the largest numbers were")
    }
    let padding = try padding(
      reader, size: Array(input.shape[2...]), kernel: kernel, stride: stride, dilation: dilation)
    let geometry = PoolGeometry(
      kernel: kernel, stride: stride, before: padding.before, after: padding.after, dilation: dilation,
      roundsUp: reader.integer("ceil_mode", 0) != 0)
    let countsPadding = reader.integer("count_include_pad", 0) != 0
    let pool: any Operator =
      reader.node.opType == "MaxPool"
      ? MaxPool(geometry) : AveragePool(geometry, countsPadding: countsPadding)
    let shape = try pool.outputShape(of: [input.networkShape])
    append(pool, of: reader.node, reading: [input], shape: [batchMarker] + shape)
  }

  mutating func addReduction(_ reader: ONNXNodeReader, axes: [Int]?, keeps: Bool, isMean: Bool) throws {
    let input = try reader.computed(0)
    let rank = input.shape.count
    if axes?.isEmpty ?? false, reader.integer("noop_with_empty_axes", 0) != 0 { return try alias(reader) }
    let wanted = try (axes ?? []).map { try reader.axis($0, of: rank) }
    guard !wanted.isEmpty else { throw ONNXUnsupported(reason: "it works across samples of the batch") }
    let shape = input.shape.indices.compactMap { wanted.contains($0) ? (keeps ? 1 : nil) : input.shape[$0] }
    let sum = AxisSum(axes: try reader.networkAxes(wanted, of: input), keepsAxes: keeps, isMean: isMean)
    append(
      sum, of: reader.node, reading: [input], shape: shape, channelAxis: keeps ? input.channelAxis : nil)
  }

  mutating func addGemm(_ reader: ONNXNodeReader) throws {
    let input = try reader.computed(0)
    let weight = try reader.constant(1).tensor
    guard input.shape.count == 2, input.batchAxis == 0, reader.integer("transA", 0) == 0,
      weight.shape.count == 2
    else { throw ONNXUnsupported(reason: "its left side is not one vector a sample") }
    let (alpha, beta) = (reader.number("alpha", 1), reader.number("beta", 1))
    var matrix = reader.integer("transB", 0) != 0 ? weight : transposed(weight)
    if alpha != 1 { matrix = Tensor(shape: matrix.shape, elements: matrix.elements.map { alpha * $0 }) }
    var bias = try reader.constant(ifPresent: 2)?.floats
    if let given = bias, given.count == 1 { bias = Array(repeating: given[0], count: matrix.shape[0]) }
    let dense = try Dense(weight: matrix, bias: bias?.map { beta * $0 })
    let shape = try dense.outputShape(of: [input.networkShape])
    append(dense, of: reader.node, reading: [input], shape: [input.shape[0], shape[shape.count - 1]])
  }

  mutating func addMatMul(_ reader: ONNXNodeReader) throws {
    guard case .computed(let left) = try reader.value(0) else {
      throw ONNXUnsupported(reason: "its left side is a constant")
    }
    switch try reader.value(1) {
    case .constant(let weight):
      guard weight.shape.count == 2, weight.sampleStep == 0, left.batchAxis < left.shape.count - 1 else {
        throw ONNXUnsupported(
          reason: "its right side has the shape \(shapeText(weight.shape)), not of a matrix")
      }
      let dense = try Dense(weight: transposed(weight.tensor))
      guard left.shape.last == weight.shape[0] else {
        throw CodecError(.data, "\(batchText(left.shape)) does not multiply \(shapeText(weight.shape))")
      }
      let shape = Array(left.shape.dropLast()) + [weight.shape[1]]
      append(
        dense, of: reader.node, reading: [left], shape: shape,
        channelAxis: left.networkShape.count > 1 ? left.networkShape.count - 1 : nil)
    case .computed(let right):
      let rank = left.shape.count
      guard right.shape.count == rank, left.isLaidOut(like: right), left.batchAxis < rank - 2
      else {
        throw ONNXUnsupported(
          reason: "it multiplies \(batchText(left.shape)) by \(batchText(right.shape))")
      }
      append(
        MatrixProduct(), of: reader.node, reading: [left, right],
        shape: Array(left.shape.dropLast()) + [right.shape[rank - 1]])
    }
  }

  private func transposed(_ matrix: Tensor) -> Tensor {
    let (rows, columns) = (matrix.shape[0], matrix.shape[1])
    return Tensor(
      shape: [columns, rows],
      elements: (0..<columns).flatMap { column in
        (0..<rows).map { matrix.elements[$0 * columns + column] }
      })
  }

  mutating func addBatchNorm(_ reader: ONNXNodeReader) throws {
    let input = try reader.computed(0)
    guard input.batchAxis == 0, !input.isMerged, reader.integer("training_mode", 0) == 0 else {
      throw ONNXUnsupported(reason: "it takes its statistics from the batch, or its samples are not first")
    }
    let norm = try BatchNorm(
      scale: reader.constant(1).floats, shift: reader.constant(2).floats, mean: reader.constant(3).floats,
      variance: reader.constant(4).floats, epsilon: reader.number("epsilon", 1e-5))
    append(norm, of: reader.node, reading: [input], shape: input.shape)
  }

  mutating func addLayerNorm(_ reader: ONNXNodeReader) throws {
    let input = try reader.computed(0)
    let axis = try reader.axis(reader.integer("axis", -1), of: input.shape.count)
    let count = input.shape[axis...].reduce(1, *)
    guard axis > input.batchAxis, reader.node.output.dropFirst().allSatisfy(\.isEmpty) else {
      throw ONNXUnsupported(reason: "it works across samples, or tells mean and deviation")
    }
    let (scale, shift) = (try reader.constant(1).floats, try reader.constant(ifPresent: 2)?.floats)
    guard scale.count == count else {
      throw CodecError(.data, "its scale has \(scale.count) numbers, expected \(count)")
    }
    let norm = try LayerNorm(
      scale: scale, shift: shift ?? Array(repeating: 0, count: count), epsilon: reader.number("epsilon", 1e-5)
    )
    append(norm, of: reader.node, reading: [input], shape: input.shape, channelAxis: input.channelAxis)
  }

  mutating func addSoftmax(_ reader: ONNXNodeReader) throws {
    let input = try reader.computed(0)
    let axis = try reader.axis(reader.integer("axis", reader.opset < 13 ? 1 : -1), of: input.shape.count)
    // Until opset 12 all axes from this one on were normalised together.
    guard reader.opset >= 13 || input.shape[(axis + 1)...].allSatisfy({ $0 == 1 }) else {
      throw ONNXUnsupported(reason: "softmax over several axes")
    }
    let softmax = Softmax(axis: try reader.networkAxes([axis], of: input)[0])
    append(softmax, of: reader.node, reading: [input], shape: input.shape, channelAxis: input.channelAxis)
  }
}
