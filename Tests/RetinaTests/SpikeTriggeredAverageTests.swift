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

  private func compare(_ split: RecordingSplit, history: Int, cells: [Int]) throws {
    let responses = try split.counts() ?? split.rates()
    let averages = try SpikeTriggeredAverages(source: split, responses: responses, history: history)
    for cell in cells {
      let expected = try direct(split, responses, history: history, cell: cell)
      let size = expected.map(abs).max()!
      let worst = zip(averages.fields.row(cell), expected).map { abs(Double($0) - $1) }.max()!
      #expect(worst < 1e-5 * size)
    }
  }

  @Test func realCells_haveTheAverageOfTheDefinition() throws {
    guard let path = Fixtures.shared("recordings/moving_bar.h5") else { return }
    let split = try Recording(path: path).split("train")
    #expect(split.segments.count == 50)
    try compare(split, history: 15, cells: [0, 5])
  }

  @Test func simulatedCells_haveTheAverageOfTheDefinition_theirSignAndTheirDelay() throws {
    var options = SimulatedRetina.Options()
    options.types = [.onSustained, .offTransient, .onTransient, .offSustained]
    (options.cells, options.trainingFrames, options.testFrames) = (8, 24_000, 100)
    options.stimulus = .gaussianNoise(checker: 3, hold: 1)
    let retina = try SimulatedRetina(options)
    let path = try Fixtures.temporaryFolder().appending(path: "recording.h5").path
    try retina.writeRecording(to: path)
    let recording = try Recording(path: path)
    try compare(try recording.split("train"), history: 20, cells: [0, 3])
    let description = try CellDescription(recording, split: "train", cells: nil, history: 20)
    for (row, type) in zip(description.rows, retina.cellTypes) {
      let isOn = type == .onSustained || type == .onTransient
      #expect(row.polarity == (isOn ? "ON" : "OFF"))
      let lag = try #require(row.peakLag)
      // What a spot shown n frames ago adds when it is one frame older: the response to a flash n frames ago.
      let steps = (0...20).map {
        retina.response(ofCell: row.cell, toSpotOf: isOn ? 40 : -40, framesSinceOnset: $0)
      }
      let flash = (1...20).map { abs(steps[$0] - steps[$0 - 1]) }
      let truth = 1 + flash.indices.max { flash[$0] < flash[$1] }!
      #expect(abs(lag - truth) <= 1, "cell \(row.cell), \(type)")
      let place = retina.places[row.cell]
      let (y, x) = (try #require(row.y), try #require(row.x))
      let distance = hypot(y - place.y, x - place.x)
      #expect(distance < 3)
    }
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
