import Numerics

extension Decomposition {
  /// How far another decomposition of the same features has the same modes: for each mode of this one, the largest
  /// cosine between its atom and an atom of the other.
  ///
  /// Sparse modes are not identifiable one by one: expect values well below one between seeds, and compare with those
  /// before interpreting a single mode.
  public func bestMatches(in other: Decomposition) -> [Double] {
    precondition(model.features == other.model.features)
    let (mine, theirs) = (Matrix(dictionary), Matrix(other.dictionary))
    let cosines = Matrix.product(mine, theirs, transposeRight: true)
    let (myNorms, theirNorms) = (Self.norms(mine), Self.norms(theirs))
    return (0..<mine.rows).map { mode in
      (0..<theirs.rows).map { cosines[mode, $0] / max(myNorms[mode] * theirNorms[$0], .leastNormalMagnitude) }
        .max() ?? 0
    }
  }

  private static func norms(_ matrix: Matrix) -> [Double] {
    (0..<matrix.rows).map { matrix.row($0).reduce(0) { $0 + $1 * $1 }.squareRoot() }
  }
}
