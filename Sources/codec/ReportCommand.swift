import ArgumentParser
import Figures
import Runtime

/// `codec report`: figures and page of a folder of results.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Draw the figures of a folder of results and write one page to explore them.",
    discussion: """
      Example: codec report results --format svg,pdf

      Writes results/report.html (one file, opens without a network) and results/figures. analyze and demo do this \
      at their end; the figures need gnuplot, the page does not. For the results of several fits, each fit's report is \
      written and results/report.html leads to them.
      """)

  @Argument(help: "The folder that codec analyze or codec demo wrote.")
  var folder: String

  @Option(name: .long, help: ArgumentHelp("Formats of the figures: svg, png, pdf.", valueName: "a,b"))
  var format = CommaList(["svg"])

  @Flag(name: .long, help: "Write the page alone, without figures.")
  var pageOnly = false

  @Flag(name: .long, help: "Print what was written as JSON on standard output.")
  var json = false

  func run() throws {
    let formats = try format.values.map { name in
      guard let format = Gnuplot.Format(rawValue: name) else {
        throw CodecError.unknown("format", name, valid: Gnuplot.Format.allCases.map(\.rawValue))
      }
      return format
    }
    let outcome = try outcome(formats)
    try Console.print(outcome, json: json) { outcome in
      (outcome.figures.isEmpty ? "" : "\(outcome.figures.count) figures in \(folder)/figures\n")
        + "page: \(outcome.page)"
    }
  }

  /// Of one analysis; or of each of several fits', and a page that leads to them.
  private func outcome(_ formats: [Gnuplot.Format]) throws -> Report.Outcome {
    let wanted = pageOnly ? Report.Figures.none : .required
    func write(_ folder: String) throws -> Report.Outcome {
      try Report(folder: folder).write(formats: formats, figures: wanted, progress: ProgressLine.handler)
    }
    guard FitsIndex.isFolderOfFits(folder) else { return try write(folder) }
    let index = try FitsIndex(folder: folder)
    let own = try index.write(formats: formats, figures: wanted, progress: ProgressLine.handler)
    let figures = try index.folders.flatMap { try write($0).figures }
    return Report.Outcome(page: own.page, figures: own.figures + figures, remark: nil)
  }
}
