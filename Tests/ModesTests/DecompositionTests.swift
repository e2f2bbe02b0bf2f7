import Foundation
import Modes
import Numerics
import Runtime
import Testing

@Suite struct DecompositionTests {
  @Test(arguments: ["conv1", "conv2"], [0, 1, 2] as [UInt64])
  func standardRecipe_findsModesInTheFixture(_ layer: String, seed: UInt64) throws {
    let found = try Decomposition.fit(try FixtureData.contributions(layer), seed: seed, name: layer)
    #expect(found.quality.r2 >= 0.95)
    #expect(found.heldOutR2 >= 0.8)
    #expect(found.meanActive <= 6)
    #expect(found.alive >= 40)
    #expect(found.alive + found.dead == 160)
  }

  @Test(arguments: ["conv1", "conv2"], [0, 300, 600])
  func standardRecipe_findsModesIn200Frames(_ layer: String, start: Int) throws {
    let data = try FixtureData.contributions(layer).rows(start..<start + 200)
    let found = try Decomposition.fit(data, name: layer)
    #expect(found.quality.r2 >= 0.85)
    #expect(found.alive >= 20)
  }

  @Test func standardRecipe_findsModesIn60000Frames() throws {
    let found = try Decomposition.fit(longRecording(try FixtureData.contributions("conv1"), samples: 60_000))
    #expect(found.quality.r2 >= 0.85)
    #expect(found.heldOutR2 >= 0.85)
    #expect(found.alive >= 40)
  }

  @Test(arguments: [2, 5, 24])
  func standardRecipe_findsModesWhateverTheWidth(_ features: Int) throws {
    let (first, second) = (try FixtureData.contributions("conv1"), try FixtureData.contributions("conv2"))
    var data = Tensor(shape: [880, features])
    for sample in 0..<880 {
      for feature in 0..<features {
        // Channels of both signs from both layers in turn.
        let source = feature % 2 == 0 ? first : second
        data.elements[sample * features + feature] = source.elements[sample * 16 + (feature * 7 + 8) % 16]
      }
    }
    let found = try Decomposition.fit(data)
    #expect(found.quality.r2 >= 0.8)
    #expect(found.alive >= features)
  }

  @Test func paperRecipe_onLittleData_saysThatNoModeIsAlive() throws {
    let found = try Decomposition.fit(try FixtureData.contributions("conv1"), recipe: .paper, name: "conv1")
    #expect(found.alive == 0)
    #expect(found.quality.r2 < 0)
    #expect(found.largestCode < 0.9)
    #expect(found.remarks.first?.hasPrefix("no mode is alive") == true)
  }

  @Test func sameSeed_sameResult_otherSeed_another() throws {
    let data = try FixtureData.contributions("conv2")
    var recipe = TrainingRecipe.standard
    recipe.length = .steps(count: 400, evaluateEvery: 50)
    let runs = try [7, 7, 8].map { try Decomposition.fit(data, recipe: recipe, seed: $0, name: "conv2") }
    #expect(runs[0].model == runs[1].model)
    #expect(runs[0].loadings == runs[1].loadings)
    #expect(runs[0].history.dropFirst() == runs[1].history.dropFirst())
    #expect(runs[0].model != runs[2].model)
  }

  @Test func loadingsTimesDictionary_undoTheScaleExactly() throws {
    var data = try FixtureData.contributions("conv1")
    for index in data.elements.indices { data.elements[index] *= 1e-6 }
    let found = try Decomposition.fit(data, name: "conv1")
    let all = found.model.codes(
      Tensor(shape: data.shape, elements: data.elements.map { Float(Double($0) / found.scale) }))
    let expected = found.model.reconstruct(codes: all).elements.map { Float(Double($0) * found.scale) }
    #expect(relativeError(found.reconstruction(from: found.loadings).elements, expected) < 1e-5)
    #expect(found.loadings(of: data) == found.loadings)
    // R² by its definition: one grand mean.
    let mean = data.elements.reduce(0.0) { $0 + Double($1) } / Double(data.count)
    let (error, spread) = zip(data.elements, expected).reduce((0.0, 0.0)) { sums, pair in
      let (value, fitted) = (Double(pair.0), Double(pair.1))
      return (sums.0 + (value - fitted) * (value - fitted), sums.1 + (value - mean) * (value - mean))
    }
    #expect(abs(found.quality.r2 - (1 - error / spread)) < 1e-4)
    #expect(found.quality.r2FeatureMean < found.quality.r2)
    #expect(found.quality.r2PerFeature.count == 16)
  }

