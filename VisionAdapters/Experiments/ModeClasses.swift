import Modes
import Numerics
import Runtime
import Storage

/// The modes of one layer with what they know of classes: atoms, and sums of loadings by class.
struct ModeClasses: Sendable {
  let modeIDs: [Int]
  /// What each mode stands for, `[mode, feature]`.
  let atoms: Matrix
  /// The channel of each feature.
  let channels: [Int]
  /// Loadings by class; columns are modes.
  let sums: ClassSums
  /// Median Hoyer sparsity of a sample's loadings.
  let loadingSparsity: Double

  /// Reads a layer of a `modes.h5`, its loadings row by row.
  init(_ layer: String, of file: LabelledResult) throws {
    let (group, labels) = ("/layers/\(layer)", try file.requiredLabels())
    modeIDs = try file.file.dataset("\(group)/mode_id", rank: 1).numbers()
    atoms = try file.file.dataset("\(group)/dictionary").matrix()
    let columns: [Int] = try file.file.dataset("\(group)/feature", rank: 2).numbers()
    channels = stride(from: 0, to: columns.count, by: 2).map { columns[$0] }
    var sums = ClassSums(classes: file.classNames.count, columns: modeIDs.count)
    var sparsities: [Double] = []
    if modeIDs.isEmpty {
      throw CodecError(
        .data, "no mode of \(layer) is ever on", at: file.file.name,
        remedy: "decompose it by another recipe; codec decompose says what is wrong")
    }
    try file.forEachRow(of: layer, ["loadings"]) { sample, parts in
      sums.add(parts[0], label: labels[sample])
      sparsities.append(Statistics.hoyerSparsity(parts[0]))
    }
    (self.sums, loadingSparsity) = (sums, median(sparsities))
    try checkShapes(at: file.file.place(group))
  }

  /// The modes of a decomposition at hand.
  init(_ layer: LayerDecomposition, labels: [Int], classes: Int) throws {
    let found = layer.decomposition
    modeIDs = found.modeIDs
    atoms = Matrix(found.dictionary)
    channels = layer.features.map(\.channel)
    var sums = ClassSums(classes: classes, columns: found.alive)
    var sparsities: [Double] = []
    for (sample, label) in labels.enumerated() {
      let row = found.loadings.row(sample).map(Double.init)
      sums.add(row, label: label)
      sparsities.append(Statistics.hoyerSparsity(row))
    }
    (self.sums, loadingSparsity) = (sums, median(sparsities))
    try checkShapes(at: layer.layer)
  }

  private func checkShapes(at place: String) throws {
    guard atoms.rows == modeIDs.count, atoms.columns == channels.count, !channels.isEmpty else {
      throw CodecError(.data, "the dictionary does not fit its modes and features", at: place)
    }
  }

  /// The Pearson correlation of each mode's loadings with each set of classes, `[mode, set]`; 0 where undefined.
  func correlations(with sets: [[Int]]) -> Matrix { sums.correlations(with: sets).undefinedAsZero }

  /// The mode of the given rank by correlation with a set of classes (1 is the best), as its place.
  func best(for classes: [Int], rank: Int = 1) -> Int {
    let correlations = correlations(with: [classes]).column(0)
    let order = correlations.indices.sorted {
      (correlations[$0], -$0) > (correlations[$1], -$1)
    }
    return order[min(rank, order.count) - 1]
  }

  /// Places of the modes that correlate with a set of classes above a limit; the best one where none does.
  func modes(for classes: [Int], above limit: Double) -> [Int] {
    let correlations = correlations(with: [classes]).column(0)
    let found = correlations.indices.filter { correlations[$0] > limit }
    return found.isEmpty ? [best(for: classes)] : found
  }

  /// What some modes together stand for in each channel: atoms summed, C⁻ and C⁺ of a channel together.
  func channelWeights(of modes: [Int]) -> [Double] {
    var weights = [Double](repeating: 0, count: (channels.max() ?? -1) + 1)
    for mode in modes {
      for (feature, channel) in channels.enumerated() { weights[channel] += atoms[mode, feature] }
    }
    return weights
  }
}

extension Matrix {
  /// Undefined correlations count as none.
  var undefinedAsZero: Matrix {
    Matrix(rows: rows, columns: columns, elements: elements.map { $0.isNaN ? 0 : $0 })
  }
}
