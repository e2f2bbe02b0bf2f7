import Foundation
import Runtime
import Storage

/// Figures and page of a folder of results.
///
///     let report = try Report(folder: "results")
///     try report.write(formats: [.svg])
public struct Report {
  /// What was written.
  public struct Outcome: Encodable, Sendable {
    /// Path of the page.
    public let page: String
    /// Paths of the figures.
    public let figures: [String]
    /// Why there are no figures; nil where there are.
    public let remark: String?

    /// An outcome from its parts.
    public init(page: String, figures: [String], remark: String?) {
      (self.page, self.figures, self.remark) = (page, figures, remark)
    }
  }

  /// Whether figures are drawn.
  public enum Figures: Sendable {
    /// A missing plotting program is an error.
    case required
    /// Without a plotting program the page goes without figures, and `Outcome.remark` says so.
    case wherePossible
    case none
  }

  /// What the folder holds.
  private enum Contents {
    case retina(RetinaResults)
    case images(ImageResults)
    case recording(RecordingResults)

    func figures() throws -> [Figure] {
      switch self {
      case .retina(let results): try results.figures()
      case .images(let results): try results.figures()
      case .recording(let results): try results.figures()
      }
    }

    func page(_ drawn: [(figure: Figure, svg: String)]) throws -> String {
      switch self {
      case .retina(let results): try RetinaPage(results: results, drawn: drawn).html()
      case .images(let results): try ImagePage(results: results, drawn: drawn).html()
      case .recording(let results): try RecordingPage(results: results, drawn: drawn).html()
      }
    }
  }

  private let folder: URL
  private let contents: Contents

  /// Opens the results.
  /// - Throws: `CodecError` naming the file or dataset that is missing or does not fit.
  public init(folder: String) throws {
    self.folder = URL(filePath: folder)
    let found = try ResultFolder(folder)
    if found.files["clusters"] != nil {
      contents = .retina(try RetinaResults(found))
    } else if ImageResults.schemas.contains(where: { found.files[$0] != nil }) {
      contents = .images(try ImageResults(found))
    } else if RecordingResults.schemas.contains(where: { found.files[$0] != nil }) {
      contents = .recording(try RecordingResults(found))
    } else {
      throw CodecError(
        .data, "the folder holds no results to report on", at: folder,
        remedy:
          "give the folder that codec analyze or codec demo wrote, or one with the files of statistics, classes, "
          + "perturb, maps, sweep, cells, sta or fit")
    }
  }

  /// Writes `figures/NAME.FORMAT` and `report.html`.
  /// - Parameter formats: of the figures; the page always shows them as SVG.
  /// - Throws: `CodecError` of kind `fileSystem` where the plotting program is missing or the disk refuses.
  public func write(
    formats: [Gnuplot.Format] = [.svg], figures wanted: Figures = .required, progress: ProgressHandler? = nil
  ) throws -> Outcome {
    let figures = try DrawnFigures(
      contents.figures, in: folder, formats: formats, wanted: wanted, progress: progress)
    let page = folder.appending(path: "report.html").relativePath
    try AtomicFile.write(try contents.page(figures.drawn), to: page)
    return Outcome(page: page, figures: figures.paths, remark: figures.remark)
  }
}
