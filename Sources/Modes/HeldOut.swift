/// Which samples are kept from training: contiguous blocks of time spread over the recording.
///
/// Neighbouring frames share most of their stimulus window, so shuffled frames would leave a twin of nearly every
/// held-out frame in the training set.
struct HeldOut {
  /// Rows trained on, and rows kept from it, ascending.
  let training: [UInt32]
  let heldOut: [UInt32]

  /// The shortest block worth holding out, samples: shorter ones resemble their neighbours.
  private static let shortestBlock = 20
  private static let mostBlocks = 10

  /// - Parameters:
  ///   - samples: rows in order of time.
  ///   - share: of the samples to keep from training.
  init(samples: Int, share: Double) {
    let wanted = Int((Double(samples) * share).rounded())
    let blocks = max(1, min(Self.mostBlocks, wanted / Self.shortestBlock))
    var isHeldOut = [Bool](repeating: false, count: samples)
    for block in 0..<blocks {
      // Each block sits in the middle of its part of the recording.
      let part = samples * block / blocks..<samples * (block + 1) / blocks
      let length = wanted * (block + 1) / blocks - wanted * block / blocks
      let start = part.lowerBound + (part.count - length) / 2
      for sample in start..<start + length { isHeldOut[sample] = true }
    }
    training = isHeldOut.indices.filter { !isHeldOut[$0] }.map { UInt32($0) }
    heldOut = isHeldOut.indices.filter { isHeldOut[$0] }.map { UInt32($0) }
  }
}
