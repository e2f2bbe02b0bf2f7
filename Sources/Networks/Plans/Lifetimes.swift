/// When a tensor of a plan holds numbers that somebody will read, in steps of a pass, both ends included.
struct Lifetime {
  let tensor: String
  let span: ClosedRange<Int>
}

extension [Lifetime] {
  /// Tensors that must never share memory.
  static func forever(_ tensors: [String]) -> [Lifetime] {
    tensors.map { Lifetime(tensor: $0, span: 0...Int.max - 1) }
  }
}

/// When values and gradients of a plan's tensors are needed.
struct Lifetimes {
  /// Of values, in steps of a forward pass; those that derivatives or anyone outside will read live on.
  let values: [Lifetime]
  /// Of gradients, in steps of a reverse pass; only of tensors that a tap leads to. Those of taps live on.
  let gradients: [Lifetime]

  init(_ steps: [PlanStep], input: String, output: String, taps: [String]) {
    let end = Int.max - 1
    var made = [input: 0]
    var lastRead: [String: Int] = [:]
    var kept = Set(taps + [input, output])
    var pulled = Set(taps + [output])
    for (index, step) in steps.enumerated() {
      made[step.output] = index
      for tensor in step.inputs { lastRead[tensor] = index }
      if step.reads.inputs { kept.formUnion(step.inputs) }
      if step.reads.output { kept.insert(step.output) }
      if !pulled.isDisjoint(with: step.inputs) { pulled.insert(step.output) }
    }
    let tensors = [input] + steps.map(\.output)
    values = tensors.map { tensor in
      let last = kept.contains(tensor) ? end : lastRead[tensor] ?? made[tensor]!
      return Lifetime(tensor: tensor, span: made[tensor]!...last)
    }
    gradients = tensors.filter(pulled.contains).map { tensor in
      // A reverse pass reaches a tensor at its last reader and leaves it at its maker.
      let first = tensor == output ? 0 : steps.count - 1 - (lastRead[tensor] ?? made[tensor]!)
      let last = taps.contains(tensor) ? end : steps.count - 1 - made[tensor]!
      return Lifetime(tensor: tensor, span: max(first, 0)...max(last, first, 0))
    }
  }
}
