import Contributions
import Foundation
import Networks
import Numerics
import Runtime
import Storage
import TestSupport
import Testing

/// Runs `options` on a fixture and opens the file.
private func run(
  _ fixture: RetinaFixture, _ options: ContributionOptions, recordedRates: Matrix? = nil,
  progress: ProgressHandler? = nil
) throws -> ContributionFile {
  let path = try Fixtures.temporaryFolder().appending(path: "contributions.h5").path
  try write(fixture, options, to: path, recordedRates: recordedRates, progress: progress)
  return try ContributionFile(reading: path)
}

private func write(
  _ fixture: RetinaFixture, _ options: ContributionOptions, to path: String, recordedRates: Matrix? = nil,
  resume: Bool = false, progress: ProgressHandler? = nil
) throws {
  let input = try ContributionInput(
    model: fixture.model, series: fixture.series,
    times: (0..<fixture.series.source.frameCount).map { 0.01 * Double($0) }, recordedRates: recordedRates)
  let run = try ContributionRun(input: input, options: options)
  let provenance = try Provenance(
    schema: ContributionFile.schema, schemaVersion: ContributionFile.schemaVersion,
    command: "codec contributions",
    options: run.resolvedOptions, seed: 0, software: "codec", inputs: [])
  let writer = try ResultWriter(path: path, provenance: provenance, resume: resume)
  try run.write(to: writer, progress: progress)
}

/// Options that are quick: few frames, few steps.
private func quick(_ change: (inout ContributionOptions) -> Void = { _ in }) -> ContributionOptions {
  var options = ContributionOptions()
  options.target = .sum
  options.method = .ig(rule: .trapezoid, steps: .fixed(4))
  change(&options)
  return options
}

