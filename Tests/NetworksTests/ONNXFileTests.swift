import Foundation
import Networks
import Numerics
import Runtime
import Storage
import TestSupport
import Testing

/// Small networks by both of PyTorch's exporters, against PyTorch; and files that are refused.
@Suite struct ONNXFileTests {
  static let files = ["channels_last", "tokens", "tokens_tanh", "mobile", "strided"].flatMap { name in
    ["torchscript", "opset11", "dynamo", "dynamo20"].map { "\(name)_\($0)" }
  }.filter { FileManager.default.fileExists(atPath: Fixtures.path("onnx/\($0).onnx")) }

  @Test func bothExporters_areThere() { #expect(Self.files.count >= 12) }

  @Test(arguments: files) func logitsAndGradients_equalPyTorchs(_ file: String) throws {
    let network = try ModelFile.load(Fixtures.path("onnx/\(file).onnx"), architectures: []).network
    let expected = try H5File(reading: Fixtures.path("onnx/expected.h5"))
    let group = file[..<file.lastIndex(of: "_")!]
    let plan = try Plan(network: network, batch: 2, taps: [network.input])
    let logits = try plan.forward(try expected.dataset("\(group)/input").tensor())
    #expect(relativeDifference(logits, try expected.dataset("\(group)/logits").tensor()) < 1e-5)
    var top = Tensor(shape: logits.shape)
    for row in 0..<2 {
      let best = logits.row(row).indices.max { logits.elements[$0] < logits.elements[$1] }!
      top.elements[best] = 1
    }
    try plan.reverse(top)
    let gradient = try plan.gradient(of: network.input)
    #expect(relativeDifference(gradient, try expected.dataset("\(group)/gradient").tensor()) < 1e-4)
  }

  @Test func layersWithChannelsLast_areSummedOverTheOtherAxes() throws {
    let model = try ModelFile.load(Fixtures.path("onnx/channels_last_torchscript.onnx"), architectures: [])
    let gelu = try #require(model.network.nodes.last { model.network.shapes[$0.output] == [4, 4, 16] })
    #expect(model.reductions[gelu.output] == LayerReduction(channelAxis: 2))
  }

  @Test func layers_areSuggestedWhereGELUIsTakenApart() throws {
    let model = try ModelFile.load(Fixtures.path("onnx/strided_dynamo.onnx"), architectures: [])
    #expect(model.taps.map { model.network.shapes[$0] } == [[6, 6, 6]])
  }

  @Test(arguments: [
    ("unsupported", "2 nodes cannot be run: first (Det), second (GridSample)"), ("recurrent", "memory (GRU)"),
    ("cyclic", "the graph goes in a circle"), ("missing", "sum reads nothing, which nothing makes"),
    ("old", "opset 9"), ("open_size", "the input x has the shape ?×3×?×?"), ("two_inputs", "2 inputs: x, z"),
    ("data_dependent", "sizes (Cast: it rounds"), ("external", "external data"),
    ("fixed_batch", "takes exactly 4 samples"), ("channels", "channels.onnx, first"),
    ("channels", "expects an input of shape 4×y×x, found 3×4×4"), ("control_flow", "choice (If)"),
    ("huge_reshape", "n×3×4×4 does not fill"),
    ("huge_constant", "it makes a tensor of 1000000×1000000 numbers"),
    ("huge_pads", "expected four numbers of at least 0"), ("empty_range", "its bounds are no single numbers"),
    ("cast", "turn (Cast"),
  ])
  func graphsThatCannotBeRun_areRefused(_ file: String, _ reason: String) throws {
    let error = try #require(throws: CodecError.self) {
      try ModelFile.load(Fixtures.path("onnx/\(file).onnx"), architectures: [])
    }
    #expect(error.kind == .data && error.description.contains(reason), "\(error)")
    #expect(error.description.contains("\(file).onnx"))
  }

  @Test(arguments: [0, 1, 100, 20_000]) func cutOffFile_isRefused(_ count: Int) throws {
    let bytes = try Data(contentsOf: URL(filePath: Fixtures.path("onnx/tokens_torchscript.onnx")))
    let path = try Fixtures.temporaryFolder().appending(path: "cut.onnx")
    try bytes.prefix(count).write(to: path)
    let error = try #require(throws: CodecError.self) { try ModelFile.load(path.path, architectures: []) }
    #expect(error.kind == .data && error.description.contains("export it again"), "\(error)")
  }
}
