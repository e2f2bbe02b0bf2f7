import Foundation
import Numerics
import RetinaData
import Storage
import TestSupport
import Testing

/// Runs that cannot succeed: one clear error, the right exit code, nothing under the final name.
@Suite struct BadInputTests {
  private let program: Program
  private let recording: String
  private let model: String

  init() throws {
    program = try Program()
    (recording, model) = (program.path("recording.h5"), program.path("model.safetensors"))
    try SmallRecording().write(to: recording)
    try SmallModel().write(to: model)
  }

  /// Runs `codec contributions` on the folder's recording and model.
  private func contributions(_ more: String...) throws -> Program.Outcome {
    let words = ["contributions", recording, "--model", model, "--out", "c.h5", "--steps", "4"] + more
    return try program.start(words).finish()
  }

  private func expectRefusal(
    _ outcome: Program.Outcome, _ status: Int32, _ fragments: String..., output: String = "c.h5",
    at location: SourceLocation = #_sourceLocation
  ) {
    #expect(!outcome.isCrash, sourceLocation: location)
    #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: location)
    let errors = outcome.errors.split(separator: "\n").filter { $0.lowercased().hasPrefix("error: ") }
    #expect(errors.count == 1, "\(outcome.errors)", sourceLocation: location)
    for fragment in fragments {
      #expect(outcome.errors.contains(fragment), "\(outcome.errors)", sourceLocation: location)
    }
    #expect(!program.exists(output), sourceLocation: location)
  }

  @Test(arguments: [0, 1, 700, 5000]) func cutOffRecording_isRefused(bytes: Int) throws {
    try Data(contentsOf: URL(filePath: recording)).prefix(bytes).write(to: URL(filePath: recording))
    expectRefusal(try contributions(), 65, "recording.h5")
  }

  @Test func otherFiles_areNoRecordings() throws {
    try Data("time,rate\n0,1\n".utf8).write(to: URL(filePath: recording))
    expectRefusal(try contributions(), 65, "recording.h5")
    try FileManager.default.removeItem(atPath: recording)
    expectRefusal(try contributions(), 74, "recording.h5")
  }

  @Test func missingDatasets_areNamed() throws {
    try SmallRecording().write(to: recording, without: ["stimulus"])
    expectRefusal(try contributions(), 65, "recording.h5", "/test/stimulus")
    try SmallRecording().write(to: recording, without: ["response"])
    expectRefusal(try contributions(), 65, "recording.h5", "/test/response")
  }

  @Test func wrongRankAndLength_areNamed() throws {
    var small = try SmallRecording()
    small.stimulus = small.stimulus.reshaped([small.stimulus.rows, 24 * 24])
    try small.write(to: recording)
    expectRefusal(try contributions(), 65, "/test/stimulus")
    small = try SmallRecording()
    small.rates = Tensor(shape: [9, 59], repeating: 1)
    try small.write(to: recording)
    expectRefusal(try contributions(), 65, "/test/response/firing_rate_10ms", "60")
  }

  @Test(arguments: [Float.nan, .infinity]) func numbersThatAreNotFinite_areNamed(bad: Float) throws {
    var small = try SmallRecording()
    small.stimulus.elements[33 * 24 * 24 + 5] = bad
    try small.write(to: recording)
    expectRefusal(try contributions(), 65, "frame 33", "/test/stimulus")
    small = try SmallRecording()
    small.rates.elements[2 * 60 + 7] = bad
    try small.write(to: recording)
    expectRefusal(try contributions(), 65, "cell 2", "frame 7")
    try SmallRecording().write(to: recording)
    var weights = try SmallModel()
    weights.tensors["conv2.weight"]?.elements[3] = bad
    try weights.write(to: model)
    expectRefusal(try contributions(), 65, "conv2.weight", "model.safetensors")
  }

  @Test func fewerFramesThanHistory_isRefused() throws {
    try SmallRecording(frames: 20).write(to: recording)
    expectRefusal(try contributions(), 65, "history of 20")
  }

  @Test func modelsOfOtherRecordings_areRefused() throws {
    var small = try SmallRecording()
    small.stimulus = Tensor(shape: [60, 20, 24], repeating: 1)
    try small.write(to: recording)
    expectRefusal(try contributions(), 65, "24", "20")
    small = try SmallRecording()
    small.keep(cells: 4)
    try small.write(to: recording)
    expectRefusal(try contributions(), 65, "cells")
  }

  @Test func missingTensors_areNamedWithTheirShape() throws {
    var weights = try SmallModel()
    weights.tensors["bn2.bias"] = nil
    try weights.write(to: model)
    expectRefusal(try contributions(), 65, "bn2.bias", "1568")
    weights = try SmallModel()
    weights.tensors["dense.weight"] = Tensor(shape: [9, 1000], repeating: 1)
    try weights.write(to: model)
    expectRefusal(try contributions(), 65, "dense.weight", "n×1568", "9×1000")
  }

