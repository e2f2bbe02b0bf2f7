import ArgumentParser
import Contributions
import Networks
import Runtime
import Storage
import VisionAdapters

/// How a folder or list of pictures is read, and what becomes of each picture where the model's file does not say it.
struct ImageOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("Labels of a flat folder of pictures: lines of PICTURE LABEL.", valueName: "file"))
  var labels: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Names of the model's classes: a line each, in order, or lines of NAME INDEX.", valueName: "file"))
  var classes: String?

  @Flag(name: .long, help: "Check every picture first, and leave out those that cannot be read.")
  var skipBad = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Sides before the middle is cut out: squash, or the shorter side.", valueName: "pixels"))
  var resize: String?

  @Option(name: .long, help: "How pictures are resized: bilinear or bicubic, antialiased as Pillow does.")
  var interpolation: String?

  @Option(
    name: .long, help: ArgumentHelp("Mean of red, green and blue, each 0 to 1.", valueName: "r,g,b"))
  var mean: CommaList<Float>?

  @Option(
    name: .long, help: ArgumentHelp("Standard deviation of red, green and blue.", valueName: "r,g,b"))
  var std: CommaList<Float>?

  /// Lists a folder's or list's pictures and makes them ready for a model.
  /// - Throws: `CodecError` where they or their labels do not fit the model.
  func open(_ path: String, for model: LoadedModel, threads: Int) throws -> ImageSource {
    let count = model.unitIDs.count
    let names = try classes.map { try ClassNames(reading: $0, count: count) }
    let preparation = try PicturePreparation(try preprocessing(of: model), of: model.network)
    var list = try ImageList(
      path, labels: labels, classes: names ?? ClassNames(count: count, names: model.unitNames))
    if skipBad {
      let checked = try list.readable(threads: threads, progress: ProgressLine.handler)
      for error in checked.bad { Console.warn("left out: \(error)") }
      list = checked.list
    }
    return ImageSource(list, preparation: preparation)
  }

  /// The model's own preprocessing with what the command line says instead.
  private func preprocessing(of model: LoadedModel) throws -> ImagePreprocessing {
    let own = model.preprocessing.image
    let shape = model.network.inputShape
    guard shape.count == 3, shape[1] > 0, shape[2] > 0 else {
      throw CodecError(
        .data, "the network takes inputs of \(shape.map(String.init).joined(separator: "×")), no pictures",
        at: model.network.name, remedy: "give an array of inputs instead: FILE.npy or FILE.h5:DATASET")
    }
    let mean = mean?.values ?? own?.mean
    let deviation = std?.values ?? own?.standardDeviation
    guard let mean, let deviation, let resize = try chosenResize() ?? own?.resize else {
      throw CodecError(
        .usage, "the model's file does not say how pictures are prepared", at: model.network.name,
        remedy: "give --resize, --mean and --std")
    }
    guard mean.count == shape[0], deviation.count == shape[0] else {
      throw CodecError(
        .usage, "\(mean.count) means and \(deviation.count) deviations for a network of \(shape[0]) channels",
        at: model.network.name, remedy: "give one of each for every channel")
    }
    return ImagePreprocessing(
      size: own?.size ?? Array(shape.dropFirst()), resize: resize,
      interpolation: try chosenInterpolation() ?? own?.interpolation ?? .bilinear, mean: mean,
      standardDeviation: deviation)
  }

  private func chosenResize() throws -> ImagePreprocessing.Resize? {
    guard let resize else { return nil }
    if resize == "squash" { return .squash }
    guard let side = Int(resize), side > 0 else {
      throw CodecError.unknown("resize", resize, valid: ["squash", "a number of pixels"])
    }
    return .shorterSide(side)
  }

  private func chosenInterpolation() throws -> ImagePreprocessing.Interpolation? {
    try interpolation.map { name in
      guard let found = ImagePreprocessing.Interpolation(rawValue: name) else {
        throw CodecError.unknown(
          "interpolation", name, valid: ImagePreprocessing.Interpolation.allCases.map(\.rawValue))
      }
      return found
    }
  }
}

/// A run's options with how its pictures are prepared, as one JSON object of the provenance.
struct PictureRunOptions<Options: Encodable>: Encodable {
  let options: Options
  let pictures: ImageSource?

  private enum Key: CodingKey { case preparation }

  func encode(to encoder: any Encoder) throws {
    try options.encode(to: encoder)
    guard let pictures else { return }
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(pictures.preparation.words, forKey: .preparation)
  }
}

extension ContributionInput {
  /// Pictures as a model's stimuli.
  init(_ images: ImageSource, model: LoadedModel) throws {
    try self.init(
      model: model, series: images.windows(), labels: images.list.labels,
      sampleNames: images.list.items.map(\.name), outputUnit: "1")
  }
}
