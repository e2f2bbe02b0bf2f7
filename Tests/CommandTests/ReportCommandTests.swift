import Testing

/// `codec report` where it cannot work.
@Suite struct ReportCommandTests {
  @Test func folderWithoutResults_isAnError() throws {
    let program = try Program()
    let outcome = try program.run("report", ".")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("the folder holds no results to report on"))
    #expect(outcome.errors.contains("codec analyze"))
    #expect(!program.exists("report.html"))
  }

  @Test func unknownFormat_listsTheKnownOnes() throws {
    let outcome = try Program().run("report", ".", "--format", "gif")
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("unknown format gif: choose from svg, png, pdf"))
  }

  /// The analysis and its page do not depend on the plotting program; figures say how to get it.
  @Test func missingGnuplot_isSaidWithItsRemedy() throws {
    let program = try Program()
    let demo = try program.run("demo", "--out", "results", environment: ["PATH": "/nonexistent"])
    #expect(demo.status == 0)
    #expect(demo.errors.contains("sudo apt-get install gnuplot-nox"))
    #expect(program.exists("results/report.html") && program.exists("results/summary.json"))
    #expect(!program.exists("results/figures"))
    let report = try program.run("report", "results", environment: ["PATH": "/nonexistent"])
    #expect(report.status == 74)
    #expect(report.errors.contains("sudo apt-get install gnuplot-nox"))
    let page = try program.run("report", "results", "--page-only", environment: ["PATH": "/nonexistent"])
    #expect(page.status == 0)
  }
}
