import Numerics
import Retina
import Runtime
import Storage
import Testing

@Suite struct ReceptiveFieldTests {
  @Test(arguments: ["retina", "moving_bar"]) func fields_areTheReferences(name: String) throws {
    guard let fixture = name == "retina" ? try RetinaFixture.retina() : try RetinaFixture.movingBar() else {
      return
    }
    let rows: [Int] = try fixture.expected.dataset("picked_rows").numbers()
    let receptiveFields = try InstantaneousReceptiveFields(
      model: fixture.model, windows: fixture.windows, threads: 2)
    let fields = try receptiveFields.fields(at: rows.map { $0 + fixture.windows.history })
    let expected = try fixture.expected.dataset("irf").tensor()
    #expect(fields.shape == expected.shape)
    #expect(largestDifference(fields.elements, expected.elements) < 1e-4)
  }

  @Test(arguments: ["retina", "moving_bar"]) func testCorrelation_isTheReferences(name: String) throws {
    guard let fixture = name == "retina" ? try RetinaFixture.retina() : try RetinaFixture.movingBar() else {
      return
    }
    let agreement = RateAgreement(
      rates: try fixture.expected.dataset("rate").matrix(), recorded: try fixture.recordedRates())
    let expected: [Double] = try fixture.expected.dataset("test_correlation").numbers()
    #expect(zip(agreement.correlations, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(agreement.mean > 0.85)
  }

  /// A cell's field is the same whichever other cells and frames are asked for: ids, not places.
  @Test func fields_areAddressedByIdAndFrame() throws {
    let fixture = try RetinaFixture.retina()
    func fields(_ cells: [Int], _ frames: [Int]) throws -> Tensor {
      try InstantaneousReceptiveFields(model: fixture.model, windows: fixture.windows, cells: cells)
        .fields(at: frames)
    }
    let many = try fields([7, 2, 5], [100, 101, 102, 400])
    let one = try fields([2], [102])
    let place = (2 * 3 + 1) * one.count
    #expect(largestDifference(one.elements, Array(many.elements[place..<place + one.count])) < 1e-5)
    #expect(throws: CodecError.unknown("cell", "9", valid: (0..<9).map(String.init), at: "model.safetensors"))
    {
      try fields([9], [100])
    }
    #expect(throws: CodecError.self) { try fields([0], [19]) }
  }

  @Test func components_areTheBestProduct() throws {
    let fixture = try RetinaFixture.retina()
    let rows: [Int] = try fixture.expected.dataset("picked_rows").numbers()
    let irf = try fixture.expected.dataset("irf").tensor()
    let (lags, pixels) = (20, 24 * 24)
    for place in stride(from: 0, to: rows.count * 9, by: 5) {
      let field = Array(irf.elements[place * lags * pixels..<(place + 1) * lags * pixels])
      let parts = ReceptiveFieldComponents(field: field[...], lags: lags)
      let (_, s, _) = LinearAlgebra.singularValues(
        Matrix(rows: lags, columns: pixels, elements: field.map(Double.init)))
      let squares = s.map { $0 * $0 }
      #expect(abs(parts.singularValueShare - squares[0] / squares.reduce(0, +)) < 1e-6)
      // What the product leaves over is exactly the other singular values.
      var left = 0.0
      for lag in 0..<lags {
        for pixel in 0..<pixels {
          let rest = Double(field[lag * pixels + pixel]) - Double(parts.temporal[lag] * parts.spatial[pixel])
          left += rest * rest
        }
      }
      #expect(abs(left - squares.dropFirst().reduce(0, +)) < 1e-4 * squares[0])
      #expect(abs(parts.temporal.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
      let largest = field.max { abs($0) < abs($1) }!
      let peak = parts.spatial.max { abs($0) < abs($1) }!
      #expect((largest > 0) == (peak > 0))
    }
  }

  @Test func fieldOfZeros_hasNoShare() {
    let parts = ReceptiveFieldComponents(field: ArraySlice(repeating: 0, count: 12), lags: 3)
    #expect(parts.spatial == [0, 0, 0, 0] && parts.temporal == [0, 0, 0] && parts.singularValueShare.isNaN)
  }
}

/// The largest difference in units of the largest expected magnitude.
func largestDifference(_ values: [Float], _ expected: [Float]) -> Float {
  let scale = expected.map(abs).max() ?? 0
  return zip(values, expected).map { abs($0 - $1) }.max()! / scale
}
