import Runtime
import Testing

@Suite struct WorkerTeamTests {
  @Test(arguments: [1, 2, 5]) func results_comeInOrderOfItems(threads: Int) throws {
    let team = try WorkerTeam(count: threads) { $0 }
    for _ in 0..<3 {
      let squares = try team.map(3..<200) { _, item in item * item }
      #expect(squares == (3..<200).map { $0 * $0 })
    }
  }

  @Test func everyWorker_keepsItsOwnState() throws {
    final class Counter { var calls = 0 }
    let team = try WorkerTeam(count: 2) { _ in Counter() }
    let counts = try team.map(0..<50) { counter, _ in
      counter.calls += 1
      return counter.calls
    }
    // Two private counters, each counting up by one: together they saw every item once.
    let distinct = Set(counts).count
    #expect(counts.filter { $0 == 1 }.count <= 2)
    #expect(distinct >= 25 && counts.max() == distinct)
  }

  @Test func lowestFailingItem_isThrown_andLaterItemsDoNotStart() throws {
    let team = try WorkerTeam(count: 1) { _ in }
    #expect(throws: CodecError(.data, "item 7")) {
      try team.map(0..<1000) { _, item in
        if item >= 7 { throw CodecError(.data, "item \(item)") }
      }
    }
    #expect(try team.map(0..<2) { _, item in item } == [0, 1])
  }

  @Test func failingState_isThrownByInit() {
    #expect(throws: CodecError(.bug, "no state")) {
      _ = try WorkerTeam(count: 2) { _ in throw CodecError(.bug, "no state") }
    }
  }
}
