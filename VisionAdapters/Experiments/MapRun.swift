import Foundation
import Modes
import Networks
import Numerics
import Runtime
import Storage

/// Contribution maps of chosen pictures through a layer's channels (Fig. 7) into a `maps.h5` and PNG files.
public struct MapRun: Sendable {
  /// The `schema` of the files it writes.
  public static let schema = "maps"
  /// The version of their layout.
  public static let schemaVersion = 1

  /// What was asked for.
  public struct Options: Sendable, Codable, Equatable {
    /// The layer.
    public var layer: String
    /// Names or numbers of the pictures.
    public var pictures: [String]
    /// `label`, `predicted` or a class index.
    public var label: String
    /// Channels by number.
    public var channels: [Int]?
    /// Id of a mode.
    public var mode: Int?
    /// Share of a mode's channels.
    public var percentage: Double
    /// Whether overlays show channels and positions of both signs (the published code) or the positive (the paper).
    public var showsAllSigns: Bool

    /// What is asked for.
    public init(
      layer: String, pictures: [String], label: String, channels: [Int]?, mode: Int?, percentage: Double,
      showsAllSigns: Bool
    ) {
      (self.layer, self.pictures, self.label, self.channels) = (layer, pictures, label, channels)
      (self.mode, self.percentage, self.showsAllSigns) = (mode, percentage, showsAllSigns)
    }
  }

  /// What was asked for.
  public let options: Options
  private let model: LoadedModel
  private let images: ImageSource
  private let modes: ModeClasses?
  private let places: [Int]
  private let label: Label

  private enum Label: Sendable {
    case own
    case predicted
    case fixed(Int)
  }

  /// - Parameter modes: path of a `modes.h5`, where channels are those of a mode.
  /// - Throws: `CodecError` of kind `usage` for what is not there, of kind `data` where the parts do not fit.
  public init(model: LoadedModel, images: ImageSource, modes: String?, options: Options) throws {
    (self.model, self.images, self.options) = (model, images, options)
    guard (options.channels == nil) != (modes == nil) else {
      throw CodecError(
        .usage, options.channels == nil ? "no channels to map" : "channels and modes at once",
        remedy: "give --channels, or --modes")
    }
    guard options.percentage > 0, options.percentage <= 100 else {
      throw CodecError(.usage, "\(options.percentage) % of the channels", remedy: "above 0, at most 100")
    }
    let file = try modes.map { try LabelledResult(reading: $0, schema: DecompositionRun.schema) }
    self.modes = try file.map { file in
      _ = try file.chosen([options.layer])
      return try ModeClasses(LabelledResult.group(of: options.layer), of: file)
    }
    places = try options.pictures.map { try images.list.place(of: $0) }
    guard !places.isEmpty else { throw CodecError(.usage, "no picture to map", remedy: "give --pictures") }
    label = try Self.label(options.label, images: images, model: model)
    try check()
  }

  private static func label(_ text: String, images: ImageSource, model: LoadedModel) throws -> Label {
    switch text {
    case "predicted": return .predicted
    case "label":
      guard images.list.labels != nil else {
        throw CodecError(
          .usage, "the pictures have no classes", at: images.name,
          remedy: "give --class predicted or an index")
      }
      return .own
    default:
      guard let index = Int(text), model.unitIDs.indices.contains(index) else {
        throw CodecError.unknown(
          "class", text, valid: ["label", "predicted", "0 to \(model.unitIDs.count - 1)"])
      }
      return .fixed(index)
    }
  }

  private func check() throws {
    let tap = try ContributionMapper(model, layer: options.layer).tap
    for channel in options.channels ?? [] where !(0..<tap.channels).contains(channel) {
      throw CodecError(
        .usage, "unknown channel \(channel)", at: tap.name, remedy: "channels are 0 to \(tap.channels - 1)")
    }
    if let modes {
      guard modes.channelWeights(of: []).count == tap.channels else {
        throw CodecError(
          .data, "modes of other channels than the \(tap.channels) of \(tap.name)",
          remedy: "give modes of this model")
      }
      if let id = options.mode, !modes.modeIDs.contains(id) {
        throw CodecError.unknown("mode", "\(id)", valid: modes.modeIDs.map(String.init), at: tap.name)
      }
    }
  }

  /// A picture's mode and channels.
  private func channels(for label: Int) -> (mode: Int?, channels: [Int]) {
    if let channels = options.channels { return (nil, channels) }
    guard let modes else { preconditionFailure("channels come from somewhere") }
    let place = options.mode.flatMap { modes.modeIDs.firstIndex(of: $0) } ?? modes.best(for: [label])
    let weights = modes.channelWeights(of: [place])
    let order = weights.indices.sorted { (weights[$0], -$0) > (weights[$1], -$1) }
    let count = max(1, Int(Double(order.count) * options.percentage / 100))
    return (modes.modeIDs[place], order.prefix(count).sorted())
  }

  /// One picture's maps.
  private struct Result: Sendable {
    let label: Int
    let mode: Int?
    let channels: [Int]
    let positive: ContributionMapper.Map
    let negative: ContributionMapper.Map
    let mask: Tensor
    let overlay: Picture
  }

