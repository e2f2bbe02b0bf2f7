import Numerics
import Retina
import Testing

@Suite struct ModeCombinationTests {
  private typealias Loadings = [[(mode: Int, loading: Double)]]

  /// Frame 100 + sample; mode 4 alone on every tenth frame, modes 4 and 9 on frames 3, 13, …, five modes and
  /// more elsewhere now and then.
  private func session() -> (loadings: Loadings, rates: [[Double]], frames: [Int]) {
    let loadings: Loadings = (0..<100).map { sample in
      switch sample % 10 {
      case 0: [(4, 0.9 + 0.001 * Double(sample == 50 ? 90 : 0))]
      case 3: [(4, 0.9), (9, 0.95)]
      case 6: [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1)]
      default: []
      }
    }
    return (loadings, (0..<100).map { [$0 < 70 ? 2.0 : 0.5, 0.0] }, (100..<200).map { $0 })
  }

  @Test func combinations_areCountedWhereTheCellFires() {
    let (loadings, rates, frames) = session()
    let found = ModeCombinations(loadings: loadings, rates: rates, cells: [7, 8], frames: frames)
    #expect(found.single.map(\.cell) == [7] && found.single[0].modes == [4] && found.single[0].count == 7)
    #expect(found.commonest.map(\.modes) == [[4], [4, 9]])
    #expect(found.commonest.allSatisfy { $0.cell == 7 })
  }

  @Test func examples_beginWithTheStrongestAndSpreadOverTime() {
    let (loadings, rates, frames) = session()
    let found = ModeCombinations(loadings: loadings, rates: rates, cells: [7, 8], frames: frames)
    // 150 has the highest loading; 100 is farther from it than 160; then 125 is not among them, so 120 or 130.
    #expect(Array(found.single[0].examples.prefix(2)) == [150, 100])
    #expect(found.single[0].examples.count == 6)
    #expect(Set(found.single[0].examples).count == 6)
    #expect(found.single[0].examples[2] == 130 || found.single[0].examples[2] == 120)
  }

  @Test func exampleModes_areOnAtOneMomentOnly() throws {
    var rates = Array(repeating: 1.0, count: 100)
    (rates[20], rates[70]) = (30, 25)
    var loadings: Loadings = Array(repeating: [], count: 100)
    loadings[18] = [(2, 0.9), (3, 0.8)]
    loadings[22] = [(5, 0.95)]
    loadings[66] = [(2, 0.9)]
    loadings[75] = [(8, 0.7)]
    loadings[76] = [(9, 1.0)]
    let example = try #require(
      ExampleModes(cell: 3, loadings: loadings, rates: rates, frames: Array(40..<140)))
    #expect(example.frames == [60, 110] && example.modes == [5, 8])
    loadings[75] = []
    #expect(
      ExampleModes(cell: 3, loadings: loadings, rates: rates, frames: Array(40..<140)) == nil
        || ExampleModes(cell: 3, loadings: loadings, rates: rates, frames: Array(40..<140))?.frames != [
          60, 110,
        ])
  }
}
