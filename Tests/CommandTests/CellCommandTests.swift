import Foundation
import RetinaData
import Storage
import TestSupport
import Testing

/// `codec sta` and `codec cells`: what they print for programs and what they write.
@Suite struct CellCommandTests {
  private let program: Program
  private let recording: String

  init() throws {
    program = try Program()
    recording = try BundledSample.recording()
  }

  private func rows(_ output: String) throws -> [[String: Any]] {
    try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]])
  }

  @Test func averages_areWrittenAndSummarised() throws {
    let outcome = try program.run(
      "sta", recording, "--cells", "4,1", "--history", "12", "--out", "sta.h5", "--json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let rows = try rows(outcome.output)
    #expect(rows.map { $0["cell"] as? Int } == [4, 1])
    for row in rows {
      #expect(row["meanRate"] as? Double ?? 0 > 1 && row["weight"] as? Double ?? 0 > 100)
      #expect(["ON", "OFF", "ON-OFF"].contains(row["polarity"] as? String ?? ""))
      #expect((1...12).contains(row["peakLag"] as? Int ?? 0))
      let delay = try #require(row["peakLagMilliseconds"] as? Double)
      #expect(abs(delay - 10 * Double(row["peakLag"] as? Int ?? 0)) <= 5)
      for name in ["x", "y", "major", "minor", "signalToNoise"] { #expect(row[name] is Double, "\(name)") }
    }
    let file = try H5File(reading: program.path("sta.h5"))
    #expect(try file.attribute("schema")?.asText == "sta")
    #expect(try file.dataset("/cell_id").numbers(Int.self) == [4, 1])
    #expect(try file.dataset("/sta").shape == [2, 12, 24, 24])
    #expect(try file.dataset("/sta").attribute("axes")?.asTexts == ["cell", "lag", "y", "x"])
    #expect(try file.dataset("/spatial").shape == [2, 24, 24] && file.dataset("/temporal").shape == [2, 12])
    let weights = try file.dataset("/weight").numbers(Double.self)
    #expect(weights == rows.map { $0["weight"] as? Double })
    #expect(try file.dataset("/polarity").texts() == rows.map { $0["polarity"] as? String })
  }

  @Test func cells_areDescribedWithTheirRepeats() throws {
    let outcome = try program.run("cells", recording, "--out", "cells.h5", "--json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let rows = try rows(outcome.output)
    #expect(rows.count == 9)
    for row in rows {
      #expect((0.0...1).contains(row["splitHalfCorrelation"] as? Double ?? -1))
      #expect((-0.5...1).contains(row["explainableVariance"] as? Double ?? -1))
    }
    let file = try H5File(reading: program.path("cells.h5"))
    #expect(try file.attribute("schema")?.asText == "cells")
    #expect(try file.dataset("/raster").shape == [9, 6, 900] && file.dataset("/psth").shape == [9, 900])
    let (raster, psth) = (
      try file.dataset("/raster").numbers(Double.self), try file.dataset("/psth").numbers(Double.self)
    )
    let mean = (0..<6).reduce(0.0) { $0 + raster[$1 * 900 + 123] } / 6
    #expect(abs(psth[123] - mean) < 1e-9)
    let words = try program.run("cells", recording, "--cells", "2", "--out", "one.h5")
    #expect(words.output.hasPrefix("cell  Hz") && words.output.hasSuffix("written to one.h5\n"))
  }

  @Test func unknownCellsAndLongHistories_areRefused() throws {
    let unknown = try program.run("sta", recording, "--cells", "9", "--out", "sta.h5")
    #expect(unknown.status == 64 && unknown.errors.contains("choose from 0, 1, 2, 3, 4, 5, 6, 7, 8"))
    let long = try program.run("cells", recording, "--history", "9000", "--out", "cells.h5")
    #expect(
      long.status == 65
        && long.errors.contains("no continuous run of frames is longer than a history of 9000"))
    #expect(!program.exists("sta.h5") && !program.exists("cells.h5"))
  }
}
