import Numerics
import Runtime

/// What a perturbation experiment does (paper §5; Figs. 6, S6, S7 J–L, S10).
public struct PerturbationOptions: Sendable, Codable, Equatable {
  /// Layers by name; `nil` is every layer the modes are of.
  public var layers: [String]?
  /// Whether the layers are perturbed all at once.
  public var together = false
  /// How channels are chosen.
  public var selections: [ChannelSelection] = [.modes, .random]
  /// Percentages of a layer's channels.
  public var percentages: [Double] = [1, 2, 5, 10, 18, 25, 50, 80, 99]
  /// Pairs of a target class and another.
  public var trials = 20
  /// Pictures of each class of a pair.
  public var images = 10
  /// Pairs whose ratios are averaged to one score each, of which the spread is given.
  public var group = 10
  /// A picture counts as recognised where its class is among so many largest outputs.
  public var top = 1
  /// Which mode by correlation with the target class: 1 is the best (the published code takes the second).
  public var rank = 1
  /// A superclass to perturb instead of single classes: all modes that correlate with it are summed.
  public var superclass: String?
  /// Decides classes, pictures and random channels.
  public var seed: UInt64 = 0

  /// The paper's experiment on ResNet-50.
  public init() {}

  /// - Throws: `CodecError` of kind `usage` naming what cannot be.
  func validate() throws {
    func require(_ condition: Bool, _ what: String, _ remedy: String) throws {
      if !condition { throw CodecError(.usage, what, remedy: remedy) }
    }
    try require(!percentages.isEmpty, "no percentages", "give at least one, such as 1,10,50")
    try require(
      percentages.allSatisfy { $0 > 0 && $0 <= 100 }, "percentages of \(percentages)",
      "they are above 0, at most 100")
    try require(
      zip(percentages, percentages.dropFirst()).allSatisfy { $0 < $1 }, "percentages of \(percentages)",
      "give them in ascending order")
    try require(!selections.isEmpty, "no way to choose channels", "give at least one")
    for (name, value) in [
      ("trials", trials), ("images", images), ("pairs in a group", group), ("top outputs", top),
      ("rank", rank),
    ] {
      try require(value > 0, "\(value) \(name)", "give at least 1")
    }
  }
}

/// A trial: pictures of the target and of others, the same for every layer and way of choosing.
struct PerturbationTrial: Sendable, Equatable {
  /// The classes whose recognition is aimed at.
  let target: [Int]
  /// The classes that should not suffer.
  let other: [Int]
  /// Pictures of the target, as places in the source.
  let targetPictures: [Int]
  /// Pictures of the others.
  let otherPictures: [Int]
}

extension PerturbationTrial {
  /// Draws a trial.
  /// - Parameters:
  ///   - pictures: places of each class's pictures.
  ///   - superclass: the classes aimed at; `nil` for one class at random.
  ///   - images: of each side; all where there are fewer.
  init(pictures: [[Int]], superclass: [Int]?, images: Int, random: RandomStream) throws {
    var stream = random
    let present = pictures.indices.filter { !pictures[$0].isEmpty }
    let aim = superclass ?? (present.isEmpty ? [] : [present[stream.integer(below: present.count)]])
    let rest = present.filter { !aim.contains($0) }
    guard aim.contains(where: present.contains), !rest.isEmpty else {
      throw CodecError(
        .data, "the pictures are all of one class, or none is of the target",
        remedy: "perturbation compares the target's pictures with others")
    }
    (target, other) = (aim, superclass == nil ? [rest[stream.integer(below: rest.count)]] : rest)
    func draw(_ classes: [Int]) -> [Int] {
      let all = classes.flatMap { pictures[$0] }
      return stream.sample(min(images, all.count), of: all.count).map { all[$0] }
    }
    targetPictures = draw(target)
    otherPictures = draw(other)
  }
}
