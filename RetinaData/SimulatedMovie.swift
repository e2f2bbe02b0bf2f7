import Foundation
import Numerics
import Stimuli

/// The movie shown to a simulated retina, made frame by frame from its seed: any range costs only itself.
///
/// Values are whole numbers 0…255, as a recording stores them.
public struct SimulatedMovie: StimulusSource {
  /// Which movie this is.
  public let name: String
  /// Number of frames.
  public let frameCount: Int
  let stimulus: SimulatedRetina.Stimulus
  let height: Int
  let width: Int
  let frameRate: Double
  let stream: RandomStream

  /// Channel (one), height, width.
  public var frameShape: [Int] { [1, height, width] }
  /// The movie is one continuous run.
  public var segments: [Range<Int>] { [0..<frameCount] }
  /// Seconds between frames.
  public var frameInterval: Double? { 1 / frameRate }

  /// Some of the frames.
  /// - Returns: `[frame, 1, y, x]`.
  public func frames(_ range: Range<Int>) -> Tensor {
    var pixels: [Float] = []
    pixels.reserveCapacity(range.count * height * width)
    switch stimulus {
    case .binaryNoise(let checker, let hold):
      for frame in range {
        appendCheckers(checker, of: frame / hold, to: &pixels) { $0.next() & 1 == 0 ? 64 : 192 }
      }
    case .gaussianNoise(let checker, let hold):
      for frame in range {
        appendCheckers(checker, of: frame / hold, to: &pixels) { Self.grey(128 + 42 * $0.normal()) }
      }
    case .naturalMovie: appendScenes(range, to: &pixels)
    }
    return Tensor(shape: [range.count, 1, height, width], elements: pixels)
  }

  /// The brightness a recording can store nearest to `value`.
  static func grey(_ value: Double) -> Float { Float(min(max(value.rounded(), 0), 255)) }

  private func appendCheckers(
    _ side: Int, of draw: Int, to pixels: inout [Float], _ value: (inout RandomStream) -> Float
  ) {
    var random = stream.split("checkers").split(draw)
    let columns = (width + side - 1) / side
    for top in stride(from: 0, to: height, by: side) {
      let checkers = (0..<columns).map { _ in value(&random) }
      for _ in top..<min(top + side, height) {
        for x in 0..<width { pixels.append(checkers[x / side]) }
      }
    }
  }

  /// Frames of one scene each second.
  private func appendScenes(_ range: Range<Int>, to pixels: inout [Float]) {
    let length = max(1, Int(frameRate.rounded()))
    var frame = range.lowerBound
    while frame < range.upperBound {
      let number = frame / length
      let scene = SimulatedScene(
        height: height, width: width, length: length, stream.split("scene").split(number))
      let end = min(range.upperBound, (number + 1) * length)
      for time in frame..<end { scene.appendFrame(time - number * length, to: &pixels) }
      frame = end
    }
  }
}

/// A still image with 1/f amplitudes seen by a moving eye for one second.
///
/// The image is a sum of plane waves whose frequencies are uniform in the logarithm with equal amplitudes:
/// equal power in every octave, which is a 1/f amplitude spectrum in two dimensions (Field 1987). A wave
/// splits into products of one function of y and one of x, so a frame is one matrix product, at any
/// displacement without interpolation.
private struct SimulatedScene {
  private static let waveCount = 96

  let height: Int
  let width: Int
  private var waves: [(y: Double, x: Double, phase: Double)] = []
  private var amplitude: Double
  private var brightness: Double
  /// Displacement of the eye at each frame, pixels.
  private var path: [(y: Double, x: Double)] = []

  init(height: Int, width: Int, length: Int, _ stream: RandomStream) {
    self.height = height
    self.width = width
    var random = stream.split("image")
    let lowest = 1 / (2 * Double(max(height, width)))
    for _ in 0..<Self.waveCount {
      let frequency = lowest * pow(0.25 / lowest, random.uniform())
      let angle = 2 * Double.pi * random.uniform()
      waves.append(
        (
          2 * .pi * frequency * sin(angle), 2 * .pi * frequency * cos(angle), 2 * .pi * random.uniform()
        ))
    }
    let contrast = 25 + 40 * random.uniform()
    amplitude = contrast * (2 / Double(Self.waveCount)).squareRoot()
    brightness = 128 + 20 * random.normal()
    path = Self.path(length: length, size: Double(min(height, width)), stream.split("eye"))
  }

  /// A steady drift of its own speed and direction with a random walk on top.
  private static func path(length: Int, size: Double, _ stream: RandomStream) -> [(y: Double, x: Double)] {
    var random = stream
    let angle = 2 * Double.pi * random.uniform()
    let speed = -log(1 - random.uniform()) * 0.008 * size
    var (y, x) = (0.0, 0.0)
    return (0..<length).map { _ in
      y += speed * sin(angle) + 0.012 * size * random.normal()
      x += speed * cos(angle) + 0.012 * size * random.normal()
      return (y, x)
    }
  }

  func appendFrame(_ time: Int, to pixels: inout [Float]) {
    let place = path[time]
    let rows = phases(height, at: place.y, waves.map { ($0.y, $0.phase) })
    let columns = phases(width, at: place.x, waves.map { ($0.x, 0) })
    var image = [Float](repeating: 0, count: height * width)
    // cos(p + q) = cos p cos q − sin p sin q
    BLAS.gemm(
      height, width, waves.count, alpha: Float(amplitude), a: rows.cosines, b: columns.cosines,
      transposeB: true, beta: 0, c: &image)
    BLAS.gemm(
      height, width, waves.count, alpha: Float(-amplitude), a: rows.sines, b: columns.sines,
      transposeB: true, beta: 1, c: &image)
    for value in image { pixels.append(SimulatedMovie.grey(brightness + Double(value))) }
  }

  /// Cosine and sine of each wave's phase along one axis, `[position, wave]`, by rotating from pixel to pixel.
  private func phases(
    _ count: Int, at start: Double, _ axis: [(frequency: Double, phase: Double)]
  ) -> (cosines: [Float], sines: [Float]) {
    var cosines = [Float](repeating: 0, count: count * axis.count)
    var sines = cosines
    for (wave, along) in axis.enumerated() {
      var (c, s) = (cos(along.phase + along.frequency * start), sin(along.phase + along.frequency * start))
      let (stepC, stepS) = (cos(along.frequency), sin(along.frequency))
      for position in 0..<count {
        cosines[position * axis.count + wave] = Float(c)
        sines[position * axis.count + wave] = Float(s)
        (c, s) = (c * stepC - s * stepS, c * stepS + s * stepC)
      }
    }
    return (cosines, sines)
  }
}
