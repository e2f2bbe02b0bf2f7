import Numerics

/// The memory of one pass of a plan: a buffer `[batch, per-sample shape]` for each tensor, in one allocation.
final class TensorBuffers {
  private let memory: UnsafeMutableBufferPointer<Float>
  private let starts: [String: UnsafeMutablePointer<Float>]
  private let counts: [String: Int]

  init(_ tensors: [String], of network: Network, batch: Int) {
    var offsets: [String: Int] = [:]
    var total = 0
    for tensor in tensors {
      offsets[tensor] = total
      total += alignedCount(batch * elementCount(network.shapes[tensor]!))
    }
    let memory = allocateAligned(max(total, 1))
    self.memory = memory
    starts = offsets.mapValues { memory.baseAddress! + $0 }
    counts = Dictionary(uniqueKeysWithValues: tensors.map { ($0, elementCount(network.shapes[$0]!)) })
  }

  deinit { memory.deallocate() }

  /// The buffer of a tensor that is there.
  subscript(_ tensor: String) -> UnsafeMutablePointer<Float> { starts[tensor]! }

  /// The buffer of a tensor, for reading.
  func reading(_ tensor: String) -> UnsafePointer<Float> { UnsafePointer(starts[tensor]!) }

  /// The buffer of a tensor, `nil` where none was reserved.
  func find(_ tensor: String) -> UnsafeMutablePointer<Float>? { starts[tensor] }

  /// Copies the rows of `source` into a tensor's buffer.
  func store(_ source: Tensor, _ tensor: String) {
    source.elements.withUnsafeBufferPointer { elements in
      self[tensor].update(from: elements.baseAddress!, count: elements.count)
    }
  }

  /// Fills a tensor's first `samples` rows with zeros.
  func clear(_ tensor: String, samples: Int) {
    self[tensor].update(repeating: 0, count: samples * counts[tensor]!)
  }

  /// Copies the first `samples` rows out.
  func load(_ tensor: String, samples: Int, shape: [Int]) -> Tensor {
    let count = samples * counts[tensor]!
    let elements = [Float](unsafeUninitializedCapacity: count) { target, initialised in
      target.baseAddress!.initialize(from: self[tensor], count: count)
      initialised = count
    }
    return Tensor(shape: [samples] + shape, elements: elements)
  }
}

/// Single-precision zeros, aligned for vector instructions.
func allocateAligned(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
  let raw = UnsafeMutableRawBufferPointer.allocate(
    byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
  let floats = raw.bindMemory(to: Float.self)
  floats.initialize(repeating: 0)
  return floats
}

/// `count` rounded up to whole cache lines of floats.
func alignedCount(_ count: Int) -> Int { (count + 15) & ~15 }

/// A copy of `elements`, aligned for vector instructions.
func allocateAligned(copying elements: [Float]) -> UnsafeMutableBufferPointer<Float> {
  let copy = allocateAligned(elements.count)
  _ = copy.update(from: elements)
  return copy
}
