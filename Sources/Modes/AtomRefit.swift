import Numerics

extension SparseAutoencoder {
  /// Fits the atoms to the codes by regularised least squares, the encoder unchanged.
  ///
  /// Dropout trains the atoms for noisy codes, which shrinks them; the finished model has no dropout. Minimises
  /// Σ|c − zD|² + ridge · Σ|D_k − D_k before|², by coordinate descent over modes, D ≥ 0 where non-negative: a mode that
  /// is on in few samples stays near what training made of it.
  /// - Parameters:
  ///   - data: scaled, [sample][feature]; only `rows` are used.
  ///   - ridge: in samples.
  mutating func refitAtoms(data: [Float], rows: [UInt32], ridge: Float, sweeps: Int = 20) {
    var entries: [[(row: Int, code: Float)]] = Array(repeating: [], count: modes)
    var residuals = [Float](repeating: 0, count: rows.count * features)
    var pass = AutoencoderPass(for: self, samples: min(rows.count, Self.evaluationBatch))
    for start in stride(from: 0, to: rows.count, by: Self.evaluationBatch) {
      let batch = rows[start..<min(start + Self.evaluationBatch, rows.count)]
      pass.encode(batch, of: data, parameters: parameters)
      let codes = pass.codes
      for entry in 0..<codes.count {
        entries[Int(codes.code[entry])].append((start + Int(codes.sample[entry]), codes.value[entry]))
      }
      _ = pass.residuals(parameters: parameters)
      for index in 0..<batch.count * features { residuals[start * features + index] = -pass.error[index] }
    }
    let prior = dictionary.elements
    var atoms = prior
    for _ in 0..<sweeps {
      for mode in 0..<modes where !entries[mode].isEmpty {
        improve(
          &atoms, prior: prior, mode: mode, entries: entries[mode], residuals: &residuals, ridge: ridge)
      }
    }
    parameters.replaceSubrange(range(of: .atoms), with: atoms)
  }

  /// The exact minimum over one atom, all others fixed.
  private func improve(
    _ atoms: inout [Float], prior: [Float], mode: Int, entries: [(row: Int, code: Float)],
    residuals: inout [Float], ridge: Float
  ) {
    let power = entries.reduce(ridge) { $0 + $1.code * $1.code }
    for feature in 0..<features {
      let place = mode * features + feature
      var slope = ridge * (prior[place] - atoms[place])
      for entry in entries { slope += entry.code * residuals[entry.row * features + feature] }
      var new = atoms[place] + slope / power
      if nonnegative { new = max(0, new) }
      let change = new - atoms[place]
      atoms[place] = new
      for entry in entries { residuals[entry.row * features + feature] -= entry.code * change }
    }
  }
}