  /// Computes all maps and completes the file.
  /// - Parameter folder: where overlays are written as PNG files; `nil` for none.
  public func write(
    to writer: ResultWriter, overlays folder: String?, threads: Int = 1, progress: ProgressHandler? = nil
  ) throws -> MapSummary {
    BLAS.useThreads(1)
    let team = try WorkerTeam(count: min(threads, places.count)) { [self] _ in
      try ContributionMapper(model, layer: options.layer)
    }
    var results: [Result] = []
    for first in stride(from: 0, to: places.count, by: team.count) {
      try Interrupt.check()
      let range = first..<min(first + team.count, places.count)
      results += try team.map(range) { [self] mapper, index in try result(of: places[index], mapper) }
      progress?(ProgressReport(task: "maps", finished: range.upperBound, total: places.count))
    }
    try write(results, to: writer)
    var files: [String] = []
    if let folder {
      for (place, result) in zip(places, results) {
        let name = LabelledResult.group(of: images.list.items[place].name)
        let stem = URL(filePath: name.replacing("|", with: "_")).deletingPathExtension().lastPathComponent
        files.append("\(stem)_\(LabelledResult.group(of: options.layer)).png")
        try result.overlay.write(png: "\(folder)/\(files.last!)")
      }
    }
    try writer.commit()
    return MapSummary(
      layer: options.layer,
      pictures: zip(places, results).enumerated().map { index, pair in
        MapSummary.Picture(
          name: images.list.items[pair.0].name, label: pair.1.label, mode: pair.1.mode,
          channels: pair.1.channels.count,
          positive: pair.1.positive.contribution.elements.reduce(0) { $0 + Double($1) },
          negative: pair.1.negative.contribution.elements.reduce(0) { $0 + Double($1) },
          overlay: files.isEmpty ? nil : files[index])
      })
  }

  private func result(of place: Int, _ mapper: ContributionMapper) throws -> Result {
    let seen = images.preparation.seen(try Picture(reading: images.list.items[place].path))
    let wanted: Int? =
      switch label {
      case .own: images.list.items[place].label
      case .predicted: nil
      case .fixed(let index): index
      }
    let found = try mapper.maps(of: images.preparation.input([seen]), label: wanted) {
      channels(for: $0).channels
    }
    let all = zip(found.positive.contribution.elements, found.negative.contribution.elements).map { $0 + $1 }
    let shown =
      options.showsAllSigns
      ? Tensor(shape: found.positive.contribution.shape, elements: all) : found.positive.contribution
    let mask = MapOverlay.mask(shown)
    return Result(
      label: found.label, mode: channels(for: found.label).mode, channels: found.channels,
      positive: found.positive,
      negative: found.negative, mask: mask, overlay: MapOverlay.picture(seen, mask: mask))
  }

  private func write(_ results: [Result], to writer: ResultWriter) throws {
    let (group, count) = ("/layers/\(LabelledResult.group(of: options.layer))", results.count)
    func stack(_ name: String, units: String, _ part: (Result) -> Tensor) throws {
      let shape = part(results[0]).shape
      let axes = shape.count == 3 ? ["picture", "channel", "y", "x"] : ["picture", "y", "x"]
      try writer.write(
        Tensor(shape: [count] + shape, elements: results.flatMap { part($0).elements }),
        to: "\(group)/\(name)",
        axes: axes, units: units)
    }
    try stack("positive", units: "probability") { $0.positive.contribution }
    try stack("negative", units: "probability") { $0.negative.contribution }
    try stack("positive_sensitivity", units: "probability per normalised pixel") { $0.positive.sensitivity }
    try stack("negative_sensitivity", units: "probability per normalised pixel") { $0.negative.sensitivity }
    try stack("mask", units: "1") { $0.mask }
    // Pictures may have different numbers of channels: a mask of those chosen.
    let channels = try ContributionMapper(model, layer: options.layer).tap.channels
    let chosen: [UInt8] = results.flatMap { result in
      (0..<channels).map { result.channels.contains($0) ? 1 : 0 }
    }
    try writer.write(
      chosen, shape: [count, channels], to: "\(group)/channel_is_chosen", axes: ["picture", "channel"],
      units: "1")
    if modes != nil {
      try writer.write(
        results.map { $0.mode ?? -1 }, shape: [count], to: "\(group)/mode_id", axes: ["picture"],
        units: "mode")
    }
    try writer.write(places, shape: [count], to: "/picture/index", axes: ["picture"], units: "sample")
    try writer.write(
      results.map(\.label), shape: [count], to: "/picture/class", axes: ["picture"], units: "class")
    try writer.write(places.map { images.list.items[$0].name }, to: "/picture/name", axes: ["picture"])
    try writer.setAttribute("overlay_signs", to: .text(options.showsAllSigns ? "all" : "positive"), of: group)
  }
}

/// The maps in a line each.
public struct MapSummary: Codable, Sendable, Equatable {
  /// One picture's line.
  public struct Picture: Codable, Sendable, Equatable {
    /// The picture's name.
    public let name: String
    /// The class whose softmax is mapped.
    public let label: Int
    /// The mode whose channels were taken.
    public let mode: Int?
    /// How many channels.
    public let channels: Int
    /// What the positive units contribute in all.
    public let positive: Double
    /// What the negative units contribute in all.
    public let negative: Double
    /// The overlay's file.
    public let overlay: String?
  }

  /// The layer.
  public let layer: String
  /// The pictures, in order.
  public let pictures: [Picture]

  /// The table people read.
  public var lines: [String] {
    var rows = [["picture", "class", "mode", "channels", "positive", "negative", "overlay"]]
    for picture in pictures {
      rows.append([
        picture.name, "\(picture.label)", picture.mode.map(String.init) ?? "–", "\(picture.channels)",
        String(format: "%.4g", picture.positive), String(format: "%.4g", picture.negative),
        picture.overlay ?? "",
      ])
    }
    return TextTable.lines(rows)
  }
}

extension ImageList {
  /// The place of a picture given by its name or number.
  /// - Throws: `CodecError` of kind `usage` for one that is not there.
  func place(of picture: String) throws -> Int {
    if let place = items.firstIndex(where: { $0.name == picture }) { return place }
    if let place = Int(picture), items.indices.contains(place) { return place }
    throw CodecError.unknown("picture", picture, valid: items.map(\.name), at: name)
  }
}
