import Foundation
import Runtime

/// Figures drawn into `figures/` of a folder of results.
struct DrawnFigures {
  /// Each with its drawing, for a page.
  let drawn: [(figure: Figure, svg: String)]
  /// Paths of all files written.
  let paths: [String]
  /// Why there are none; nil where they were drawn or not wanted.
  let remark: String?

  private let folder: URL

  /// - Parameter formats: which files are left; SVG always is, for the page.
  /// - Throws: `CodecError` of kind `fileSystem` where the plotting program is missing, unless that is no error, or the
  ///   disk refuses.
  init(
    _ figures: () throws -> [Figure], in results: URL, formats: [Gnuplot.Format], wanted: Report.Figures,
    progress: ProgressHandler?
  ) throws {
    folder = results.appending(path: "figures")
    var gnuplot: Gnuplot?
    do { if wanted != .none { gnuplot = try Gnuplot() } } catch let error as CodecError
      where wanted == .wherePossible
    {
      (drawn, paths, remark) = ([], [], error.description)
      return
    }
    remark = nil
    guard let gnuplot else {
      (drawn, paths) = ([], [])
      return
    }
    let all = formats.contains(.svg) ? formats : formats + [.svg]
    try Self.make(folder)
    let figures = try figures()
    let places = figures.map { [folder] in folder.appending(path: $0.name).relativePath }
    drawn = try zip(figures, places).enumerated().map { index, one in
      try gnuplot.write(one.0.plot, to: one.1, formats: all)
      progress?(ProgressReport(task: "figures", finished: index + 1, total: figures.count))
      return (one.0, try String(contentsOfFile: one.1 + ".svg", encoding: .utf8))
    }
    paths = places.flatMap { place in all.map { "\(place).\($0.rawValue)" } }
  }

  private static func make(_ folder: URL) throws {
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw CodecError(
        .fileSystem, "cannot make the folder", at: folder.relativePath,
        remedy: (error as NSError).localizedDescription)
    }
  }
}
