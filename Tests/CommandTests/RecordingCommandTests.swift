import Foundation
import Numerics
import RetinaData
import Storage
import TestSupport
import Testing

/// `codec import` of a session by pynwb, and what goes on from it.
@Suite struct RecordingCommandTests {
  private let program: Program
  private let session = Fixtures.path("formats/session.nwb")

  init() throws { program = try Program() }

  @Test func sessions_becomeRecordingsThatOtherCommandsRead() throws {
    let imported = try program.run("import", session, "--out", "recording.h5")
    #expect(imported.status == 0, "\(imported.errors)")
    let (found, source) = (
      try Recording(path: program.path("recording.h5")), try RecordingFile.open(session)
    )
    #expect(found.cellIDs == source.cellIDs)
    for (split, original) in zip(found.splits, source.splits) {
      #expect(split.frameCount == original.frameCount)
      let frames = 0..<split.frameCount
      #expect(try split.frames(frames).elements == original.frames(frames).elements)
    }
    let inspected = try program.run("inspect", "recording.h5")
    #expect(inspected.status == 0 && inspected.output.contains("ids 10 to 12"))
    let cells = try program.run("cells", "recording.h5", "--history", "4", "--out", "cells.h5")
    #expect(cells.status == 0 && program.exists("cells.h5"), "\(cells.errors)")
  }

  @Test func spikesOutOfOrder_areRefusedOrRepairedAndReported() throws {
    let (list, out) = ("cell,time\n10,0.5\n10,0.3\n11,0.4\n", "recording.h5")
    try list.write(toFile: program.path("spikes.csv"), atomically: true, encoding: .utf8)
    let refused = try program.run("import", session, "--spikes", "spikes.csv", "--out", out)
    #expect(refused.status == 65 && !program.exists(out))
    #expect(refused.errors.contains("spike 1 of cell 10") && refused.errors.contains("--repair"))
    let mended = try program.run("import", session, "--spikes", "spikes.csv", "--repair", "--out", out)
    #expect(mended.status == 0 && mended.errors.contains("out of order"))
    #expect(try Recording(path: program.path(out)).cellIDs == [10, 11])
  }

  @Test func missingMovies_areAnError() throws {
    let missing = try program.run("import", session, "--movie", "no.npy", "--out", "recording.h5")
    #expect(missing.status == 74 && missing.errors.contains("no.npy") && !program.exists("recording.h5"))
  }

  @Test func photodiodes_giveTheTimesOfFrames() throws {
    try PhotodiodeTrace(frames: 60).write(to: program.path("diode.h5"))
    let words = ["import", session, "--photodiode", "diode.h5", "--out", "recording.h5"]
    let imported = try program.start(words).finish()
    #expect(imported.status == 0, "\(imported.errors)")
    let times = try Recording(path: program.path("recording.h5")).splits.flatMap { try #require($0.times) }
    #expect(times.count == 60)
    #expect(times.enumerated().allSatisfy { abs($1 - 0.1 - 0.02 * Double($0)) < 1e-4 })
    let log = (0..<60).map { "\(Double($0) / 50)" }.joined(separator: "\n")
    try log.write(toFile: program.path("log.txt"), atomically: true, encoding: .utf8)
    let synchronised = try program.run("sync", "diode.h5", "--log", "log.txt", "--out", "frames.h5")
    #expect(synchronised.status == 0 && synchronised.output.contains("60 frames at 50.0000 Hz"))
    let again = try program.run("import", session, "--times", "frames.h5:/frame_time", "--out", "again.h5")
    #expect(again.status == 0, "\(again.errors)")
    let found = try Recording(path: program.path("again.h5")).splits.flatMap { try #require($0.times) }
    #expect(found == times)
  }

  @Test func spikesOfAnElectrode_areImported() throws {
    // Downward pulses of half a millisecond, ten a second, in noise a twentieth as large.
    var stream = RandomStream(seed: 7)
    let samples = (0..<30_000).map { index -> Float in
      Float(0.05 * stream.normal()) - (index % 2000 >= 1000 && index % 2000 < 1010 ? 1 : 0)
    }
    let file = try H5File(creating: program.path("electrode.h5"))
    let data = try file.write(Tensor(shape: [1, samples.count], elements: samples), to: "/data")
    try data.setAttribute("sample-rate", to: .number(20_000))
    try file.flush()
    let found = try program.run("spikes", "electrode.h5", "--threshold", "6", "--out", "spikes.h5")
    #expect(found.status == 0 && found.output.contains("15 spikes"), "\(found.output) \(found.errors)")
    let imported = try program.run("import", session, "--spikes", "spikes.h5", "--out", "recording.h5")
    #expect(imported.status == 0, "\(imported.errors)")
    let counts = try Recording(path: program.path("recording.h5")).splits.map {
      try $0.counts()?.elements ?? []
    }
    // Frames from 0.1 to 1.3 s.
    #expect(counts.joined().reduce(0, +) == 12)
  }

  @Test func missingFlashes_areRefusedOrRepairedAndReported() throws {
    try PhotodiodeTrace(frames: 60, missing: [20]).write(to: program.path("diode.h5"))
    let words = ["import", session, "--photodiode", "diode.h5", "--out", "recording.h5"]
    let refused = try program.start(words).finish()
    #expect(refused.status == 65 && !program.exists("recording.h5"))
    #expect(refused.errors.contains("59 frame onsets, 60 expected") && refused.errors.contains("--repair"))
    let mended = try program.start(words + ["--repair"]).finish()
    #expect(mended.status == 0 && mended.errors.contains("onset 20 is missing"), "\(mended.errors)")
  }

  @Test(arguments: [
    ["--crop", "0,x,1,2,3"], ["--crop", "0,0,9223372036854775807,1"], ["--test-range", "1:x:9"],
    ["--test-frames", "9"],
  ])
  func unreadableOptions_areUsageErrors(words: [String]) throws {
    let refused = try program.start(["import", session, "--out", "recording.h5"] + words).finish()
    #expect(refused.status == 64 && !refused.isCrash && !program.exists("recording.h5"), "\(refused.errors)")
  }
}
