import Numerics
import Testing

@Suite struct RandomStreamTests {
  /// Known answers of the Random123 distribution (kat_vectors, philox4x32, 10 rounds).
  @Test func philox_givesRandom123sKnownAnswers() {
    #expect(
      Philox.block(words: .zero, key: 0) == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
    #expect(
      Philox.block(words: SIMD4(repeating: .max), key: .max)
        == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
    #expect(
      Philox.block(
        words: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), key: 0x299F_31D0_A409_3822)
        == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }

  @Test func seed_decidesTheSequence() {
    var (first, again, other) = (RandomStream(seed: 5), RandomStream(seed: 5), RandomStream(seed: 6))
    let numbers = (0..<20).map { _ in first.next() }
    #expect(numbers == (0..<20).map { _ in again.next() })
    #expect(Set(numbers).isDisjoint(with: (0..<20).map { _ in other.next() }))
  }

  @Test func children_doNotDependOnDraws_andDiffer() {
    var parent = RandomStream(seed: 1)
    let before = parent.split("noise")
    _ = parent.normal()
    #expect(parent.split("noise") == before)
    var children = [parent, parent.split("noise"), parent.split("Noise"), parent.split(""), parent.split(0)]
    children +=
      (1..<50).map { parent.split($0) } + [parent.split("noise").split(0), parent.split(0).split("noise")]
    let firsts = children.map { child in
      var child = child
      return child.next()
    }
    #expect(Set(firsts).count == children.count)
  }

  @Test func uniform_fillsTheUnitIntervalEvenly() {
    var stream = RandomStream(seed: 11)
    var counts = Array(repeating: 0, count: 20)
    for _ in 0..<40_000 {
      let value = stream.uniform()
      #expect(value >= 0 && value < 1)
      counts[Int(value * 20)] += 1
    }
    #expect(chiSquare(counts) < 45.3)  // 19 degrees of freedom, p = 0.0006
  }

  @Test(arguments: [1, 2, 3, 7, 20]) func integers_areEvenBelowTheBound(bound: Int) {
    var stream = RandomStream(seed: 12).split(bound)
    var counts = Array(repeating: 0, count: bound)
    for _ in 0..<20_000 { counts[stream.integer(below: bound)] += 1 }
    #expect(chiSquare(counts) < 45.3)
  }

  @Test func normal_hasTheMomentsAndNoSerialCorrelation() {
    var stream = RandomStream(seed: 13)
    expectNormal((0..<40_000).map { _ in stream.normal() }, deviation: 1)
  }

  @Test func fillNormal_hasTheMomentsAndNoSerialCorrelation() {
    var stream = RandomStream(seed: 14)
    var values = [Float](repeating: 0, count: 40_001)
    stream.fillNormal(&values, standardDeviation: 0.2)
    expectNormal(values.map(Double.init), deviation: 0.2)
  }

  /// A bulk fill takes words in the order of the blocks, so a prefix of a longer fill is a shorter one.
  @Test func fillUniform_isTheWordsOfTheBlocks_whateverTheLength() {
    var words: [Float] = []
    for block in 0..<40 {
      let bits = Philox.block(words: SIMD4(UInt32(block), 0, 0, 0), key: 9)
      words += (0..<4).map { Float(bits[$0] >> 8) / 16_777_216 }
    }
    for count in [0, 1, 3, 4, 63, 64, 65, 160] {
      var stream = RandomStream(seed: 9)
      var values = [Float](repeating: -1, count: count)
      stream.fillUniform(&values)
      #expect(values == Array(words.prefix(count)))
      var next: [Float] = [0]
      stream.fillUniform(&next, from: 2, to: 4)
      if count < 157 { #expect(next[0] == 2 + 2 * words[(count + 3) / 4 * 4]) }
    }
  }

  @Test func permutation_holdsEachIndexOnce_evenly() {
    var stream = RandomStream(seed: 15)
    var counts = Array(repeating: 0, count: 36)
    for _ in 0..<12_000 {
      let order = stream.permutation(6)
      #expect(order.sorted() == Array(0..<6))
      for (place, value) in order.enumerated() { counts[place * 6 + value] += 1 }
    }
    #expect(chiSquare(counts) < 72)
    #expect(stream.permutation(0) == [] && stream.permutation(1) == [0])
    #expect(Set(stream.sample(5, of: 9)).count == 5)
  }

  private func chiSquare(_ counts: [Int]) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    return counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
  }

  private func expectNormal(_ values: [Double], deviation: Double) {
    let scaled = values.map { $0 / deviation }
    let error = 1 / Double(values.count).squareRoot()
    let moments = (1...4).map { power in
      Statistics.mean(scaled.map { value in (0..<power).reduce(1.0) { product, _ in product * value } })
    }
    #expect(abs(moments[0]) < 4 * error)
    #expect(abs(moments[1] - 1) < 4 * error * 2.0.squareRoot())
    #expect(abs(moments[2]) < 4 * error * 15.0.squareRoot())
    #expect(abs(moments[3] - 3) < 4 * error * 96.0.squareRoot())
    for lag in 1...4 {
      #expect(abs(Statistics.pearson(scaled.dropLast(lag), scaled.dropFirst(lag))) < 4 * error)
    }
  }
}
