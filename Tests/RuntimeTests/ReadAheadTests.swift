import Foundation
import Runtime
import Synchronization
import Testing

@Suite struct ReadAheadTests {
  private struct Fault: Error, Equatable { let index: Int }

  @Test func values_comeInOrderWhateverTheRequests() throws {
    let reader = ReadAhead(count: 100, threads: 3, ahead: 20) { $0 * $0 }
    for range in [0..<10, 10..<25, 3..<5, 90..<100, 0..<100, 50..<50] {
      #expect(try reader.values(range) == range.map { $0 * $0 })
    }
  }

  @Test func nextValues_areMadeBeforeTheyAreAskedFor() throws {
    let made = Mutex<Set<Int>>([])
    let reader = ReadAhead(count: 30, threads: 2, ahead: 10) { index in
      _ = made.withLock { $0.insert(index) }
      return index
    }
    _ = try reader.values(0..<5)
    let deadline = Date.now + 10
    while made.withLock({ $0.count }) < 15, Date.now < deadline { Thread.sleep(forTimeInterval: 0.005) }
    #expect(made.withLock { $0 } == Set(0..<15))
  }

  @Test func firstFailure_isThrownAndOthersStillCome() throws {
    let reader = ReadAhead(count: 10, threads: 2, ahead: 4) { index in
      if index % 4 == 3 { throw Fault(index: index) }
      return index
    }
    #expect(throws: Fault(index: 3)) { try reader.values(0..<10) }
    #expect(try reader.values(4..<7) == [4, 5, 6])
  }

  @Test func severalThreads_shareOneReader() throws {
    let reader = ReadAhead(count: 64, threads: 2, ahead: 8) { $0 + 1 }
    let team = try WorkerTeam(count: 4) { _ in }
    let results = try team.map(0..<32) { _, item in
      let first = item * 7 % 50
      return try reader.values(first..<first + 9) == Array(first + 1..<first + 10)
    }
    #expect(results.allSatisfy { $0 })
  }

  /// A request waits for value 6, which another takes, a third guesses and a fourth no longer guesses.
  @Test func valueNobodyGuessesAnyMore_isMadeForWhoWaitsForIt() {
    let gates = [5: DispatchSemaphore(value: 0), 20: DispatchSemaphore(value: 0)]
    let reader = ReadAhead(count: 64, threads: 2, ahead: 1) { index in
      if let gate = gates[index] {
        gate.wait()
        gate.signal()
      }
      return index
    }
    let requests = DispatchGroup()
    for range in [5..<7, 6..<7, 20..<21, 5..<6, 30..<31] {
      requests.enter()
      Thread {
        _ = try? reader.values(range)
        requests.leave()
      }.start()
      Thread.sleep(forTimeInterval: 0.1)
    }
    for gate in gates.values { gate.signal() }
    #expect(requests.wait(timeout: .now() + 20) == .success)
  }
}
