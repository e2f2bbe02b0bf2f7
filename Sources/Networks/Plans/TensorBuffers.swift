/// The memory of one pass of a plan: a buffer `[batch, per-sample shape]` for each tensor, in one allocation. Tensors
/// that never live at the same time share memory.
final class TensorBuffers {
  private let memory: UnsafeMutableBufferPointer<Float>
  private let starts: [String: UnsafeMutablePointer<Float>]
  private let counts: [String: Int]

  /// - Parameters:
  ///   - counts: numbers of one sample of each tensor.
  init(_ lifetimes: [Lifetime], counts: [String: Int], batch: Int) {
    var placed: [(lifetime: Lifetime, memory: Range<Int>)] = []
    for lifetime in lifetimes.sorted(by: { $0.span.lowerBound < $1.span.lowerBound }) {
      let count = alignedCount(batch * counts[lifetime.tensor]!)
      var start = 0
      for taken in placed.filter({ $0.lifetime.span.overlaps(lifetime.span) }).map(\.memory)
        .sorted(by: { $0.lowerBound < $1.lowerBound }) where taken.overlaps(start..<start + count)
      { start = taken.upperBound }
      placed.append((lifetime, start..<start + count))
    }
    let memory = allocateAligned(max(placed.map(\.memory.upperBound).max() ?? 0, 1))
    self.memory = memory
    starts = Dictionary(
      uniqueKeysWithValues: placed.map { ($0.lifetime.tensor, memory.baseAddress! + $0.memory.lowerBound) })
    self.counts = counts
  }

  deinit { memory.deallocate() }

  /// The buffer of a tensor that is there.
  subscript(_ tensor: String) -> UnsafeMutablePointer<Float> { starts[tensor]! }

  /// The buffer of a tensor, for reading.
  func reading(_ tensor: String) -> UnsafePointer<Float> { UnsafePointer(starts[tensor]!) }

  /// The buffer of a tensor, `nil` where none was reserved.
  func find(_ tensor: String) -> UnsafeMutablePointer<Float>? { starts[tensor] }

  /// Fills a tensor's first `samples` rows with zeros.
  func clear(_ tensor: String, samples: Int) {
    self[tensor].update(repeating: 0, count: samples * counts[tensor]!)
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
