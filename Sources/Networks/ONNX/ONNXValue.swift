/// A tensor of a graph while it is read.
enum ONNXValue {
  case constant(ONNXConstant)
  case computed(ONNXComputed)

  var shape: [Int] {
    switch self {
    case .constant(let constant): constant.shape
    case .computed(let computed): computed.shape
    }
  }
}

/// A tensor that depends on the network's input.
///
/// The network's tensors have no batch axis. An axis that counts nothing but samples is left out there; one in which
/// samples and something else are merged (heads of attention, say) stays, with the something else's length.
struct ONNXComputed {
  /// Name of the network's tensor.
  let name: String
  /// ONNX's shape; exactly one length counts samples.
  let shape: [Int]
  /// The network's axis that counts channels, where it is not the one that the shape suggests.
  var channelAxis: Int?
  /// Whether, in an axis in which samples and something else are merged, samples run fastest.
  var samplesRunFastest = false

  /// The axis that counts samples.
  var batchAxis: Int { shape.firstIndex(where: countsSamples)! }

  /// How many numbers' worth of axes come before the samples.
  var lengthBeforeSamples: Int {
    shape[..<batchAxis].reduce(1, *) * (samplesRunFastest ? shape[batchAxis] / batchMarker : 1)
  }

  /// Whether samples lie in the same way in another tensor.
  func isLaidOut(like other: ONNXComputed) -> Bool {
    batchAxis == other.batchAxis && isMerged == other.isMerged
      && samplesRunFastest == other.samplesRunFastest
  }

  /// Whether the axis of samples counts something else too.
  var isMerged: Bool { shape[batchAxis] != batchMarker }

  /// The network's shape.
  var networkShape: [Int] { strip(perSample(shape)) }

  /// A list of one entry for each of ONNX's axes as one of the network's: without that of the batch.
  func strip<Element>(_ entries: [Element]) -> [Element] {
    isMerged ? entries : entries.indices.filter { $0 != batchAxis }.map { entries[$0] }
  }

  /// The network's axis for one of ONNX's; `nil` for the batch's.
  func networkAxis(_ axis: Int) -> Int? {
    if axis == batchAxis { return nil }
    return isMerged || axis < batchAxis ? axis : axis - 1
  }
}
