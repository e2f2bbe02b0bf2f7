import CKernels

extension RandomStream {
  /// Fills an array, whose count is a multiple of 8, with 16-bit random numbers: what decides dropout.
  package mutating func fillBits(_ bits: inout [UInt16]) {
    precondition(bits.count % 8 == 0)
    let blocks = bits.count / 8
    let first = takeBlocks(blocks)
    bits.withUnsafeMutableBufferPointer {
      guard let start = $0.baseAddress else { return }
      codec_philox_bits(key, stream, first, blocks, start)
    }
  }
}