  @Test func modeIDs_nameTheOriginalModes() throws {
    let data = try FixtureData.contributions("conv1")
    let found = try Decomposition.fit(data, name: "conv1")
    let codes = found.model.codes(
      Tensor(shape: data.shape, elements: data.elements.map { Float(Double($0) / found.scale) }))
    let modes = found.model.modes
    #expect(found.dead > 0)
    for (column, mode) in found.modeIDs.enumerated() {
      for sample in stride(from: 0, to: 880, by: 97) {
        #expect(
          found.loadings.elements[sample * found.alive + column] == codes.elements[sample * modes + mode])
      }
    }
  }

  @Test func nonnegativeAtoms_areNotNegative() throws {
    let data = try FixtureData.contributions("conv1")
    let positive = Tensor(shape: data.shape, elements: data.elements.map(abs))
    var recipe = TrainingRecipe.standard
    recipe.nonnegative = true
    let found = try Decomposition.fit(positive, recipe: recipe)
    #expect(found.dictionary.elements.allSatisfy { $0 >= 0 })
    #expect(found.quality.r2 >= 0.9)
  }

  @Test func fewerSamplesThanABatch_stillTrain() throws {
    let found = try Decomposition.fit(try FixtureData.contributions("conv1").rows(0..<40))
    #expect(found.alive > 0)
    #expect(found.quality.r2 > 0.5)
  }

  @Test func unusableData_areRefusedInPlainWords() throws {
    let data = try FixtureData.contributions("conv1")
    func refusal(_ data: Tensor) -> String? {
      codecError { _ = try Decomposition.fit(data, name: "conv1") }?.description
    }
    var broken = data
    broken.elements[33] = .nan
    #expect(refusal(broken)?.hasPrefix("the data hold nan at sample 2, feature 1 (conv1)") == true)
    #expect(refusal(Tensor(shape: [100, 4]))?.hasPrefix("every entry of the data is zero (conv1)") == true)
    #expect(
      refusal(Tensor(shape: [100, 4], repeating: 2))?.hasPrefix("every entry of the data is the same, 2.0")
        == true)
    #expect(refusal(data.rows(0..<19))?.hasPrefix("19 samples are too few to find modes in (conv1)") == true)
    var recipe = TrainingRecipe.standard
    recipe.threshold = 1
    #expect(codecError { _ = try Decomposition.fit(data, recipe: recipe) }?.kind == .usage)
  }

  @Test func divergingTraining_isReported() throws {
    var recipe = TrainingRecipe.standard
    recipe.learningRate = 1e30
    let error = codecError {
      _ = try Decomposition.fit(try FixtureData.contributions("conv1"), recipe: recipe)
    }
    #expect(error?.what.hasPrefix("training diverged at step") == true)
  }
}

/// A long recording made of the fixture's frames: stretches of it mixed in pairs, with slow drifts in gain and a little
/// noise, so that neighbours in time are alike.
private func longRecording(_ data: Tensor, samples: Int) -> Tensor {
  let (frames, features) = (data.shape[0], data.shape[1])
  var random = RandomStream(seed: 3)
  var result = Tensor(shape: [samples, features])
  var (first, second) = (0, 0)
  for sample in 0..<samples {
    if sample % 20 == 0 { (first, second) = (random.integer(below: frames), random.integer(below: frames)) }
    let time = Double(sample)
    let share = 0.5 + 0.5 * sin(time / 27 + 3 * sin(time / 900))
    let gain = exp(0.3 * sin(time / 5000) + 0.2 * sin(time / 37))
    let (a, b) = ((first + sample % 20) % frames * features, (second + sample % 20) % frames * features)
    for feature in 0..<features {
      let mixed =
        share * Double(data.elements[a + feature]) + (1 - share) * Double(data.elements[b + feature])
      result.elements[sample * features + feature] = Float(mixed * gain * exp(0.1 * random.normal()))
    }
  }
  return result
}
