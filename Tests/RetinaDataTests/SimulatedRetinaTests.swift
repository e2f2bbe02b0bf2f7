import Foundation
import Numerics
import RetinaData
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct SimulatedRetinaTests {
  static let stimuli: [SimulatedRetina.Stimulus] = [
    .naturalMovie, .binaryNoise(checker: 3, hold: 2), .gaussianNoise(checker: 2, hold: 1),
  ]

  @Test(arguments: stimuli) func movieFrames_doNotDependOnTheRangeAskedFor(
    stimulus: SimulatedRetina.Stimulus
  ) throws {
    var options = SimulatedRetina.Options()
    options.stimulus = stimulus
    let movie = try SimulatedRetina(options).trainingMovie
    let whole = movie.frames(90..<230)
    for range in [90..<91, 99..<101, 150..<230] {
      #expect(movie.frames(range) == whole.rows(range.lowerBound - 90..<range.upperBound - 90))
    }
    #expect(whole.elements.allSatisfy { $0 == $0.rounded() && (0...255).contains($0) })
  }

  @Test func naturalMovie_hasEqualPowerInEveryOctave() throws {
    var options = SimulatedRetina.Options()
    (options.height, options.width) = (64, 64)
    let movie = try SimulatedRetina(options).trainingMovie
    // Differences over twice the distance have about the same energy share per octave: with a 1/f amplitude
    // they grow slowly, with white noise not at all, with a smooth ramp fourfold.
    var energy = [0.0, 0.0, 0.0]
    for frame in stride(from: 0, to: 2000, by: 100) {
      let image = movie.frames(frame..<frame + 1).elements
      for (index, step) in [2, 4, 8].enumerated() {
        for y in 0..<64 {
          for x in 0..<64 - step {
            energy[index] += Double(pow2(image[y * 64 + x + step] - image[y * 64 + x]))
          }
        }
      }
    }
    #expect(energy[1] / energy[0] > 1.15 && energy[1] / energy[0] < 2.5)
    #expect(energy[2] / energy[1] > 1.15 && energy[2] / energy[1] < 2.5)
  }

  private func pow2(_ value: Float) -> Float { value * value }

  @Test func rates_doNotDependOnHowTheMovieIsCut() throws {
    let retina = try SimulatedRetina()
    let movie = retina.testMovie
    let whole = retina.rates(of: movie, frames: 0..<80)
    for range in [0..<1, 5..<19, 20..<21, 40..<80] {
      let part = retina.rates(of: movie, frames: range)
      let expected = whole.rows(range)
      for (one, other) in zip(part.elements, expected.elements) { #expect(abs(one - other) < 1e-3) }
    }
    #expect(whole.elements.allSatisfy { $0 > 0 && $0 < 500 })
  }

  @Test func seed_decidesEverything() throws {
    var options = SimulatedRetina.Options()
    let (first, same) = (try SimulatedRetina(options), try SimulatedRetina(options))
    options.seed = 1
    let other = try SimulatedRetina(options)
    let rates = [first, same, other].map { $0.rates(of: $0.testMovie, frames: 50..<90) }
    #expect(rates[0] == rates[1])
    #expect(rates[0] != rates[2])
    #expect(first.places.map(\.y) != other.places.map(\.y))
  }

  /// A spot on each cell's place that steps from grey to bright or dark: what the types are named after.
  @Test func types_answerAsTheyAreNamed() throws {
    var options = SimulatedRetina.Options()
    options.types = SimulatedCellType.allCases
    options.cells = 10
    let retina = try SimulatedRetina(options)
    for cell in 0..<options.cells {
      func rise(_ level: Float) -> (onset: Float, late: Float) {
        let before = retina.response(ofCell: cell, toSpotOf: level, framesSinceOnset: 0)
        let onset = (4...9).map { retina.response(ofCell: cell, toSpotOf: level, framesSinceOnset: $0) }
          .max()!
        return (onset - before, retina.response(ofCell: cell, toSpotOf: level, framesSinceOnset: 19) - before)
      }
      let (bright, dark) = (rise(80), rise(-80))
      switch retina.cellTypes[cell] {
      case .onSustained: #expect(bright.onset > 5 && bright.late > 0.3 * bright.onset && dark.onset < 2)
      case .onTransient: #expect(bright.onset > 5 && bright.late < 0.3 * bright.onset && dark.onset < 2)
      case .offSustained: #expect(dark.onset > 5 && dark.late > 0.3 * dark.onset && bright.onset < 2)
      case .offTransient: #expect(dark.onset > 5 && dark.late < 0.3 * dark.onset && bright.onset < 2)
      case .onOff: #expect(bright.onset > 5 && dark.onset > 5)
      }
    }
  }

  @Test func cellsOfOneType_keepTheirDistance() throws {
    var options = SimulatedRetina.Options()
    options.cells = 21
    let retina = try SimulatedRetina(options)
    for type in options.types {
      let places = zip(retina.cellTypes, retina.places).filter { $0.0 == type }.map(\.1)
      #expect(places.count == 7)
      for (index, one) in places.enumerated() {
        for other in places[..<index] {
          let (y, x) = (one.y - other.y, one.x - other.x)
          #expect((y * y + x * x).squareRoot() > 2)
        }
      }
    }
  }

  @Test func impossibleOptions_areNamed() {
    func message(_ change: (inout SimulatedRetina.Options) -> Void) -> String {
      var options = SimulatedRetina.Options()
      change(&options)
      do {
        _ = try SimulatedRetina(options)
        return "no error"
      } catch { return "\(error)" }
    }
    #expect(message { $0.cells = 0 }.contains("0 cells"))
    #expect(message { $0.types = [] }.contains("no cell types"))
    #expect(message { $0.height = 6 }.contains("6×24"))
    #expect(message { $0.testFrames = 10 }.contains("10 test frames for a history of 20"))
    #expect(message { $0.stimulus = .binaryNoise(checker: 0, hold: 1) }.contains("checkers of 0 pixels"))
  }
}

@Suite struct SimulatedRecordingTests {
  private func written(_ change: (inout SimulatedRetina.Options) -> Void) throws -> (SimulatedRetina, H5File)
  {
    var options = SimulatedRetina.Options()
    (options.cells, options.trainingFrames, options.testFrames, options.repeats) = (4, 700, 300, 40)
    change(&options)
    let retina = try SimulatedRetina(options)
    let path = try Fixtures.temporaryFolder().appending(path: "recording.h5").path
    try retina.writeRecording(to: path)
    return (retina, try H5File(reading: path))
  }

  @Test func recording_holdsTheMovieAndTheTruth() throws {
    let (retina, file) = try written { _ in }
    #expect(try file.dataset("/train/stimulus").shape == [700, 24, 24])
    #expect(
      try file.dataset("/train/stimulus").tensor(rows: 250..<270).elements
        == retina.trainingMovie.frames(250..<270).elements)
    let rates = try file.dataset("/test/response/true_rate").matrix()
    let expected = retina.rates(of: retina.testMovie, frames: 0..<300)
    for cell in 0..<4 {
      for frame in 0..<300 {
        #expect(abs(rates[cell, frame] - Double(expected.elements[frame * 4 + cell])) < 1e-3)
      }
    }
    #expect(try file.dataset("/cell_type").numbers(Int.self) == retina.cellTypes.map(\.index))
    #expect(try file.dataset("/cell_place").shape == [4, 2])
  }

  @Test func spikes_followTheRates() throws {
    let (_, file) = try written { _ in }
    for cell in 0..<4 {
      let counts: [Double] = try file.dataset("/test/repeats/cell0\(cell + 1)").numbers()
      #expect(try file.dataset("/test/repeats/cell0\(cell + 1)").shape == [40, 300])
      let rates = try Array(file.dataset("/test/response/true_rate").matrix().row(cell))
      let binned = try Array(file.dataset("/test/response/binned").matrix().row(cell))
      // The variance of a sum of Poisson counts is their expected sum.
      let expected = rates.reduce(0, +) / 100 * 40
      let (counted, mean) = (counts.reduce(0, +), binned.reduce(0, +))
      #expect(abs(counted - expected) < 5 * expected.squareRoot())
      #expect(abs(mean - counted / 40) < 1e-2)
      let smoothed = try Array(file.dataset("/test/response/firing_rate_10ms").matrix().row(cell))
      #expect(Statistics.pearson(rates, smoothed) > 0.8)
      #expect(abs(smoothed.reduce(0, +) / 100 - mean) < 0.02 * mean + 0.2)
      let train = try Array(file.dataset("/train/response/binned").matrix().row(cell))
      let times: [Double] = try file.dataset("/spikes/cell0\(cell + 1)").numbers()
      #expect(times == times.sorted() && times.count == Int(train.reduce(0, +)))
      #expect(times.allSatisfy { train[Int($0 * 100)] >= 1 })
    }
  }

  @Test func fileContent_isDecidedByTheSeed() throws {
    func bytes(_ seed: UInt64) throws -> Data {
      let (_, file) = try written {
        $0.seed = seed; $0.testFrames = 60; $0.trainingFrames = 60
      }
      return try Data(contentsOf: URL(filePath: file.path))
    }
    #expect(try bytes(3) == bytes(3))
    #expect(try bytes(3) != bytes(4))
  }

  @Test func files_areNotReplacedUnasked() throws {
    var options = SimulatedRetina.Options()
    (options.trainingFrames, options.testFrames, options.cells) = (40, 40, 2)
    let retina = try SimulatedRetina(options)
    let folder = try Fixtures.temporaryFolder()
    let (recording, model) = (
      folder.appending(path: "r.h5").path, folder.appending(path: "m.safetensors").path
    )
    try retina.writeRecording(to: recording)
    try retina.writeModel(to: model)
    #expect(try H5File(reading: recording).dataset("/test/repeats/cell02").shape == [6, 40])
    #expect(try Safetensors(reading: model).tensor("conv1.weight").shape == [8, 20, 7, 7])
    for write in [{ try retina.writeRecording(to: recording) }, { try retina.writeModel(to: model) }] {
      #expect(throws: CodecError.self) { try write() }
    }
    try retina.writeRecording(to: recording, force: true)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["m.safetensors", "r.h5"])
  }

  @Test func refusedFolder_leavesNothing() throws {
    let retina = try SimulatedRetina()
    #expect(throws: CodecError.self) { try retina.writeRecording(to: "/nowhere/at/all.h5") }
  }
}
