import Foundation

/// A fixed set of threads, each with a state of its own that is made on that thread and never leaves it.
///
/// Plans hold C handles and scratch memory, so each worker compiles its own; the states live as long as the
/// team. Items are handed out in order and results come back in order, so an outcome that depends only on
/// (state, item) does not depend on the number of threads.
///
///     let team = try WorkerTeam(count: 2) { _ in try Plan(network) }
///     let rows = try team.map(0..<blocks) { plan, block in try plan.run(block) }
public final class WorkerTeam<State>: Sendable {
  private let queue = WorkQueue<State>()

  /// How many threads work.
  public let count: Int

  /// Starts the threads and makes each one's state on it.
  /// - Parameters:
  ///   - count: number of threads, at least one.
  ///   - makeState: called once on each thread with the worker's index.
  /// - Throws: an error of `makeState`.
  public init(count: Int, makeState: @escaping @Sendable (Int) throws -> State) throws {
    precondition(count > 0)
    self.count = count
    for index in 0..<count {
      let thread = Thread { [queue] in queue.work { try makeState(index) } }
      thread.stackSize = 8 << 20
      thread.start()
    }
    do { try queue.waitForStart(of: count) } catch {
      queue.close()
      throw error
    }
  }

  deinit { queue.close() }

  /// Runs `body` for each item on some worker and returns the results in the items' order.
  ///
  /// After a failure no further item starts; the error of the lowest failing item is thrown.
  public func map<Result: Sendable>(
    _ items: Range<Int>, _ body: @escaping @Sendable (State, Int) throws -> Result
  ) throws -> [Result] {
    let results = ResultTable<Result>(items)
    queue.run(items) { state, item in
      do {
        results.set(item, .success(try body(state, item)))
        return true
      } catch {
        results.set(item, .failure(error))
        return false
      }
    }
    return try results.collect()
  }

  /// Runs `body` for each item on some worker.
  public func forEach(_ items: Range<Int>, _ body: @escaping @Sendable (State, Int) -> Void) {
    queue.run(items) { state, item in
      body(state, item)
      return true
    }
  }
}

/// What the threads of a team share. They own the queue, not the team, so a dropped team ends them.
private final class WorkQueue<State>: @unchecked Sendable {
  /// Returns whether to go on with further items.
  typealias Job = @Sendable (State, Int) -> Bool

  private let condition = NSCondition()
  private var job: Job?
  private var next = 0
  private var end = 0
  private var running = 0
  private var started = 0
  private var startError: (any Error)?
  private var isClosed = false

  func close() {
    condition.withLock { isClosed = true }
    condition.broadcast()
  }

  func waitForStart(of count: Int) throws {
    condition.lock()
    defer { condition.unlock() }
    while started < count { condition.wait() }
    if let startError { throw startError }
  }

  func run(_ items: Range<Int>, _ job: @escaping Job) {
    condition.lock()
    defer { condition.unlock() }
    precondition(self.job == nil, "a team runs one job at a time")
    (next, end, self.job) = (items.lowerBound, items.upperBound, job)
    condition.broadcast()
    while next < end || running > 0 { condition.wait() }
    self.job = nil
  }

  /// A thread's life: make the state, then take items until the queue closes.
  func work(_ makeState: () throws -> State) {
    let made = Swift.Result { try makeState() }
    condition.lock()
    defer { condition.unlock() }
    started += 1
    if case .failure(let error) = made { startError = startError ?? error }
    condition.broadcast()
    guard case .success(let state) = made else { return }
    while !isClosed {
      guard let job, next < end else {
        condition.wait()
        continue
      }
      let item = next
      next += 1
      running += 1
      condition.unlock()
      let goesOn = job(state, item)
      condition.lock()
      running -= 1
      if !goesOn { end = next }
      if next >= end && running == 0 { condition.broadcast() }
    }
  }
}

/// Results of one job, by item.
private final class ResultTable<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private let first: Int
  private var values: [Swift.Result<Value, any Error>?]

  init(_ items: Range<Int>) {
    first = items.lowerBound
    values = Array(repeating: nil, count: items.count)
  }

  func set(_ item: Int, _ value: Swift.Result<Value, any Error>) {
    lock.withLock { values[item - first] = value }
  }

  func collect() throws -> [Value] {
    for case .failure(let error)? in values { throw error }
    return values.map { value in
      guard case .success(let result)? = value else { preconditionFailure("an item was lost") }
      return result
    }
  }
}
