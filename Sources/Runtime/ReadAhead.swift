import Foundation

/// Values that are slow to make (pictures read and decoded), made on threads of their own before they are asked for.
///
///     let pictures = ReadAhead(count: paths.count, threads: 2, ahead: 192) { try decode(paths[$0]) }
///     let batch = try pictures.values(0..<96)          // 96..<288 are being decoded meanwhile
///
/// Safe to ask from several threads. What nobody asked for stays until a request far from it.
public final class ReadAhead<Value: Sendable>: Sendable {
  private let queue: ReadAheadQueue<Value>

  /// - Parameters:
  ///   - count: number of values; nothing is made beyond it.
  ///   - threads: how many values are made at once.
  ///   - ahead: how many values after a request are made in advance.
  ///   - make: gives the value of an index; called once for each request of it.
  public init(count: Int, threads: Int, ahead: Int, make: @escaping @Sendable (Int) throws -> Value) {
    precondition(threads > 0 && ahead >= 0)
    queue = ReadAheadQueue(count: count, ahead: ahead)
    for _ in 0..<threads {
      let thread = Thread { [queue] in queue.work(make) }
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  deinit { queue.close() }

  /// The values of a range, in order.
  /// - Throws: the error of the first one that could not be made.
  public func values(_ range: Range<Int>) throws -> [Value] { try queue.take(range) }
}

/// What the threads share. They own the queue, not the `ReadAhead`, so a dropped one ends them.
private final class ReadAheadQueue<Value: Sendable>: @unchecked Sendable {
  private enum Entry {
    case waiting
    case running
    case done(Result<Value, any Error>)
  }

  private let condition = NSCondition()
  private let count: Int
  private let ahead: Int
  private var entries: [Int: Entry] = [:]
  /// Indices to make: those asked for before those guessed, each in order.
  private var wanted: [Int] = []
  private var guessed: [Int] = []
  private var isClosed = false

  init(count: Int, ahead: Int) { (self.count, self.ahead) = (count, ahead) }

  func close() {
    condition.withLock { isClosed = true }
    condition.broadcast()
  }

  func take(_ range: Range<Int>) throws -> [Value] {
    condition.lock()
    defer { condition.unlock() }
    forgetFarFrom(range)
    for index in range { want(index) }
    guessed = []
    for index in range.upperBound..<max(range.upperBound, min(range.upperBound + ahead, count)) {
      if case .waiting? = entries[index] { guessed.append(index) }
      if entries[index] == nil {
        entries[index] = .waiting
        guessed.append(index)
      }
    }
    condition.broadcast()
    var results: [Result<Value, any Error>] = []
    for index in range { results.append(wait(for: index)) }
    return try results.map { try $0.get() }
  }

  /// Whether the index was not yet among those asked for, and now is.
  @discardableResult private func want(_ index: Int) -> Bool {
    switch entries[index] {
    case .done, .running: return false
    case .waiting, nil:
      entries[index] = .waiting
      guard !wanted.contains(index) else { return false }
      wanted.append(index)
      return true
    }
  }

  /// Waits for a value and takes it out; another request may have taken it meanwhile, or dropped it from the guesses,
  /// then it is asked for again.
  private func wait(for index: Int) -> Result<Value, any Error> {
    while true {
      if case .done(let result)? = entries[index] {
        entries[index] = nil
        return result
      }
      if want(index) { condition.broadcast() }
      condition.wait()
    }
  }

  /// Drops what was made for a request that never came, so that memory does not grow.
  private func forgetFarFrom(_ range: Range<Int>) {
    let near = range.lowerBound - 4 * ahead - range.count...range.upperBound + 4 * ahead + range.count
    for (index, entry) in entries where !near.contains(index) {
      if case .done = entry { entries[index] = nil }
    }
  }

  /// A thread's life: make values until the queue closes.
  func work(_ make: (Int) throws -> Value) {
    condition.lock()
    defer { condition.unlock() }
    while !isClosed {
      guard let index = next() else {
        condition.wait()
        continue
      }
      entries[index] = .running
      condition.unlock()
      let result = Result { try make(index) }
      condition.lock()
      entries[index] = .done(result)
      condition.broadcast()
    }
  }

  private func next() -> Int? {
    while !wanted.isEmpty || !guessed.isEmpty {
      let index = wanted.isEmpty ? guessed.removeFirst() : wanted.removeFirst()
      if case .waiting? = entries[index] { return index }
    }
    return nil
  }
}