  @Test func damagedSafetensors_areRefused() throws {
    func write(_ header: String, claiming length: UInt64? = nil, data: Int = 64) throws {
      var bytes = withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Data($0) }
      bytes += Data(header.utf8) + Data(count: data)
      try bytes.write(to: URL(filePath: model))
    }
    func tensor(_ name: String, _ range: Range<Int>, type: String = "F32") -> String {
      "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":[\(range.count / 4)],"
        + "\"data_offsets\":[\(range.lowerBound),\(range.upperBound)]}"
    }
    try write("{\(tensor("a", 0..<40)),\(tensor("b", 32..<64))}")
    expectRefusal(try contributions(), 65, "model.safetensors", "overlaps")
    try write("{\(tensor("a", 0..<400))}")
    expectRefusal(try contributions(), 65, "tensor a")
    try write("{\(tensor("a", 0..<64, type: "F5"))}")
    expectRefusal(try contributions(), 65, "unknown type F5")
    try write("{}", claiming: 1 << 50)
    expectRefusal(try contributions(), 65, "header")
  }

  @Test func unknownNames_listTheValidOnes() throws {
    expectRefusal(try contributions("--layers", "conv9"), 64, "conv9", "conv1, relu1, conv2, relu2")
    expectRefusal(try contributions("--target", "cell:12"), 64, "12", "0, 1, 2")
    expectRefusal(try contributions("--target", "surprise"), 64, "surprise", "mahalanobis")
    expectRefusal(try contributions("--split", "validation"), 64, "validation", "test")
    expectRefusal(try contributions("--method", "gradcam"), 64, "gradcam", "ig-hidden")
    expectRefusal(try contributions("--rule", "simpson"), 64, "simpson", "trapezoid")
    expectRefusal(try contributions("--rate", "99ms"), 64, "99ms", "firing_rate_10ms")
    expectRefusal(try contributions("--frames", "5"), 64, "frame 5")
    expectRefusal(try contributions("--steps", "0"), 64, "0 steps")
    expectRefusal(
      try program.run("irf", recording, "--model", model, "--out", "i.h5", "--at", "30", "--cells", "11"), 64,
      "cell 11", "0, 1, 2", output: "i.h5")
    expectRefusal(
      try program.run("irf", recording, "--model", model, "--out", "i.h5", "--at", "7"), 64, "7",
      output: "i.h5")
  }

  @Test func otherKindsOfFile_areRefused() throws {
    expectRefusal(
      try program.run("decompose", recording, "--out", "m.h5"), 65, "recording.h5", output: "m.h5")
    #expect(try contributions().status == 0)
    expectRefusal(try program.run("cluster", "c.h5", "--out", "k.h5"), 65, "c.h5", output: "k.h5")
    expectRefusal(
      try program.run("decompose", "c.h5", "--out", "m.h5", "--recipe", "quick"), 64, "quick", "paper",
      output: "m.h5")
    expectRefusal(
      try program.run("decompose", "c.h5", "--out", "m.h5", "--layers", "conv3"), 64, "conv3", "conv1",
      output: "m.h5")
  }

  @Test func fullDisk_leavesNothingUnderTheFinalName() throws {
    let words = ["contributions", recording, "--model", model, "--out", "c.h5", "--steps", "4"]
    expectRefusal(try program.run(fileLimit: 8, words), 74, "c.h5")
  }

  @Test func foldersThatRefuse_areFoundBeforeTheWork() throws {
    // A file stands where the folder should be: refuses even the administrator.
    try Data().write(to: URL(filePath: program.path("taken")))
    expectRefusal(
      try program.run("contributions", recording, "--model", model, "--out", "taken/c.h5"), 74, "taken")
    expectRefusal(
      try program.run("analyze", recording, "--model", model, "--out", "taken/results"), 74, "taken")
    expectRefusal(try program.run("simulate", "--out", "taken/retina"), 74, "taken")
  }

  @Test func existingResults_areKept_unlessForced() throws {
    #expect(try contributions().status == 0)
    let before = try Data(contentsOf: URL(filePath: program.path("c.h5")))
    let refused = try contributions()
    #expect(refused.status == 74)
    #expect(refused.errors.contains("--force"))
    #expect(try Data(contentsOf: URL(filePath: program.path("c.h5"))) == before)
    #expect(try contributions("--force", "--target", "sum").status == 0)
    #expect(try Data(contentsOf: URL(filePath: program.path("c.h5"))) != before)
  }
}
