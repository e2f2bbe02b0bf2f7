import Foundation
import Numerics
import Retina
import RetinaData
import Runtime
import Stimuli
import TestSupport
import Testing

@Suite struct SpikeTriggeredAverageTests {
  /// The definition, one window after the other, in double precision.
  private func direct(_ source: any StimulusSource, _ responses: Tensor, history: Int, cell: Int) throws
    -> [Double]
  {
    let pixels = source.frameShape.reduce(1, *)
    let frames = try source.frames(0..<source.frameCount).elements
    var average = [Double](repeating: 0, count: history * pixels)
    var mean = average
    var (weight, count) = (0.0, 0.0)
    for segment in source.segments {
      for time in segment.dropFirst(history) {
        let response = Double(responses.elements[cell * source.frameCount + time])
        (weight, count) = (weight + response, count + 1)
        let start = (time - history) * pixels
        for index in average.indices {
          let value = Double(frames[start + index])
          average[index] += response * value
          mean[index] += value
        }
      }
    }
    return zip(average, mean).map { $0 / weight - $1 / count }
  }

  /// Both ways to form sums against the definition.
  private func compare(_ split: RecordingSplit, history: Int, cells: [Int]) throws {
    let responses = try split.counts() ?? split.rates()
    let averages = try SpikeTriggeredAverages.Method.allCases.map {
      try SpikeTriggeredAverages(source: split, responses: responses, history: history, method: $0)
    }
    for cell in cells {
      let expected = try direct(split, responses, history: history, cell: cell)
      let size = expected.map(abs).max()!
      for averages in averages {
        let worst = zip(averages.fields.row(cell), expected).map { abs(Double($0) - $1) }.max()!
        #expect(worst < 1e-5 * size, "\(averages.method)")
      }
    }
  }

  @Test func realCells_haveTheAverageOfTheDefinition() throws {
    guard let path = Fixtures.shared("recordings/moving_bar.h5") else { return }
    let split = try Recording(path: path).split("train")
    #expect(split.segments.count == 50)
    try compare(split, history: 15, cells: Array(0..<6))
  }

  /// Segments, histories and frames that fill no block, of either way.
  @Test(arguments: [1, 3, 20, 70]) func anyHistory_givesTheAverageOfTheDefinition(history: Int) throws {
    var random = RandomStream(seed: UInt64(history))
    let pixels = (0..<1500 * 6).map { _ in Float(40 + random.normal()) }
    let movie = try ArraySource(name: "movie", shape: [1500, 1, 2, 3]) { range in
      Tensor(
        shape: [range.count, 1, 2, 3], elements: Array(pixels[range.lowerBound * 6..<range.upperBound * 6]))
    }
    let responses = Tensor(
      shape: [2, 1500], elements: (0..<3000).map { _ in Float(random.uniform() < 0.1 ? 1 : 0) })
    for method in SpikeTriggeredAverages.Method.allCases {
      let averages = try SpikeTriggeredAverages(
        source: movie, responses: responses, history: history, method: method)
      for cell in 0..<2 {
        let expected = try direct(movie, responses, history: history, cell: cell)
        let worst = zip(averages.fields.row(cell), expected).map { abs(Double($0) - $1) }.max()!
        #expect(worst < 1e-5 * expected.map(abs).max()!, "\(method), cell \(cell)")
      }
    }
  }

  /// Cells of every type, described from a simulated recording.
  private func describe(
    _ options: SimulatedRetina.Options
  ) throws -> (retina: SimulatedRetina, split: RecordingSplit, found: CellDescription) {
    var options = options
    options.types = SimulatedCellType.allCases
    (options.cells, options.testFrames) = (10, 100)
    let retina = try SimulatedRetina(options)
    let path = try Fixtures.temporaryFolder().appending(path: "recording.h5").path
    try retina.writeRecording(to: path)
    let recording = try Recording(path: path)
    let found = try CellDescription(recording, split: "train", cells: nil, history: 20)
    return (retina, try recording.split("train"), found)
  }

