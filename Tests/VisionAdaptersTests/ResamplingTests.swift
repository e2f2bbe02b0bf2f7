import Networks
import Numerics
import Runtime
import Storage
import TestSupport
import Testing
import VisionAdapters

@Suite struct ResamplingTests {
  private let expected: H5File
  private let source: Picture

  init() throws {
    expected = try H5File(reading: Fixtures.path("pictures/expected.h5"))
    let pixels = try expected.dataset("/resized/source")
    source = Picture(width: pixels.shape[1], height: pixels.shape[0], pixels: try pixels.numbers())
  }

  @Test(arguments: ImagePreprocessing.Interpolation.allCases)
  func sizes_areFilteredAsPillowDoes(filter: ImagePreprocessing.Interpolation) throws {
    for name in try expected.children(of: "/resized/\(filter.rawValue)") {
      let dataset = try expected.dataset("/resized/\(filter.rawValue)/\(name)")
      let found = source.resized(width: dataset.shape[1], height: dataset.shape[0], filter)
      let values: [Int] = try dataset.numbers()
      let largest = zip(found.pixels, values).reduce(0) { max($0, abs(Int($1.0) - $1.1)) }
      #expect(largest == 0, "\(filter) to \(name)")
    }
  }

  private func network(_ shape: [Int]) throws -> Network {
    try Network(
      name: "small", input: "x", inputShape: shape, nodes: [Node("y", Reshape(), inputs: ["x"])], output: "y")
  }

  private func preprocessing(
    _ filter: ImagePreprocessing.Interpolation, resize: ImagePreprocessing.Resize = .shorterSide(37)
  ) -> ImagePreprocessing {
    ImagePreprocessing(
      size: [32, 30], resize: resize, interpolation: filter, mean: [0.485, 0.456, 0.406],
      standardDeviation: [0.229, 0.224, 0.225])
  }

  @Test(arguments: ImagePreprocessing.Interpolation.allCases)
  func pictures_arePreparedAsTorchvisionDoes(filter: ImagePreprocessing.Interpolation) throws {
    let preparation = try PicturePreparation(preprocessing(filter), of: network([3, 32, 30]))
    let input = preparation.input([preparation.seen(source)])
    let values: [Float] = try expected.dataset("/prepared/\(filter.rawValue)").numbers()
    #expect(input.shape == [1, 3, 32, 30])
    // torchvision resizes with Pillow; a unit of 1/255 over the deviation is 0.017.
    #expect(zip(input.elements, values).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func unfittingModels_areRefused() throws {
    func refusal(_ shape: [Int], _ preprocessing: ImagePreprocessing) throws -> String {
      let network = try network(shape)
      let error = #expect(throws: CodecError.self) { try PicturePreparation(preprocessing, of: network) }
      #expect(error?.kind == .data)
      return error?.description ?? ""
    }
    #expect(try refusal([3, 32, 32], preprocessing(.bilinear)).contains("3×32×30 do not fit"))
    #expect(try refusal([1, 32, 30], preprocessing(.bilinear)).contains("takes 1×32×30"))
    #expect(
      try refusal([3, 32, 30], preprocessing(.bilinear, resize: .shorterSide(31))).contains(
        "shorter side of 31"))
    let four = ImagePreprocessing(
      size: [32, 30], resize: .squash, interpolation: .bilinear, mean: [0, 0, 0, 0],
      standardDeviation: [1, 1, 1, 1])
    #expect(try refusal([4, 32, 30], four).contains("4 channels"))
  }
}
