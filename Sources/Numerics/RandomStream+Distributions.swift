import CKernels
import Foundation

extension RandomStream {
  /// A number in [0, 1), a multiple of 2⁻⁵³.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number of mean 0 and standard deviation 1 (Box and Muller 1958).
  public mutating func normal() -> Double {
    nextNormal { stream in
      let radius = (-2 * log(1 - stream.uniform())).squareRoot()
      let angle = 2 * Double.pi * stream.uniform()
      return (radius * cos(angle), radius * sin(angle))
    }
  }

  /// A whole number in 0..<`bound`, each equally likely (Lemire 2019).
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0)
    let range = UInt64(bound)
    var product = next().multipliedFullWidth(by: range)
    if product.low < range {
      let biased = (0 &- range) % range
      while product.low < biased { product = next().multipliedFullWidth(by: range) }
    }
    return Int(product.high)
  }

  /// The numbers 0..<`count` in random order (Fisher–Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, integer(below: last + 1)) }
    return order
  }

  /// `size` different numbers of 0..<`count`, in random order.
  public mutating func sample(_ size: Int, of count: Int) -> [Int] {
    precondition(size <= count)
    var order = Array(0..<count)
    for place in 0..<size { order.swapAt(place, place + integer(below: count - place)) }
    return Array(order.prefix(size))
  }

  /// Fills an array with numbers in [`lower`, `upper`).
  ///
  /// Takes whole blocks of the stream, four numbers each, so it is fast and does not depend on single draws
  /// made before.
  public mutating func fillUniform(_ values: inout [Float], from lower: Float = 0, to upper: Float = 1) {
    let count = values.count
    let first = takeBlocks((count + 3) / 4)
    values.withUnsafeMutableBufferPointer {
      guard let start = $0.baseAddress else { return }
      codec_philox_uniform(key, stream, first, count, start)
    }
    guard lower != 0 || upper != 1 else { return }
    for index in values.indices { values[index] = lower + (upper - lower) * values[index] }
  }

  /// Fills an array with normal numbers of mean 0, four of each block (Box–Muller in single precision).
  public mutating func fillNormal(_ values: inout [Float], standardDeviation: Float = 1) {
    values.withUnsafeMutableBufferPointer {
      guard let start = $0.baseAddress else { return }
      fillNormal(start, count: $0.count, standardDeviation: standardDeviation)
    }
  }

  /// The same on raw memory.
  package mutating func fillNormal(
    _ values: UnsafeMutablePointer<Float>, count: Int, standardDeviation: Float
  ) {
    let first = takeBlocks((count + 3) / 4)
    codec_philox_normal(key, stream, first, count, standardDeviation, values)
  }
}