  @Test func simulatedCells_haveTheAverageOfTheDefinition_theirSignDelayAndPlace() throws {
    var options = SimulatedRetina.Options()
    // Cells of one type alone, whose time course is known.
    (options.trainingFrames, options.spread) = (48_000, 0)
    options.stimulus = .gaussianNoise(checker: 3, hold: 1)
    let (retina, split, found) = try describe(options)
    try compare(split, history: 20, cells: [3])
    for ((row, shape), type) in zip(zip(found.rows, found.shapes), retina.cellTypes) {
      #expect(row.polarity == Self.polarity(of: type), "cell \(row.cell), \(type)")
      let truth = try #require(ReceptiveFieldShape.peak(retina.timeCourse(of: type)).delay)
      let delay = try #require(shape.peakDelay)
      #expect(abs(delay - truth) < 0.5, "cell \(row.cell), \(type): \(delay), truth \(truth)")
      let place = retina.places[row.cell]
      let (y, x) = (try #require(row.y), try #require(row.x))
      #expect(hypot(y - place.y, x - place.x) < 3, "cell \(row.cell), \(type): \(y), \(x), truth \(place)")
    }
  }

  private static func polarity(of type: SimulatedCellType) -> String {
    switch type {
    case .onSustained, .onTransient: "ON"
    case .offSustained, .offTransient: "OFF"
    case .onOff: "ON-OFF"
    }
  }

  @Test(arguments: [SimulatedRetina.Stimulus.naturalMovie, .binaryNoise(checker: 3, hold: 1)])
  func signs_areThoseOfTheSimulation(stimulus: SimulatedRetina.Stimulus) throws {
    var options = SimulatedRetina.Options()
    (options.trainingFrames, options.stimulus) = (24_000, stimulus)
    let (retina, _, found) = try describe(options)
    #expect(found.rows.map(\.polarity) == retina.cellTypes.map { Self.polarity(of: $0) })
  }

  @Test func silentCells_haveNoField_andShortSegmentsAreRefused() throws {
    let movie = try ArraySource(name: "movie", shape: [30, 1, 2, 3]) { range in
      Tensor(shape: [range.count, 1, 2, 3], elements: (0..<range.count * 6).map { Float($0 % 7) })
    }
    let silent = try SpikeTriggeredAverages(source: movie, responses: Tensor(shape: [2, 30]), history: 4)
    #expect(silent.fields.elements.allSatisfy { $0 == 0 } && silent.weights == [0, 0])
    #expect(silent.sampleCount == 26)
    let shape = ReceptiveFieldShape(field: silent.fields.row(1), lags: 4, width: 3)
    #expect(shape.polarity == nil && shape.peakLag == nil && shape.ellipse == nil)
    #expect(throws: CodecError.self) {
      try SpikeTriggeredAverages(source: movie, responses: Tensor(shape: [1, 30]), history: 30)
    }
    let negative = Tensor(shape: [1, 30], repeating: -1)
    #expect(throws: CodecError.self) {
      try SpikeTriggeredAverages(source: movie, responses: negative, history: 4)
    }
  }

  @Test func ellipse_isThatOfAKnownGaussian() throws {
    let (angle, long, short) = (0.5, 4.0, 2.0)
    let energy = (0..<40 * 50).map { pixel -> Double in
      let (y, x) = (Double(pixel / 50) - 18.25, Double(pixel % 50) - 25.5)
      let (u, v) = (x * cos(angle) + y * sin(angle), y * cos(angle) - x * sin(angle))
      return exp(-0.5 * (u * u / long / long + v * v / short / short))
    }
    let ellipse = try #require(FieldEllipse(energy: energy, width: 50))
    #expect(
      abs(ellipse.y - 18.25) < 0.05 && abs(ellipse.x - 25.5) < 0.05 && abs(ellipse.angle - angle) < 0.02)
    // Cut at a quarter of its peak, a Gaussian keeps (1 − q + q ln q) / (1 − q) of its variance, q = 1/4.
    let kept = (0.75 + 0.25 * log(0.25)) / 0.75
    let major = ellipse.major * ellipse.major - 1 / 12
    let minor = ellipse.minor * ellipse.minor - 1 / 12
    #expect(abs(major - kept * long * long) < 0.3)
    #expect(abs(minor - kept * short * short) < 0.2)
  }
}
