import Foundation
import Retina
import Runtime
import Storage

/// The page of an analysis through several fitted networks: what holds over all of them, and links to each
/// one's page.
///
///     try FitsIndex(folder: "results").write()
public struct FitsIndex {
  /// The folders of the fits' own analyses.
  public let folders: [String]
  private let folder: URL
  private let names: [String]
  private let file: H5File

  /// Whether a folder holds such an analysis.
  public static func isFolderOfFits(_ folder: String) -> Bool {
    FileManager.default.fileExists(atPath: path(folder))
  }

  private static func path(_ folder: String) -> String {
    URL(filePath: folder).appending(path: FitsAnalysis.ResultName.agreement.rawValue).relativePath
  }

  /// Opens the results.
  /// - Throws: `CodecError` naming the file or dataset that is missing or does not fit.
  public init(folder: String) throws {
    self.folder = URL(filePath: folder)
    file = try H5File(reading: Self.path(folder))
    _ = try Provenance(of: file, schema: FitsAnalysis.schema, version: FitsAnalysis.schemaVersion)
    names = try file.dataset("/fit", rank: 1).texts()
    folders = names.map { URL(filePath: folder).appending(path: $0).relativePath }
  }

  /// Writes `figures/fits.FORMAT` and `report.html`.
  /// - Parameter formats: of the figure; the page always shows it as SVG.
  /// - Throws: `CodecError` of kind `fileSystem` where the plotting program is missing or the disk refuses.
  public func write(
    formats: [Gnuplot.Format] = [.svg], figures wanted: Report.Figures = .required,
    progress: ProgressHandler? = nil
  ) throws -> Report.Outcome {
    let figures = try DrawnFigures(
      { [try FitsFigure(file).figure()] }, in: folder, formats: formats, wanted: wanted, progress: progress)
    let path = folder.appending(path: "report.html").relativePath
    let name = file.name
    let page = Page(
      title: "What holds over \(names.count) fitted \(names.count == 1 ? "network" : "networks")",
      lead:
        "The same recording through networks fitted independently: what they agree on is the recording's.",
      sections: [
        (id: "summary", name: "Summary", html: try summary()),
        (id: "clusters", name: "Agreement", html: try clusters(figures.drawn)),
        (id: "numbers", name: "Numbers", html: try numbers()),
      ], provenance: [(file: name, provenance: try Provenance(of: file))], data: "{}", script: [])
    try AtomicFile.write(page.html, to: path)
    return Report.Outcome(page: path, figures: figures.paths, remark: figures.remark)
  }

  private func summary() throws -> String {
    let links = names.map { name in
      let target = name.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? name
      return "<li><a href=\"./\(escaped(target))/report.html\">\(escaped(name))</a></li>"
    }
    let conclusion = try file.attribute("conclusion")?.asText ?? ""
    return "<section id=\"summary\"><h2>Summary</h2><p>\(escaped(conclusion))</p>"
      + warningBox(try file.attribute("warnings")?.asTexts ?? [], fine: "No fit reports a problem.")
      + "<h3 style=\"margin-top:14px\">Each fit's own report</h3><ul>\(links.joined())</ul></section>"
  }

  private func clusters(_ drawn: [(figure: Figure, svg: String)]) throws -> String {
    var rows: [[String]] = []
    for part in file.contains("/agreement") ? try file.children(of: "/agreement") : [] {
      let group = "/agreement/\(part)"
      let tried: [Int] = try file.dataset("\(group)/k", rank: 1).numbers()
      let agreement: [Double] = try file.dataset("\(group)/index", rank: 1).numbers()
      let silhouettes = try file.dataset("\(group)/silhouette", rank: 2).matrix()
      let supported: [Int]? =
        file.contains("\(group)/supported")
        ? try file.dataset("\(group)/supported", rank: 1).numbers() : nil
      for (row, clusters) in tried.enumerated() {
        let silhouette = silhouettes.row(row).reduce(0, +) / Double(silhouettes.columns)
        rows.append([
          part == "contributions" ? part : "modes of \(part)", "\(clusters)", text(agreement[row]),
          text(silhouette), supported.map { $0.contains(clusters) ? "yes" : "no" } ?? "takes three fits",
        ])
      }
    }
    let note =
      "Mean adjusted Rand index over all pairs of fits: 1 where all put the same cells together, 0 for chance."
    return "<section id=\"clusters\"><h2>Agreement</h2>\(Page.gallery(drawn))<p class=\"note\">\(note)</p>"
      + table(["by", "clusters", "agreement of fits", "silhouette, mean", "supported"], rows) + "</section>"
  }

  private func numbers() throws -> String {
    let titles = try file.dataset("/number/name", rank: 1).texts()
    let values = try file.dataset("/number/value", rank: 2).matrix()
    let columns = try ["mean", "standard_deviation"].map { name -> [Double] in
      try file.dataset("/number/\(name)", rank: 1).numbers()
    }
    let rows = titles.enumerated().map { row, title in
      [title] + columns.map { text($0[row]) } + values.row(row).map(text)
    }
    return "<section id=\"numbers\"><h2>Numbers of each fit</h2>"
      + table(["number", "mean", "SD"] + names, rows) + "</section>"
  }

  private func text(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    return String(
      format: abs(value) >= 100 ? "%.0f" : abs(value) < 0.1 && value != 0 ? "%.4f" : "%.2f", value)
  }
}
