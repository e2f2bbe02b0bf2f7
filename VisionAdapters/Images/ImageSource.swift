import Foundation
import Networks
import Numerics
import Runtime
import Stimuli
import Storage

/// Pictures as a stimulus series of history 1: each is read, decoded, resized and cut on threads of its own before the
/// network asks for it, and given out normalised colour by colour.
public struct ImageSource: StimulusSource {
  /// The pictures.
  public let list: ImageList
  /// From files to frames.
  public let preparation: PicturePreparation
  private let pictures: ReadAhead<Picture>

  /// The folder or list, for messages.
  public var name: String { list.name }
  /// Shape of one frame: `[channel, y, x]`.
  public var frameShape: [Int] { [preparation.channels, preparation.height, preparation.width] }
  /// Number of pictures.
  public var frameCount: Int { list.items.count }
  /// One run: windows of one picture cannot cross anything.
  public var segments: [Range<Int>] { [0..<frameCount] }
  /// Pictures have no time.
  public var frameInterval: Double? { nil }

  /// Pictures decoded in advance: about as many as two workers take at a time.
  static let ahead = 192

  /// - Parameters:
  ///   - threads: how many pictures are decoded at once.
  public init(_ list: ImageList, preparation: PicturePreparation, threads: Int = 2) {
    (self.list, self.preparation) = (list, preparation)
    pictures = ReadAhead(count: list.items.count, threads: threads, ahead: Self.ahead) { index in
      preparation.seen(try Picture(reading: list.items[index].path))
    }
  }

  /// Pictures as the network sees them before normalisation.
  /// - Throws: `CodecError` naming the first picture that cannot be read.
  public func pictures(_ range: Range<Int>) throws -> [Picture] { try pictures.values(range) }

  /// Pictures as the network takes them, `[picture, channel, y, x]`.
  /// - Throws: `CodecError` naming the first picture that cannot be read.
  public func frames(_ range: Range<Int>) throws -> Tensor {
    do { return preparation.input(try pictures(range)) } catch let error as CodecError
      where error.kind == .data
    {
      throw CodecError(
        .data, error.what, at: error.place,
        remedy: [error.remedy, "--skip-bad leaves such pictures out"].compactMap { $0 }.joined(
          separator: "; "))
    }
  }

  /// Some pictures in any order as the network takes them, decoded on the caller's thread.
  /// - Throws: `CodecError` naming the first picture that cannot be read.
  public func inputs(of places: [Int]) throws -> Tensor {
    preparation.input(try places.map { preparation.seen(try Picture(reading: list.items[$0].path)) })
  }

  /// The pictures as an analysis sees them: normalised already, each belonging to itself.
  public func windows() throws -> WindowSeries {
    try WindowSeries(source: self, history: 1, mean: 0, standardDeviation: 1, responseOffset: 0)
  }
}

extension ImageList {
  /// The pictures as one input of a result's provenance: their names, labels and bytes.
  /// - Complexity: reads every file once.
  public func fingerprint() throws -> Provenance.Input {
    try Provenance.Input(
      name: URL(filePath: name).lastPathComponent,
      files: items.map { ($0.name + ($0.label.map { " \($0)" } ?? ""), $0.path) })
  }

  /// Decodes every picture once and leaves out those that cannot be.
  /// - Returns: the others, and what is wrong with each that is left out.
  /// - Throws: `CodecError` of kind `data` where none is left, `interrupted` once a stop was asked for.
  public func readable(threads: Int, progress: ProgressHandler? = nil) throws -> (
    list: ImageList, bad: [CodecError]
  ) {
    let team = try WorkerTeam(count: threads) { _ in }
    var kept: [Item] = []
    var bad: [CodecError] = []
    for first in stride(from: 0, to: items.count, by: 64) {
      try Interrupt.check()
      let range = first..<min(first + 64, items.count)
      let faults = try team.map(range) { [items] _, index -> CodecError? in
        do {
          _ = try Picture(reading: items[index].path)
          return nil
        } catch let error as CodecError { return error }
      }
      for (index, fault) in zip(range, faults) {
        if let fault { bad.append(fault) } else { kept.append(items[index]) }
      }
      progress?(ProgressReport(task: "checking pictures", finished: range.upperBound, total: items.count))
    }
    return (try ImageList(name: name, items: kept, classNames: classNames), bad)
  }
}
