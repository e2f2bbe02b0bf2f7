import Foundation
import Numerics
import Storage
import TestSupport
import Testing

/// The experiments on a classifier, from pictures to tables, as a user runs them.
@Suite struct PictureCommandTests {
  private let program: Program
  private let model = Fixtures.path("resnet/model.safetensors")

  init() throws {
    program = try Program()
    try SmallPictures.write(to: program.folder.appending(path: "pictures"))
  }

  @discardableResult
  private func run(_ words: String..., status: Int32 = 0, at location: SourceLocation = #_sourceLocation)
    throws
    -> Program.Outcome
  {
    let outcome = try program.start(words).finish()
    #expect(outcome.status == status && !outcome.isCrash, "\(outcome.errors)", sourceLocation: location)
    return outcome
  }

  private func contributions() throws {
    try run(
      "contributions", "pictures", "--model", model, "--out", "c.h5", "--layers", "block12,block15",
      "--target",
      "label", "--steps", "2")
  }

  private func expectRefusal(
    _ outcome: Program.Outcome, _ fragments: String..., at location: SourceLocation = #_sourceLocation
  ) {
    let errors = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("error: ") }
    #expect(errors.count == 1 && outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    for fragment in fragments {
      #expect(outcome.errors.contains(fragment), "\(outcome.errors)", sourceLocation: location)
    }
  }

  @Test func allExperiments_standOnTheSameFiles() throws {
    try contributions()
    let file = try H5File(reading: program.path("c.h5"))
    let labels: [Int] = try file.dataset("/sample/label").numbers()
    #expect(labels == (0..<40).map { $0 / 2 })
    #expect(try file.dataset("/sample/name").texts()[2] == "class_01/0.png")
    #expect(try file.dataset("/unit_name").texts().first == "red_disc")
    // The target is the output at the label.
    let (output, target) = (
      try file.dataset("/output").matrix(), try file.dataset("/target").numbers(Double.self)
    )
    for (row, label) in labels.enumerated() { #expect(abs(output[row, label] - target[row]) < 1e-4) }

    try run("statistics", "c.h5", "--out", "statistics.h5", "--json")
    let explained = try H5File(reading: program.path("statistics.h5")).dataset(
      "/layers/block15/explained_variance_contributions", rank: 1)
    let shares: [Double] = try explained.numbers()
    #expect(try explained.attribute("units")?.asText == "cumulative share of variance")
    #expect(shares == shares.sorted() && abs((shares.last ?? 0) - 1) < 1e-9)
    try run("decompose", "c.h5", "--out", "m.h5", "--epochs", "20", "--threshold", "0.5", "--no-baselines")
    try run(
      "decompose", "c.h5", "--out", "a.h5", "--data", "activations", "--epochs", "20", "--threshold", "0.5",
      "--no-baselines")
    let features: [Int] = try H5File(reading: program.path("m.h5")).dataset("/layers/block15/feature")
      .numbers()
    #expect(stride(from: 1, to: features.count, by: 2).allSatisfy { features[$0] == 1 })

    try Data(#"{"name": "all", "children": [{"name": "first", "classes": [0, 1, 2]}]}"#.utf8).write(
      to: URL(filePath: program.path("tree.json")))
    let classes = try run(
      "classes", "m.h5", "a.h5", "--contributions", "c.h5", "--tree", "tree.json", "--out", "classes.h5")
    #expect(classes.output.contains("block12") && classes.output.contains("activations"))
    let matrix = try H5File(reading: program.path("classes.h5")).dataset(
      "/layers/block15/activations/channel_class_correlation")
    #expect(matrix.shape == [256, 20])

    try run(
      "perturb", "pictures", "--model", model, "--modes", "m.h5,a.h5", "--contributions", "c.h5", "--select",
      "modes,activation_modes,channels,random", "--layers", "block15", "--trials", "3", "--percent", "10,50",
      "--out",
      "perturb.h5")
    try run(
      "perturb", "pictures", "--model", model, "--modes", "m.h5", "--superclass", "first", "--tree",
      "tree.json",
      "--together", "--top", "5", "--trials", "2", "--percent", "9,37", "--out", "first.h5")
    try run(
      "maps", "pictures", "--model", model, "--layer", "block12", "--modes", "m.h5", "--pictures",
      "class_03/1.png,0", "--out", "maps.h5", "--overlays", "overlays")
    #expect(program.exists("overlays/class_03_1_block12.png"))
    #expect(
      try H5File(reading: program.path("maps.h5")).dataset("/layers/block12/positive").shape == [
        2, 3, 64, 64,
      ])
    try run(
      "sweep", "c.h5", "--layers", "block15", "--epochs", "3", "--l1-dictionary", "0", "--thresholds", "0.5",
      "--modes-per-feature", "1", "--hidden", "16", "--seeds", "1", "--images", "pictures", "--model", model,
      "--trials", "2", "--class", "3", "--out", "sweep.h5")
    for name in ["statistics.h5", "classes.h5", "perturb.h5", "maps.h5", "sweep.h5"] {
      #expect(try run("inspect", name).output.contains("/"))
    }
  }

  @Test func perturbation_goesOnWhereItWasStoppedAndDoesNotDependOnThreads() throws {
    let words = [
      "perturb", "pictures", "--model", model, "--layers", "block14", "--select", "random", "--trials", "6",
    ]
    _ = try program.start(words + ["--out", "one.h5", "--threads", "1"]).finish()
    let running = try program.start(words + ["--out", "two.h5", "--threads", "2"])
    while running.process.isRunning {
      if program.exists("two.h5.partial") {
        running.process.interrupt()
        break
      }
      Thread.sleep(forTimeInterval: 0.005)
    }
    _ = running.finish()
    let resumed = try program.start(words + ["--out", "two.h5", "--resume", "--threads", "2"]).finish()
    // A run that was done before the signal came is complete: nothing is left to resume.
    #expect(resumed.status == 0 || resumed.errors.contains("there already"), "\(resumed.errors)")
    let (one, two) = (
      try H5File(reading: program.path("one.h5")), try H5File(reading: program.path("two.h5"))
    )
    for path in try one.datasets(below: "/layers") {
      let (a, b): ([Double], [Double]) = (try one.dataset(path).numbers(), try two.dataset(path).numbers())
      #expect(zip(a, b).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN } && a.count == b.count, "\(path)")
    }
  }

  @Test func unreadablePictures_stopTheRunOrAreLeftOut() throws {
    try Data().write(to: URL(filePath: program.path("pictures/class_05/0.png")))
    let whole = try Data(contentsOf: URL(filePath: program.path("pictures/class_06/1.png")))
    try whole.prefix(whole.count / 2).write(to: URL(filePath: program.path("pictures/class_06/1.png")))
    let words = [
      "contributions", "pictures", "--model", model, "--out", "c.h5", "--layers", "block15", "--method",
      "actgrad",
    ]
    let stopped = try program.start(words).finish()
    #expect(stopped.status == 65 && !program.exists("c.h5"))
    expectRefusal(stopped, "class_05/0.png", "the picture is empty", "--skip-bad")
    let done = try program.start(words + ["--skip-bad", "--force"]).finish()
    #expect(done.status == 0, "\(done.errors)")
    #expect(done.errors.contains("class_05/0.png") && done.errors.contains("class_06/1.png"))
    #expect(try H5File(reading: program.path("c.h5")).dataset("/sample/label").rows == 38)
  }

  @Test func foldersThatDoNotFit_areRefused() throws {
    func contributions(_ more: String...) throws -> Program.Outcome {
      try program.start(
        ["contributions", "pictures", "--model", model, "--out", "c.h5", "--layers", "block15"] + more
      ).finish()
    }
    try Data("class_00/0.png 20\n".utf8).write(to: URL(filePath: program.path("labels.txt")))
    expectRefusal(
      try contributions("--labels", "labels.txt"), "label 20 is none of the model's 20 classes", "line 1")
    expectRefusal(try contributions("--resize", "32"), "shorter side of 32")
    expectRefusal(try contributions("--mean", "0.5"), "1 means")
    try FileManager.default.createDirectory(
      at: URL(filePath: program.path("pictures/class_20")), withIntermediateDirectories: true)
    expectRefusal(try contributions(), "21 class folders are more than the model's 20 classes")
    try FileManager.default.removeItem(atPath: program.path("pictures/class_20"))
    for file in ["0.png", "1.png"] {
      try FileManager.default.removeItem(atPath: program.path("pictures/class_04/\(file)"))
    }
    expectRefusal(try contributions(), "the class folder class_04 holds no picture")
    #expect(!program.exists("c.h5"))
  }

  /// Writes zeros as a NumPy array.
  private func writeArray(_ name: String, shape: [Int]) throws {
    let sizes = shape.map(String.init).joined(separator: ", ")
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes),), }"
    let padded = header + String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    let bytes =
      Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, 118, 0]) + Data(padded.utf8)
      + Data(count: 4 * shape.reduce(1, *))
    try bytes.write(to: URL(filePath: program.path(name)))
  }

  @Test func inputsOfAnotherSize_areRefused() throws {
    for (shape, found) in [([2, 4, 64, 64], "4×64×64"), ([2, 3, 32, 32], "3×32×32")] {
      try writeArray("inputs.npy", shape: shape)
      for file in [model, Fixtures.path("onnx/resnet.onnx"), Fixtures.path("vit/model.safetensors")] {
        let outcome = try run("contributions", "inputs.npy", "--model", file, "--out", "c.h5", status: 65)
        expectRefusal(outcome, "frames of \(found) do not fit an input of 3×64×64")
      }
    }
    try writeArray("inputs.npy", shape: [2, 64])
    let outcome = try run("contributions", "inputs.npy", "--model", model, "--out", "c.h5", status: 65)
    expectRefusal(outcome, "inputs.npy", "expected [sample, channel, y, x]")
    try writeArray("inputs.npy", shape: [2, 3, 4, 4])
    let linear = Fixtures.path("onnx/linear.onnx")
    expectRefusal(
      try run("contributions", "inputs.npy", "--model", linear, "--out", "c.h5", status: 64),
      "linear.onnx", "suggests no layers", "name some of its tensors: x, mean")
    #expect(!program.exists("c.h5"))
  }

  @Test func graphsThatCannotBeRun_areRefusedBeforeAnythingIsWritten() throws {
    for (name, part) in [
      ("cyclic", "goes in a circle"), ("recurrent", "memory (GRU)"), ("external", "external data"),
      ("channels", "4×y×x"), ("control_flow", "choice (If)"),
    ] {
      let file = Fixtures.path("onnx/\(name).onnx")
      expectRefusal(
        try run("contributions", "pictures", "--model", file, "--out", "c.h5", status: 65), "\(name).onnx",
        part)
    }
    let whole = try Data(contentsOf: URL(filePath: Fixtures.path("onnx/resnet.onnx")))
    try whole.prefix(whole.count / 2).write(to: URL(filePath: program.path("cut.onnx")))
    expectRefusal(
      try run("inspect", "cut.onnx", status: 65), "this is no ONNX file, or it is cut off", "cut.onnx")
    #expect(!program.exists("c.h5"))
  }
}
