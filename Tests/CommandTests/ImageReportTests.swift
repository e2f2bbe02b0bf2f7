import Foundation
import TestSupport
import Testing

/// `codec report` on what experiments on pictures wrote.
@Suite struct ImageReportTests {
  private let program: Program
  private let model = Fixtures.folder.appending(path: "resnet/model.safetensors").path

  init() throws {
    program = try Program()
    try SmallPictures.write(to: program.folder.appending(path: "pictures"))
  }

  private func run(_ words: String) throws {
    let outcome = try program.start(words.split(separator: " ").map(String.init)).finish()
    #expect(outcome.status == 0, "\(words): \(outcome.errors)")
  }

  @Test func everyFileHasItsFigures() throws {
    try run("contributions pictures --model \(model) --layers block3,block7 --steps 3 --out contributions.h5")
    for (name, method, target) in [("a", "ig", "top:1"), ("b", "actgrad", "entropy")] {
      try run(
        "contributions pictures --model \(model) --layers block3,block7 --steps 3 --frames 4 --maps 4 --method \(method) "
          + "--target \(target) --out \(name).h5")
    }
    try run("statistics contributions.h5 --out statistics.h5")
    try run(
      "maps pictures --model \(model) --layer block7 --channels 3,17 --pictures 0,5 --out maps.h5 --overlays overlays"
    )
    try run(
      "sweep contributions.h5 --layers block7 --epochs 2 --thresholds 0.5 --modes-per-feature 1 --l1-dictionary 0 "
        + "--hidden 64 --seeds 1 --class 3 --out sweep.h5")
    try run("report .")
    func figure(_ name: String) throws -> String {
      try String(contentsOf: program.folder.appending(path: "figures/\(name).svg"), encoding: .utf8)
    }
    for (name, words) in [
      ("layers", ["sparsity over channels"]), ("channels", ["channel of block7", "units of the target"]),
      ("signs", ["block3", "r = "]), ("attribution", ["IntGrad", "largest output", "ActGrad", "entropy"]),
      ("maps", ["red_disc", "blue_disc"]),
      ("sweep", ["L1 penalty", "threshold", "0.5", "0.9", "encoder width", "as channels", "signed", "seed"]),
      ("sweep-class", ["baseline", "block7"]),
    ] {
      let drawn = try figure(name)
      for word in words { #expect(drawn.contains(word), "\(name): \(word)") }
      #expect(!drawn.localizedCaseInsensitiveContains("nan<"), "\(name)")
    }
    // Algorithms in the paper's order, not that of the files' names.
    let attribution = try figure("attribution")
    let places = try ["ActGrad", "IntGrad"].map { try #require(attribution.range(of: ">\($0)<")?.lowerBound) }
    #expect(places[0] < places[1])
    // The picture and what of it acts, as pictures, beside the map.
    #expect(try figure("maps").components(separatedBy: "<image").count - 1 == 6)
  }

  /// Where everything changes at once, each option's values are averaged over all combinations of the others.
  @Test func gridOfOptions_isDrawnByOption() throws {
    try run("contributions pictures --model \(model) --layers block3 --steps 1 --out contributions.h5")
    try run(
      "sweep contributions.h5 --grid --epochs 1 --thresholds 0.25,0.5 --modes-per-feature 1 --l1-dictionary 0,0.125 "
        + "--hidden 16 --seeds 1 --class 3 --out sweep.h5")
    try run("report .")
    let drawn = try String(
      contentsOf: program.folder.appending(path: "figures/sweep.svg"), encoding: .utf8)
    for word in ["L1 penalty", "0.125", "threshold", "0.25", "signed"] {
      #expect(drawn.contains(">\(word)<"), "\(word)")
    }
    // Not varied.
    #expect(!drawn.contains(">encoder width<") && !drawn.contains(">modes per channel<"))
    let page = try String(contentsOf: program.folder.appending(path: "report.html"), encoding: .utf8)
    #expect(page.contains("means over all combinations of the others"))
  }

  /// Layers of one sort have the numbers of their names on the axis, not their places.
  @Test func manyLayers_areNumberedAsNamed() throws {
    let layers = (0..<5).map { "block\($0)" }.joined(separator: ",")
    try run("contributions pictures --model \(model) --layers \(layers) --steps 1 --out contributions.h5")
    try run("statistics contributions.h5 --out statistics.h5")
    try run("report .")
    let drawn = try String(
      contentsOf: program.folder.appending(path: "figures/layers.svg"), encoding: .utf8)
    #expect(drawn.contains(">block<") && !drawn.contains(">layer<"))
    let page = try String(contentsOf: program.folder.appending(path: "report.html"), encoding: .utf8)
    #expect(page.contains("<h1>Pictures seen through model.safetensors</h1>"))
    #expect(!page.contains("Layers: 1 block0"))
  }

  @Test func transformersLayers_areDrawnBySort() throws {
    let model = Fixtures.folder.appending(path: "vit/model.safetensors").path
    try run(
      "contributions pictures --model \(model) --layers attention0,mlp0,token0,attention1,mlp1,token1 --steps 2 "
        + "--out contributions.h5")
    try run("statistics contributions.h5 --out statistics.h5")
    try run("report .")
    let drawn = try String(
      contentsOf: program.folder.appending(path: "figures/layers.svg"), encoding: .utf8)
    for sort in ["attention", "mlp", "token"] {
      #expect(drawn.contains("contributions, \(sort)<"), "\(sort)")
    }
  }
}
