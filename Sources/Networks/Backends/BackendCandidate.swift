/// One of several ways to compute something.
package struct BackendCandidate<Backend> {
  package let name: String
  /// Estimated milliseconds, by counting operations: what decides where nothing can be measured.
  let cost: Double
  /// Prepares it.
  package let make: () throws -> Backend
}

extension BackendCandidate {
  /// The candidate that is fastest on this machine, prepared.
  ///
  /// Those that cannot be within eight times of the best by their operations are not tried.
  /// - Parameters:
  ///   - key: says all that the choice depends on besides the machine.
  ///   - run: the work to time.
  static func fastest(
    of candidates: [BackendCandidate], key: String, timings: BackendTimings = .shared,
    run: @escaping (Backend) throws -> Void
  ) throws -> Backend {
    let bound = 8 * candidates.reduce(.infinity) { min($0, $1.cost) }
    let worthTrying = candidates.filter { $0.cost <= bound }
    let name = timings.choose(
      key, rule: worthTrying.min { $0.cost < $1.cost }!.name,
      trials: worthTrying.map { candidate in
        (
          candidate.name,
          {
            let backend = try candidate.make()
            return { try run(backend) }
          }
        )
      })
    return try candidates.first { $0.name == name }!.make()
  }
}
