import Foundation
import Numerics
import Runtime

/// A retina made on the computer: ganglion cells of known types, each with a place, answering movies with
/// Poisson spikes.
///
/// The circuit behind the rates is a three-layer network of the kind fitted to recordings, and
/// `writeModel(to:)` saves it as one: an analysis of that model meets no fitting error, so what it finds can
/// be held against the truth.
///
///     var options = SimulatedRetina.Options()
///     options.types = [.onSustained]
///     let retina = try SimulatedRetina(options)
///     try retina.writeRecording(to: "one-type.h5")
///     try retina.writeModel(to: "one-type.safetensors")
public struct SimulatedRetina: Sendable {
  /// What was asked for.
  public let options: Options
  let circuit: SimulatedCircuit
  private let stream: RandomStream

  /// Wires the cells and measures their normalisation on a movie of their own.
  /// - Throws: `CodecError` naming the option that cannot be simulated.
  public init(_ options: Options = Options()) throws {
    try options.validate()
    self.options = options
    stream = RandomStream(seed: options.seed).split("simulated retina")
    var circuit = SimulatedCircuit(options, stream.split("circuit"))
    circuit.calibrate(
      on: Self.movie(
        named: "calibration", frames: 2000 + options.history, options, stream.split("movies")))
    self.circuit = circuit
  }

  /// The type of each cell.
  public var cellTypes: [SimulatedCellType] { circuit.wiring.map(\.type) }

  /// The centre of each cell's receptive field, pixels of the stimulus.
  public var places: [(y: Double, x: Double)] {
    let margin = Double(circuit.kernels.first + circuit.kernels.second - 2) / 2
    return circuit.wiring.map { ($0.place.y + margin, $0.place.x + margin) }
  }

  /// The movie shown once.
  public var trainingMovie: SimulatedMovie {
    Self.movie(named: "train", frames: options.trainingFrames, options, stream.split("movies"))
  }

  /// The movie shown `repeats` times.
  public var testMovie: SimulatedMovie {
    Self.movie(named: "test", frames: options.testFrames, options, stream.split("movies"))
  }

  private static func movie(
    named name: String, frames: Int, _ options: Options, _ stream: RandomStream
  ) -> SimulatedMovie {
    SimulatedMovie(
      name: name, frameCount: frames, stimulus: options.stimulus, height: options.height,
      width: options.width, frameRate: options.frameRate, stream: stream.split(name))
  }

  /// The rates behind the spikes at frames `range` of a movie, `[frame, cell]`, Hz.
  ///
  /// The rate at frame t depends on the `history` frames before it; before the movie the screen is grey.
  public func rates(of movie: SimulatedMovie, frames range: Range<Int>) -> Tensor {
    let first = range.lowerBound - options.history
    let grey = [Float](
      repeating: Float(circuit.calibration.stimulus.mean),
      count: min(max(-first, 0), range.count + options.history - 1) * options.height * options.width)
    let seen = max(first, 0)..<max(range.upperBound - 1, 0)
    let frames = seen.isEmpty ? grey : grey + movie.frames(seen).elements
    return Tensor(
      shape: [range.count, options.cells], elements: circuit.rates(frames: frames, responses: range.count))
  }

  /// Spike counts of one showing of a movie for known rates, `[frame, cell]`.
  /// - Parameters:
  ///   - rates: `[frame, cell]`, Hz, of the frames from `first` on.
  ///   - showing: which repeat.
  func spikeCounts(_ rates: Tensor, of movie: SimulatedMovie, from first: Int, showing: Int) -> [UInt8] {
    let showing = movie.stream.split("spikes").split(showing)
    var counts: [UInt8] = []
    counts.reserveCapacity(rates.count)
    for row in 0..<rates.rows {
      var random = showing.split(first + row)
      for rate in rates.row(row) {
        counts.append(UInt8(clamping: random.poisson(Double(rate) / options.frameRate)))
      }
    }
    return counts
  }
}

extension RandomStream {
  /// A Poisson number, by counting exponential waits in slices short enough for their product not to vanish.
  mutating func poisson(_ mean: Double) -> Int {
    var (count, left) = (0, mean)
    while left > 0 {
      let limit = exp(-min(left, 16))
      left -= 16
      var product = uniform()
      while product > limit {
        count += 1
        product *= uniform()
      }
    }
    return count
  }
}