@Suite struct ContributionRunTests {
  @Test(arguments: ["retina", "moving_bar"]) func everyRow_equalsTheReference(_ name: String) throws {
    guard let fixture = try RetinaFixture.named(name) else { return }
    var options = ContributionOptions()
    options.threads = 2
    let file = try run(fixture, options)
    let expected = fixture.expected
    func compare(_ found: [Double], _ dataset: String) throws {
      #expect(
        worstDifference(found, try expected.dataset(dataset).numbers(Double.self)) < 1e-4, "\(dataset)")
    }
    try compare(file.output().elements, "rate")
    try compare(file.target(), "surprisal")
    try compare(file.file.dataset("/statistics/mean").numbers(Double.self), "rate_mean")
    try compare(file.file.dataset("/statistics/covariance").numbers(Double.self), "rate_covariance")
    #expect(file.layers == ["conv1", "conv2", "relu1", "relu2"])
    for layer in file.layers {
      let (negative, positive) = try file.contributions(of: layer)
      try compare(negative.elements, "surprisal_ig20/\(layer)/negative")
      try compare(positive.elements, "surprisal_ig20/\(layer)/positive")
    }
  }

  @Test func mahalanobis_equalsTheReference() throws {
    let fixture = try RetinaFixture.retina()
    let file = try run(
      fixture,
      quick {
        $0.target = .mahalanobis; $0.layers = ["relu2"]
      })
    let expected = try fixture.expected.dataset("mahalanobis").numbers(Double.self)
    #expect(worstDifference(try file.target(), expected) < 1e-4)
  }

  @Test func aSubset_equalsItsRowsOfTheWholeAndKeepsTheStatisticsOfAllFrames() throws {
    let fixture = try RetinaFixture.retina()
    let options = quick {
      $0.target = .surprisal; $0.mapFrames = [500, 25]; $0.includesGradients = true
    }
    let whole = try run(fixture, options)
    let part = try run(
      fixture,
      quick {
        $0 = options; $0.frames = [500..<503, 20..<30, 22..<25]
      })
    #expect(try part.frames() == Array(20..<30) + Array(500..<503))
    #expect(try whole.frames() == Array(20..<900))
    let rows = try part.frames().map { $0 - 20 }
    for name in [
      "negative", "positive", "activation", "activation_positive", "gradient_negative", "gradient_positive",
    ] {
      let path = "/layers/conv2/\(name)"
      let (all, some) = (try whole.file.dataset(path).matrix(), try part.file.dataset(path).matrix())
      #expect(worstDifference(some.elements, rows.flatMap { Array(all.row($0)) }) < 1e-5, "\(name)")
    }
    #expect(abs(try whole.target()[rows[3]] / part.target()[3] - 1) < 1e-5)
    #expect(try part.pickedRows() == [5, 10])
    let maps = try #require(try part.maps(of: "conv1"))
    #expect(maps.shape == [2, 8, 18, 18])
    let sums = maps.row(1).reduce(0, +)
    let (negative, positive) = try part.contributions(of: "conv1")
    let expected = negative.row(10).reduce(0, +) + positive.row(10).reduce(0, +)
    #expect(abs(Double(sums) - expected) < 1e-3)
  }

  @Test func arraysOfWindows_haveTheMoviesContributions() throws {
    let fixture = try RetinaFixture.retina()
    var options = quick()
    let array = try run(try fixture.asArray(samples: 20), options)
    options.frames = [fixture.series.history..<fixture.series.history + 20]
    let movie = try run(fixture, options)
    for layer in movie.layers {
      let (found, expected) = (try array.contributions(of: layer), try movie.contributions(of: layer))
      #expect(worstDifference(found.positive.elements, expected.positive.elements) < 1e-6, "\(layer)")
      #expect(worstDifference(found.negative.elements, expected.negative.elements) < 1e-6, "\(layer)")
    }
    #expect(try array.frames() == Array(0..<20))
  }

  @Test func completeness_isTheDefectOfTheRow() throws {
    let file = try run(try RetinaFixture.retina(), quick { $0.frames = [100..<120] })
    let (negative, positive) = try file.contributions(of: "relu1")
    let (target, baseline) = (try file.target(), try file.targetBaseline())
    let gaps = try #require(try file.completeness(of: "relu1"))
    let relative = try #require(try file.relativeCompleteness(of: "relu1"))
    for row in 0..<file.sampleCount {
      let (low, high) = (negative.row(row).reduce(0, +), positive.row(row).reduce(0, +))
      let gap: Double = low + high - (target[row] - baseline[row])
      #expect(abs(gap - gaps[row]) < 1e-3)
      #expect(abs(gaps[row] / (high - low) - relative[row]) < 1e-6)
    }
  }

  @Test func results_doNotDependOnTheNumberOfThreads() throws {
    let fixture = try RetinaFixture.retina()
    let options = quick {
      $0.layers = ["conv1"]; $0.perCellFrames = 20
    }
    let one = try run(fixture, options)
    let three = try run(
      fixture,
      quick {
        $0 = options; $0.threads = 3
      })
    for path in try one.file.datasets() {
      #expect(
        try one.file.dataset(path).numbers(Double.self) == three.file.dataset(path).numbers(Double.self))
    }
  }

  @Test func interruptedRuns_resumeToTheSameValues() throws {
    let fixture = try RetinaFixture.retina()
    let options = quick {
      $0.target = .surprisal
      $0.layers = ["relu1"]
      $0.mapFrames = [30, 800]
      $0.perCellFrames = 10
    }
    let whole = try run(fixture, options)
    let path = try Fixtures.temporaryFolder().appending(path: "contributions.h5").path
    // Ten blocks are read for the statistics, eight for the rows that are flushed first.
    let fragile = try fixture.failing(atRead: 19)
    #expect(throws: BrokenMovie.Failure.self) { try write(fragile, options, to: path) }
    #expect(!FileManager.default.fileExists(atPath: path))
    try write(fixture, options, to: path, resume: true)
    let resumed = try ContributionFile(reading: path)
    #expect(try resumed.file.datasets() == whole.file.datasets())
    for path in try whole.file.datasets() {
      #expect(
        try whole.file.dataset(path).numbers(Double.self) == resumed.file.dataset(path).numbers(Double.self))
    }
  }

  @Test func cellAverages_areMeansOfEachCellsOwnContributions() throws {
    let fixture = try RetinaFixture.retina()
    let options = quick {
      $0.frames = [200..<240]; $0.perCellFrames = 40; $0.layers = ["conv2"]
    }
    let averages = try #require(try run(fixture, options).cellAverages(of: "conv2"))
    for (row, cell) in [(0, "0"), (7, "7")] {
      let alone = try run(
        fixture,
        quick {
          $0 = options; $0.perCellFrames = nil; $0.target = .cell(cell)
        })
      let (negative, positive) = try alone.contributions(of: "conv2")
      for channel in 0..<8 {
        #expect(abs(averages.negative[row, channel] - Statistics.mean(negative.column(channel))) < 1e-4)
        #expect(abs(averages.positive[row, channel] - Statistics.mean(positive.column(channel))) < 1e-4)
      }
    }
  }

  @Test func automaticSteps_areRecordedForEverySample() throws {
    let file = try run(
      try RetinaFixture.retina(),
      quick {
        $0.frames = [300..<340];
        $0.method = .ig(rule: .trapezoid, steps: .automatic(tolerance: 0.01, limit: 2560))
      })
    #expect(try file.steps()?.count == 40)
    #expect(try file.converged()?.allSatisfy { $0 } == true)
    let (target, baseline) = (try file.target(), try file.targetBaseline())
    for layer in file.layers {
      let (negative, positive) = try file.contributions(of: layer)
      for (row, gap) in try #require(try file.completeness(of: layer)).enumerated() {
        let size = positive.row(row).reduce(0, +) - negative.row(row).reduce(0, +)
        let change = abs(target[row] - baseline[row])
        #expect(abs(gap) < 0.0101 * max(change, 1e-3 * size))
      }
    }
  }

  @Test func everyMethod_runsOverARecording() throws {
    let methods: [ContributionMethod] = [
      .actgrad(hiddenBaseline: .input), .actnormgrad, .inputgrad,
      .igHidden(rule: .trapezoid, steps: .fixed(3)),
      .smoothgrad(draws: 2, deviation: 0.2, noise: .seeded(4)), .ig(rule: .gaussLegendre, steps: .fixed(3)),
    ]
    let fixture = try RetinaFixture.retina()
    for method in methods {
      let file = try run(
        fixture,
        quick {
          $0.method = method; $0.frames = [60..<64]; $0.layers = ["conv1", "relu2"]
        })
      #expect(try file.contributions(of: "conv1").positive.elements.contains { $0 > 0 }, "\(method)")
    }
  }

  @Test func contributionsOfTheStimulusItself_areComplete() throws {
    let fixture = try RetinaFixture.retina()
    let input = fixture.model.network.input
    let file = try run(
      fixture,
      quick {
        $0.layers = [input]; $0.frames = [60..<70]; $0.method = .ig(rule: .midpoint, steps: .fixed(40))
      })
    #expect(try #require(try file.relativeCompleteness(of: input)).allSatisfy { abs($0) < 0.02 })
  }

  @Test func recordedRates_areThoseOfTheSamplesFrames() throws {
    let fixture = try RetinaFixture.retina()
    var rates = Matrix(rows: 9, columns: 900)
    for index in rates.elements.indices { rates.elements[index] = Double(index) }
    let file = try run(fixture, quick { $0.frames = [100..<103] }, recordedRates: rates)
    let recorded = try #require(try file.recordedRates())
    #expect(Array(recorded.row(1)) == stride(from: 101.0, to: 8100, by: 900).map { $0 })
    #expect(try #require(try file.times())[2] == 1.02)
  }

  @Test func impossibleRequests_areUsageErrorsThatListWhatThereIs() throws {
    let fixture = try RetinaFixture.retina()
    let requests: [(ContributionOptions, String)] = [
      (quick { $0.layers = ["conv3"] }, "conv1, relu1, conv2, relu2"),
      (quick { $0.target = .cell("9") }, "0, 1, 2"),
      (quick { $0.frames = [5..<6] }, "from 20 to 899"), (quick { $0.mapFrames = [900] }, "from 20 to 899"),
      (quick { $0.target = .label }, "labels"), (quick { $0.perCellFrames = 0 }, "one frame"),
    ]
    for (options, hint) in requests {
      #expect {
        try run(fixture, options)
      } throws: { error in
        guard let error = error as? CodecError else { return false }
        return error.kind == .usage && error.description.contains(hint)
      }
    }
  }
}
