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
  }

  /// Whether figures are drawn.
  public enum Figures: Sendable {
    /// A missing plotting program is an error.
    case required
    /// Without a plotting program the page goes without figures, and `Outcome.remark` says so.
    case wherePossible
    case none
  }

  private let folder: URL
  private let results: RetinaResults

  /// Opens the results.
  /// - Throws: `CodecError` naming the file or dataset that is missing or does not fit.
  public init(folder: String) throws {
    self.folder = URL(filePath: folder)
    results = try RetinaResults(folder: folder)
  }

  /// Writes `figures/NAME.FORMAT` and `report.html`.
  /// - Parameter formats: of the figures; the page always shows them as SVG.
  /// - Throws: `CodecError` of kind `fileSystem` where the plotting program is missing or the disk refuses.
  public func write(
    formats: [Gnuplot.Format] = [.svg], figures wanted: Figures = .required, progress: ProgressHandler? = nil
  ) throws -> Outcome {
    var (gnuplot, remark): (Gnuplot?, String?) = (nil, nil)
    do { if wanted != .none { gnuplot = try Gnuplot() } } catch let error as CodecError
      where wanted == .wherePossible
    {
      remark = error.description
    }
    let all = formats.contains(.svg) ? formats : formats + [.svg]
    let drawn = try gnuplot.map { try draw(with: $0, all, progress) } ?? []
    let page = folder.appending(path: "report.html").relativePath
    try AtomicFile.write(try RetinaPage(results: results, drawn: drawn).html(), to: page)
    let paths = drawn.flatMap { drawn in all.map { path(drawn.figure) + ".\($0.rawValue)" } }
    return Outcome(page: page, figures: paths, remark: remark)
  }

  private func draw(
    with gnuplot: Gnuplot, _ formats: [Gnuplot.Format], _ progress: ProgressHandler?
  ) throws -> [(figure: Figure, svg: String)] {
    try makeFolder(folder.appending(path: "figures"))
    let figures = try results.figures()
    return try figures.enumerated().map { index, figure in
      try gnuplot.write(figure.plot, to: path(figure), formats: formats)
      progress?(ProgressReport(task: "figures", finished: index + 1, total: figures.count))
      return (figure, try String(contentsOfFile: path(figure) + ".svg", encoding: .utf8))
    }
  }

  /// Without the format's ending.
  private func path(_ figure: Figure) -> String {
    folder.appending(path: "figures").appending(path: figure.name).relativePath
  }

  private func makeFolder(_ place: URL) throws {
    do { try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true) } catch {
      throw CodecError(
        .fileSystem, "cannot make the folder", at: place.relativePath,
        remedy: (error as NSError).localizedDescription)
    }
  }
}
