import Networks
import Numerics
import Runtime

/// The trials of a perturbation experiment on one model's pictures, whatever ranks the channels.
struct PerturbationExperiment: Sendable {
  /// Pairs of classes with their pictures, the same for every layer and way of choosing channels.
  let trials: [PerturbationTrial]
  private let options: PerturbationOptions
  private let images: ImageSource

  /// - Parameter tree: path of a superclass tree.
  /// - Throws: `CodecError` where the pictures have no classes, or none of the target's.
  init(model: LoadedModel, images: ImageSource, tree: String?, options: PerturbationOptions) throws {
    (self.images, self.options) = (images, options)
    trials = try Self.draw(of: images, classes: model.unitIDs.count, tree: tree, options: options)
  }

  private static func draw(
    of images: ImageSource, classes: Int, tree: String?, options: PerturbationOptions
  ) throws -> [PerturbationTrial] {
    guard let labels = images.list.labels else {
      throw CodecError(
        .data, "the pictures have no classes", at: images.name,
        remedy: "give a folder of class folders, or a list of labels")
    }
    var pictures = [[Int]](repeating: [], count: classes)
    for (place, label) in labels.enumerated() { pictures[label].append(place) }
    var superclass: [Int]?
    if let name = options.superclass {
      guard let tree else {
        throw CodecError(.usage, "no tree to find the superclass \(name) in", remedy: "give --tree")
      }
      superclass = try ClassTree(reading: tree, classCount: classes).superclass(name).classes
    }
    return try (0..<options.trials).map {
      try PerturbationTrial(
        pictures: pictures, superclass: superclass, images: options.images,
        random: RandomStream(seed: options.seed).split("trial").split($0))
    }
  }

  /// Runs one trial.
  /// - Parameters:
  ///   - model: with the layers perturbed, made for all pictures of a trial.
  ///   - rankings: of each layer, by name.
  func result(
    of index: Int, on model: PerturbedModel, rankings: [String: LayerRanking]
  ) throws -> PerturbationResult {
    let trial = trials[index]
    let pictures = trial.targetPictures + trial.otherPictures
    let labels = try images.list.requiredLabels(of: pictures)
    let start = try model.start(try images.inputs(of: pictures))
    func accuracies(_ output: Tensor) -> (target: Double, other: Double) {
      let split = trial.targetPictures.count
      return (
        accuracy(output.rows(0..<split), labels: Array(labels[..<split]), top: options.top),
        accuracy(output.rows(split..<output.rows), labels: Array(labels[split...]), top: options.top)
      )
    }
    let original = accuracies(try model.output(from: start))
    var result = PerturbationResult(target: original.target, other: original.other)
    let random = RandomStream(seed: options.seed).split("channels").split(index)
    for selection in options.selections {
      let orders = model.taps.map { tap in
        rankings[tap.name]!.order(
          selection, classes: trial.target, rank: options.rank, sumsModes: options.superclass != nil,
          random: random.split(tap.name))
      }
      for perturbation in Perturbation.allCases {
        for percentage in options.percentages {
          let factors = orders.map { perturbation.factors($0, percentage: percentage) }
          let found = accuracies(try model.output(from: start, factors: factors))
          result.append(found, for: PerturbationWriter.Kind(perturbation, selection))
        }
      }
    }
    return result
  }
}

extension ImageList {
  /// Classes of some pictures.
  fileprivate func requiredLabels(of pictures: [Int]) throws -> [Int] {
    try pictures.map { place in
      guard let label = items[place].label else {
        throw CodecError(.data, "\(items[place].name) has no class", at: name)
      }
      return label
    }
  }
}
