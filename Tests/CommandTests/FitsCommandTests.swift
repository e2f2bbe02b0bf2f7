import Foundation
import Numerics
import RetinaData
import Storage
import TestSupport
import Testing

/// Several fits of one recording in a folder, and what `analyze`, `cluster` and `report` make of it.
@Suite(.serialized) struct FitsCommandTests {
  private let program: Program

  init() throws {
    program = try Program()
    try SmallRecording.writeTrainable(to: program.path("recording.h5"))
  }

  private func fit(_ folder: String, _ more: String...) throws -> Program.Outcome {
    try program.start(words(folder) + ["--epochs", "3"] + more).finish()
  }

  private func words(_ folder: String) -> [String] {
    ["fit", "recording.h5", "--history", "8", "--channels", "3,4", "--out", folder]
  }

  private func weights(_ name: String) throws -> [String: [Float]] {
    let file = try Safetensors(reading: program.path(name))
    return try Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.tensor($0).elements) })
  }

  private func refused(
    _ outcome: Program.Outcome, _ status: Int32, _ fragments: String...,
    at location: SourceLocation = #_sourceLocation
  ) {
    #expect(!outcome.isCrash && outcome.status == status, "\(outcome.errors)", sourceLocation: location)
    for fragment in fragments {
      #expect(outcome.errors.contains(fragment), "\(outcome.errors)", sourceLocation: location)
    }
  }

  @Test func fitsAreIndependent_andTheirFiguresSpread() throws {
    let outcome = try fit("fits", "--fits", "3", "--seed", "4")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("3 fits, mean test correlation"))
    let figures = try H5File(reading: program.path("fits/fits.h5"))
    let seeds: [Int] = try figures.dataset("/fit/seed").numbers()
    #expect(Set(seeds).count == 3)
    #expect(try figures.dataset("/fit/name").texts() == ["fit-1", "fit-2", "fit-3"])
    let histories = try (1...3).map { try H5File(reading: program.path("fits/fit-\($0).history.h5")) }
    let heldOut: [[Int]] = try histories.map { try $0.dataset("/held_out_window").numbers() }
    #expect(Set(heldOut).count == 3)
    let correlations: [[Double]] = try histories.map { try $0.dataset("/cells/test_correlation").numbers() }
    #expect(Set(correlations).count == 3)
    #expect(
      try figures.dataset("/cells/test_correlation").numbers(Double.self) == correlations.flatMap { $0 })
    // A fit of the series is the fit that its seed gives alone.
    #expect(try fit("alone.safetensors", "--seed", "\(seeds[1])").status == 0)
    #expect(try weights("alone.safetensors") == weights("fits/fit-2.safetensors"))
  }

  @Test func killedSeries_goesOn() throws {
    // Long enough to be killed on the way.
    let words = words("fits") + ["--epochs", "8", "--fits"]
    func fit(_ count: Int, _ more: String...) throws -> Program.Outcome {
      try program.start(words + ["\(count)"] + more).finish()
    }
    #expect(try program.start(self.words("whole") + ["--epochs", "8", "--fits", "2"]).finish().status == 0)
    let running = try program.start(words + ["2"])
    let partial = program.path("fits/fit-2.safetensors.partial")
    while running.process.isRunning && !FileManager.default.fileExists(atPath: partial) { usleep(1000) }
    kill(running.process.processIdentifier, SIGKILL)
    _ = running.finish()
    #expect(program.exists("fits/fit-1.safetensors") && !program.exists("fits/fit-2.safetensors"))
    refused(try fit(2), 74, "fits are there already", "--resume")
    refused(
      try program.run("analyze", "recording.h5", "--model", "fits", "--out", "r"), 65,
      "an unfinished fit is among the networks")
    let first = try Data(contentsOf: URL(filePath: program.path("fits/fit-1.safetensors")))
    refused(try fit(2, "--resume", "--seed", "9"), 64, "the seed was")
    let resumed = try fit(2, "--resume")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try Data(contentsOf: URL(filePath: program.path("fits/fit-1.safetensors"))) == first)
    #expect(!FileManager.default.fileExists(atPath: partial))
    #expect(try weights("fits/fit-2.safetensors") == weights("whole/fit-2.safetensors"))
    #expect(try sameDatasets(program.path("fits/fits.h5"), program.path("whole/fits.h5")))
    // Further fits join those that are there.
    #expect(try fit(3, "--resume").status == 0)
    #expect(try Data(contentsOf: URL(filePath: program.path("fits/fit-1.safetensors"))) == first)
    refused(try fit(2, "--resume"), 64, "more fits than the 2 asked for")
    #expect(try fit(1, "--force").status == 0)
    #expect(!program.exists("fits/fit-2.safetensors") && !program.exists("fits/fit-3.history.h5"))
  }

  private struct Summary: Decodable {
    struct Number: Decodable {
      struct Spread: Decodable {
        let mean: Double
        let smallest: Double
        let largest: Double
      }
      let name: String
      let values: [Double?]
      let spread: Spread
    }
    struct Part: Decodable {
      let meanTestCorrelation: Double?
    }
    let fits: [String]
    let numbers: [Number]
    let conclusion: String
  }

  @Test func folderOfFits_isAnalysed() throws {
    #expect(try fit("fits", "--fits", "3").status == 0)
    let words = [
      "analyze", "recording.h5", "--model", "fits", "--out", "results", "--steps", "3", "--per-cell", "16",
    ]
    let outcome = try program.start(words + ["--json"]).finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let summary = try JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8))
    #expect(summary.fits == ["fit-1", "fit-2", "fit-3"])
    let number = try #require(summary.numbers.first { $0.name == "mean test correlation" })
    let own = try summary.fits.map { fit in
      let data = try Data(contentsOf: URL(filePath: program.path("results/\(fit)/summary.json")))
      return try JSONDecoder().decode(Summary.Part.self, from: data).meanTestCorrelation
    }
    #expect(number.values == own && Set(own).count == 3)
    #expect(number.spread.smallest == own.compactMap { $0 }.min())
    for kind in ["conv1: R² of modes", "conv2: modes on per frame", "conv1: completeness gap, median"] {
      #expect(summary.numbers.contains { $0.name == kind }, "\(kind)")
    }
    let text = try String(contentsOfFile: program.path("results/summary.txt"), encoding: .utf8)
    #expect(text.hasPrefix("recording.h5, test seen through 3 networks of fits\n"))
    #expect(text.contains("agreement of fits"))
    for page in ["report.html", "fit-1/report.html", "fit-3/report.html"] {
      #expect(program.exists("results/\(page)"), "\(page)")
    }
    let drawn = try String(contentsOfFile: program.path("results/figures/fits.svg"), encoding: .utf8)
    for word in ["by contributions", "by modes of conv2", "number of clusters", "chance", "test correlation"]
    {
      #expect(drawn.contains(word), "\(word)")
    }
    let page = try String(contentsOfFile: program.path("results/report.html"), encoding: .utf8)
    #expect(page.contains("id=\"figure-fits\""))
    try expectAgreement(in: "results/agreement.h5")
    try expectGoingOn(words, figure: drawn)
    try expectClusters()
  }

  private func expectAgreement(in name: String) throws {
    let file = try H5File(reading: program.path(name))
    #expect(try file.attribute("schema") == .text("agreement"))
    let inputs = try file.attribute("inputs")?.asText ?? ""
    #expect(inputs.contains("fit-3.safetensors") && inputs.contains("recording.h5"))
    #expect(try file.dataset("/test_correlation").shape == [3, 3])
    // Three cells have clusterings into two alone; each pair's index is that of the fits' own labels.
    let labels = try (1...3).map { fit -> [Int] in
      let own = try H5File(reading: program.path("results/fit-\(fit)/clusters.h5"))
      return Array(try own.dataset("/contributions/k_label").numbers(Int.self).prefix(3))
    }
    let expected = [(0, 1), (0, 2), (1, 2)].map { Clustering.adjustedRandIndex(labels[$0], labels[$1]) }
    #expect(
      try Array(file.dataset("/agreement/contributions/pair_index").numbers(Double.self).prefix(3))
        == expected)
    let names = try file.dataset("/number/name").texts()
    #expect(try file.dataset("/number/value").shape == [names.count, 3])
  }

  /// Finished parts are kept, a missing one is made again, and the values are the same.
  private func expectGoingOn(_ words: [String], figure drawn: String) throws {
    refused(try program.start(words).finish(), 74, "results of an earlier analysis", "--resume")
    let kept = try Data(contentsOf: URL(filePath: program.path("results/fit-1/modes.h5")))
    let before = program.path("before.h5")
    try FileManager.default.copyItem(atPath: program.path("results/agreement.h5"), toPath: before)
    try FileManager.default.removeItem(atPath: program.path("results/agreement.h5"))
    try FileManager.default.removeItem(atPath: program.path("results/fit-2/clusters.h5"))
    let resumed = try program.start(words + ["--resume"]).finish()
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try Data(contentsOf: URL(filePath: program.path("results/fit-1/modes.h5"))) == kept)
    #expect(try sameDatasets(program.path("results/agreement.h5"), before))
    #expect(try String(contentsOfFile: program.path("results/figures/fits.svg"), encoding: .utf8) == drawn)
    let report = try program.run("report", "results", "--page-only")
    #expect(report.status == 0 && report.output.contains("results/report.html"), "\(report.errors)")
    let page = try String(contentsOfFile: program.path("results/report.html"), encoding: .utf8)
    #expect(page.contains("href=\"./fit-2/report.html\"") && !page.contains("figure-fits"))
  }

  private func expectClusters() throws {
    let clustered = try program.run("cluster", "results", "--out", "clusters.h5", "--draws", "19")
    #expect(clustered.status == 0, "\(clustered.errors)")
    #expect(clustered.output.contains("agreement of fits"))
    let file = try H5File(reading: program.path("clusters.h5"))
    #expect(try file.attribute("fits") == .integer(3))
    let over = try H5File(reading: program.path("results/agreement.h5"))
    #expect(
      try file.dataset("/agreement/fits_contributions/index").numbers(Double.self)
        == over.dataset("/agreement/contributions/index").numbers(Double.self))
  }

  @Test func foldersThatAreNone_areRefused() throws {
    func analyze(_ folder: String) throws -> Program.Outcome {
      try program.run("analyze", "recording.h5", "--model", folder, "--out", "r")
    }
    refused(try fit("fits", "--fits", "0"), 64, "--fits must be at least 1")
    #expect(!program.exists("fits"))
    try FileManager.default.createDirectory(atPath: program.path("fits"), withIntermediateDirectories: true)
    refused(try analyze("fits"), 65, "no networks in the folder (fits)", "codec fit --fits 3")
    refused(try fit("fits"), 74, "a folder is there (fits)", "--fits")
    var model = try SmallModel()
    try model.write(to: program.path("fits/a.safetensors"))
    try model.write(to: program.path("fits/b.safetensors"))
    refused(try analyze("fits"), 65, "the same network as a.safetensors (fits/b.safetensors)")
    model.keep(cells: [0, 1, 2])
    try model.write(to: program.path("fits/b.safetensors"))
    refused(
      try analyze("fits"), 65, "cells 0, 1, 2, but a.safetensors has cells 0, 1, 2, 3", "fits/b.safetensors")
    refused(
      try program.run("contributions", "recording.h5", "--model", "fits", "--out", "c.h5"), 64,
      "a folder of networks (fits)")
    refused(
      try program.run("cluster", "fits", "--out", "k.h5"), 65, "no decompositions in the folder (fits)",
      "codec analyze")
    #expect(!program.exists("r/agreement.h5") && !program.exists("c.h5") && !program.exists("k.h5"))
  }
}
