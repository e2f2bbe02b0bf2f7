import CKernels

/// Where an operator that only moves numbers finds each number of its output, for one sample.
///
/// Every such operator works axis by axis: a place on an output axis adds an offset to the input's index, or sees
/// nothing of the input. Neighbours that move alike are joined to runs.
struct IndexMap {
  private(set) var runs: [codec_run] = []

  /// - Parameters:
  ///   - axes: for each output axis, what each place adds to the input's index; `nil` where it sees none of the input.
  init(axes: [[Int?]]) {
    guard let last = axes.last else {
      runs = [codec_run(to: 0, from: 0, count: 1, step: 1)]
      return
    }
    let inner = Self.innerRuns(last)
    let outer = axes.dropLast()
    var places = [Int](repeating: 0, count: outer.count)
    for row in 0..<outer.reduce(1, { $0 * $1.count }) {
      var from: Int? = 0
      for (axis, place) in zip(outer, places) {
        from = from.flatMap { base in axis[place].map { base + $0 } }
      }
      if let from {
        for run in inner {
          append(
            codec_run(
              to: row * last.count + run.to, from: from + run.from, count: run.count, step: run.step))
        }
      }
      Self.advance(&places, over: outer)
    }
  }

  /// The identity on some axes: what each place of a shape's axes adds to a row-major index.
  static func offsets(ofShape shape: [Int]) -> [[Int]] {
    zip(shape, strides(ofShape: shape)).map { length, stride in (0..<length).map { $0 * stride } }
  }

  /// Distances between neighbours along each axis of a row-major tensor.
  static func strides(ofShape shape: [Int]) -> [Int] {
    shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
  }

  private mutating func append(_ run: codec_run) {
    if let last = runs.last, last.step == 0, run.step == 0 || run.count == 1, run.from == last.from,
      run.to == last.to + last.count
    {
      runs[runs.count - 1].count += run.count
    } else if let last = runs.last, last.step == 1 || last.count == 1, run.step == 1 || run.count == 1,
      run.to == last.to + last.count, run.from == last.from + last.count
    {
      runs[runs.count - 1].count += run.count
      runs[runs.count - 1].step = 1
    } else {
      runs.append(run)
    }
  }

  private static func innerRuns(_ axis: [Int?]) -> [codec_run] {
    var runs: [codec_run] = []
    for (place, offset) in axis.enumerated() {
      guard let offset else { continue }
      if let last = runs.last, last.to + last.count == place {
        let step = last.count == 1 ? offset - last.from : last.step
        if offset == last.from + step * last.count {
          runs[runs.count - 1].count += 1
          runs[runs.count - 1].step = step
          continue
        }
      }
      runs.append(codec_run(to: place, from: offset, count: 1, step: 1))
    }
    return runs
  }

  private static func advance(_ places: inout [Int], over axes: ArraySlice<[Int?]>) {
    for axis in places.indices.reversed() {
      places[axis] += 1
      if places[axis] < axes[axis].count { return }
      places[axis] = 0
    }
  }
}

/// A compiled operator that only moves numbers of its inputs, over a background of constants.
final class CompiledMovement: CompiledOperator {
  private let maps: [IndexMap]
  private let inputCounts: [Int]
  private let outputCount: Int
  private let background: [Float]?

  /// - Parameters:
  ///   - maps: one an input; where they leave gaps, the background shows.
  ///   - background: one sample's output without its inputs; zeros where left out.
  init(maps: [IndexMap], inputShapes: [[Int]], outputShape: [Int], background: [Float]? = nil) {
    self.maps = maps
    inputCounts = inputShapes.map(elementCount)
    outputCount = elementCount(outputShape)
    self.background = background
  }

  private var fillsOutput: Bool {
    maps.reduce(0) { $0 + $1.runs.reduce(0) { $0 + $1.count } } == outputCount
  }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    if let background {
      for sample in 0..<samples {
        (output + sample * outputCount).update(from: background, count: outputCount)
      }
    } else if !fillsOutput {
      output.update(repeating: 0, count: samples * outputCount)
    }
    gather(samples, inputs, output)
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    for case (let index, let sink?) in inputGradients.enumerated() {
      if !sink.adds { sink.buffer.update(repeating: 0, count: samples * inputCounts[index]) }
      codec_scatter(
        samples, maps[index].runs.count, maps[index].runs, inputCounts[index], outputCount, 1, outputGradient,
        sink.buffer)
    }
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    if !fillsOutput { outputTangent.update(repeating: 0, count: samples * outputCount) }
    gather(samples, inputTangents, outputTangent)
  }

  private func gather(
    _ samples: Int, _ inputs: [UnsafePointer<Float>], _ output: UnsafeMutablePointer<Float>
  ) {
    for (index, map) in maps.enumerated() {
      codec_gather(
        samples, map.runs.count, map.runs, inputCounts[index], outputCount, inputs[index], output, 0)
    }
  }
}
