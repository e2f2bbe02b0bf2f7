import Foundation
import Networks
import Numerics
import Retina
import RetinaData
import TestSupport
import Testing

/// What adaptation of gain does to rates, where it is known.
struct DriveTests {
  private func rate(_ drive: Double, _ output: ConvolutionalStack.Output) -> Double {
    output == .softplus ? log1p(exp(drive)) : exp(drive)
  }

  @Test(arguments: ConvolutionalStack.Output.allCases) func adaptation_undoesGainAndOffset(
    _ output: ConvolutionalStack.Output
  ) throws {
    var stream = RandomStream(seed: 2)
    let drives = (0..<400).map { _ in [stream.normal() - 1, 2 * stream.normal()] }
    let (scale, gain, offset) = ([10.0, 3.0], [1.5, 0.6], [-0.4, 0.2])
    func rates(_ gain: [Double], _ offset: [Double]) -> [Float] {
      drives.flatMap { drive in
        (0..<2).map { Float(scale[$0] * rate(offset[$0] + gain[$0] * drive[$0], output)) }
      }
    }
    let (train, test) = (rates([1, 1], [0, 0]), rates(gain, offset))
    let drive = Drive(rates: train, scale: scale, output: output)
    let other = Drive(rates: test, scale: scale, output: output)
    for cell in 0..<2 {
      #expect(abs(other.deviations[cell] / drive.deviations[cell] - gain[cell]) < 1e-4)
      let mean = Statistics.mean(stride(from: cell, to: train.count, by: 2).map { Double(train[$0]) })
      let adapted = try #require(other.meanRate(ofCell: cell, adaptedTo: drive))
      #expect(abs(adapted / mean - 1) < 1e-4)
      let same = try #require(drive.meanRate(ofCell: cell, adaptedTo: drive))
      #expect(abs(same / mean - 1) < 1e-6)
    }
    let silent = Drive(rates: [0, 0, 0], scale: [1], output: output)
    #expect(silent.meanRate(ofCell: 0, adaptedTo: silent) == nil)
  }

  /// The bundled recording's cells have no gain of their own: each one's true rate is 25 Hz times the softplus of a drive that has the same
  /// spread over the training movie and over the test movie, so that the gain between stimulus and drive differs. A
  /// network that is right about the training movie cannot be right about mean rates of the test movie.
  @Test func cellsOfTheBundledRecordingHaveAGainForEachMovie() throws {
    let file = try BundledSample.recording()
    for split in ["train", "test"] {
      let rates = try Recording(path: file, rate: "true_rate").split(split).rates()
      let (cells, frames) = (rates.rows, rates.rowCount)
      // Without the frames before the simulation's history.
      let byFrame = (20..<frames).flatMap { frame in
        (0..<cells).map { rates.elements[$0 * frames + frame] }
      }
      let drive = Drive(rates: byFrame, scale: Array(repeating: 25, count: cells), output: .softplus)
      for cell in 0..<cells {
        #expect(abs(drive.deviations[cell] / 1.6 - 1) < 1e-3, "cell \(cell), \(split)")
      }
    }
  }
}
