import Foundation
import RetinaData
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
}
