/// A seeded stream of random numbers that can be split into independent streams by label or index.
///
/// The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as
/// 1, 2, 3"): block `b` of a stream is the generator's output under the stream's 64-bit key for the 128-bit
/// counter `(b, stream)`. Nothing but (key, stream, position) is state, so a stream is a value: copies go on
/// independently with the same numbers.
///
/// Splitting depends on who the parent is and on the label, not on how many numbers the parent has given:
///
///     let root = RandomStream(seed: 7)
///     var noise = root.split("noise").split(frame)     // the same for whichever thread gets this frame
///     let sample = noise.normal()
public struct RandomStream: RandomNumberGenerator, Sendable, Equatable {
  let key: UInt64
  let stream: UInt64
  /// The block the next refill takes.
  private(set) var block: UInt64 = 0
  /// The second half of the last block where it was not used up.
  private var remainder: UInt64?
  /// The second of a Box–Muller pair where it was not used up.
  private var spareNormal: Double?

  /// The stream of a run's seed.
  public init(seed: UInt64) { self.init(key: seed, stream: 0) }

  private init(key: UInt64, stream: UInt64) {
    self.key = key
    self.stream = stream
  }

  /// An independent stream named by `label` (hashed with 64-bit FNV-1a).
  public func split(_ label: String) -> RandomStream {
    let hash = label.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return child(hash, keyChange: 0x9E37_79B9_7F4A_7C15)
  }

  /// An independent stream numbered by `index`.
  public func split(_ index: Int) -> RandomStream {
    child(UInt64(bitPattern: Int64(index)), keyChange: 0xD1B5_4A32_D192_ED03)
  }

  /// A child's key and stream are a block of the parent's stream under a changed key: one no draw ever uses.
  private func child(_ name: UInt64, keyChange: UInt64) -> RandomStream {
    let (low, high) = Philox.block(counter: (name, stream), key: key ^ keyChange)
    return RandomStream(key: low, stream: high)
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    if let kept = remainder {
      remainder = nil
      return kept
    }
    let (low, high) = Philox.block(counter: (block, stream), key: key)
    block &+= 1
    remainder = high
    return low
  }

  /// Takes `count` whole blocks for a bulk fill; leaves what single draws kept alone.
  mutating func takeBlocks(_ count: Int) -> UInt64 {
    defer { block &+= UInt64(count) }
    return block
  }

  /// The next normal number, taking and keeping the second of a pair.
  mutating func nextNormal(makePair: (inout RandomStream) -> (Double, Double)) -> Double {
    if let kept = spareNormal {
      spareNormal = nil
      return kept
    }
    let (first, second) = makePair(&self)
    spareNormal = second
    return first
  }
}

/// The Philox4x32 bijection with ten rounds.
package enum Philox {
  /// The 128 random bits of one counter, as two 64-bit halves (low words first).
  static func block(counter: (UInt64, UInt64), key: UInt64) -> (UInt64, UInt64) {
    let words = block(words: SIMD4(counter.0.low, counter.0.high, counter.1.low, counter.1.high), key: key)
    return (UInt64(low: words[0], high: words[1]), UInt64(low: words[2], high: words[3]))
  }

  /// The four words of one counter, in Random123's order.
  package static func block(words counter: SIMD4<UInt32>, key: UInt64) -> SIMD4<UInt32> {
    var words = counter
    var (key0, key1) = (key.low, key.high)
    for _ in 0..<10 {
      let product0 = UInt64(words[0]) &* 0xD251_1F53
      let product1 = UInt64(words[2]) &* 0xCD9E_8D57
      words = SIMD4(
        product1.high ^ words[1] ^ key0, product1.low, product0.high ^ words[3] ^ key1, product0.low)
      key0 &+= 0x9E37_79B9
      key1 &+= 0xBB67_AE85
    }
    return words
  }
}

extension UInt64 {
  fileprivate var low: UInt32 { UInt32(truncatingIfNeeded: self) }
  fileprivate var high: UInt32 { UInt32(truncatingIfNeeded: self >> 32) }
  fileprivate init(low: UInt32, high: UInt32) { self = UInt64(low) | UInt64(high) << 32 }
}
