import CKernels

/// A convolution during training, frequency by frequency: products of spectra forward and back, and sums of products over
/// a batch for the kernels' slopes.
///
/// The first layer of a movie takes the frames' own spectra; it needs no slopes of its input.
final class TrainedConvolution: @unchecked Sendable {
  let input: ImageLayout
  let output: ImageLayout
  let circle: ImageCircle
  let isFirst: Bool
  /// The last batch's spectra of inputs (not of the first layer) and of outputs' slopes,
  /// `[frequency][sample][group][8 re, 8 im]`.
  let inputs: Spectra
  let slopes: Spectra
  private let kernelSize: [Int]
  private let samples: Int
  /// Spectra of kernels, `[frequency][input][group of outputs]`, and `[frequency][output][group of inputs]`.
  private let kernels: Spectra
  private let turned: Spectra
  private let kernelSlopes: Spectra
  private let memory: [SharedFloats]
  private let batchPlaces: (inputs: [Int], outputs: [Int])

  init(_ stack: ConvolutionalStack, layer: Int, samples: Int) {
    (isFirst, self.samples) = (layer == 0, samples)
    let (from, to) = (stack.shape(before: layer), stack.shape(before: layer + 1))
    (input, output) = (ImageLayout(from), ImageLayout(to))
    kernelSize = stack.layers[layer].kernel
    let circle = ImageCircle(height: from[1], width: from[2])
    self.circle = circle
    var memory: [SharedFloats] = []
    func spectra(_ images: Int, _ groups: Int) -> Spectra {
      let frequency = Spectra.stride(images: images, groups: groups)
      memory.append(SharedFloats(circle.frequencies * frequency))
      return Spectra(start: memory[memory.count - 1].start, frequency: frequency)
    }
    inputs = spectra(layer == 0 ? 0 : samples, input.groups)
    slopes = spectra(samples, output.groups)
    kernels = spectra(from[0], output.groups)
    kernelSlopes = spectra(from[0], output.groups)
    turned = spectra(layer == 0 ? 0 : to[0], input.groups)
    self.memory = memory
    let (inputGroups, outputGroups) = (input.groups, output.groups)
    batchPlaces = (
      (0..<samples).map { 16 * inputGroups * $0 }, (0..<samples).map { 16 * outputGroups * $0 }
    )
  }

  /// Where the samples of a tile begin among this layer's inputs.
  var tilePlaces: ArraySlice<Int> { batchPlaces.inputs[..<tileSamples] }

  /// Numbers that a tile's spectra need on the way forward or back.
  var tileNumbers: Int {
    circle.frequencies * Spectra.stride(images: tileSamples, groups: max(input.groups, output.groups))
  }

  /// Numbers of the kernels that are taken at once.
  var kernelNumbers: Int { Self.part * elementCount(kernelSize) * max(input.pixel, output.pixel) }

  /// A tile's outputs from its inputs' spectra.
  /// - Parameter places: where each sample begins in `x`.
  func forward(
    _ x: Spectra, places: ArraySlice<Int>, to images: UnsafeMutablePointer<Float>, _ scratch: TileScratch
  ) {
    let products = Spectra(
      start: scratch.products.start,
      frequency: Spectra.stride(images: tileSamples, groups: output.groups))
    var sum = codec_spectral_sum(
      frequencies: circle.frequencies, images: tileSamples, inputs: input.channels, groups: output.groups,
      interleaved: isFirst ? 1 : 0, x_step: x.frequency, v_step: kernels.frequency, y_step: products.frequency
    )
    places.withUnsafeBufferPointer {
      codec_spectral_multiply(&sum, 1, x.start, $0.baseAddress!, kernels.start, products.start)
    }
    circle.restore(output, count: tileSamples, products, to: images, scratch: scratch.passes.start)
  }

  /// The way back for a tile: keeps the spectra of its outputs' slopes, and gives the slopes of its inputs where
  /// somebody wants them.
  func reverse(
    tile: Int, _ outputSlopes: UnsafePointer<Float>, to inputSlopes: UnsafeMutablePointer<Float>?,
    _ scratch: TileScratch
  ) {
    let given = slopes.from(image: tile * tileSamples, groups: output.groups)
    circle.transform(output, count: tileSamples, outputSlopes, to: given, scratch: scratch.passes.start)
    guard let inputSlopes else { return }
    let products = Spectra(
      start: scratch.products.start, frequency: Spectra.stride(images: tileSamples, groups: input.groups))
    var sum = codec_spectral_sum(
      frequencies: circle.frequencies, images: tileSamples, inputs: output.channels, groups: input.groups,
      interleaved: 0, x_step: given.frequency, v_step: turned.frequency, y_step: products.frequency)
    codec_spectral_multiply(&sum, 0, given.start, batchPlaces.outputs, turned.start, products.start)
    circle.restore(input, count: tileSamples, products, to: inputSlopes, scratch: scratch.passes.start)
  }

  /// Sums over the batch for the kernels' slopes at some frequencies.
  /// - Parameters:
  ///   - x: the spectra of all inputs.
  ///   - places: where each sample begins in them; nil for the inputs kept by this layer.
  func correlate(_ frequencies: Range<Int>, _ x: Spectra, places: [Int]?) {
    var sum = codec_spectral_sum(
      frequencies: frequencies.count, images: samples, inputs: input.channels, groups: output.groups,
      interleaved: isFirst ? 1 : 0, x_step: x.frequency, v_step: slopes.frequency,
      y_step: kernelSlopes.frequency)
    let first = frequencies.lowerBound
    codec_spectral_correlate(
      &sum, x.start + first * x.frequency, places ?? batchPlaces.inputs,
      slopes.start + first * slopes.frequency, kernelSlopes.start + first * kernelSlopes.frequency)
  }

  // MARK: Kernels

  /// Two inputs are transformed at once.
  private static let part = 2

  /// How many parts new kernels are taken in, and their slopes given.
  var kernelParts: Int { (input.channels + Self.part - 1) / Self.part }
  var turnedParts: Int { isFirst ? 0 : (output.channels + Self.part - 1) / Self.part }

  /// Takes new kernels, `[output, input, y, x]`, of some inputs.
  func take(part: Int, of weight: UnsafePointer<Float>, _ scratch: TileScratch) {
    let (taps, inputs) = (elementCount(kernelSize), input.channels)
    take(part, from: input, to: output, kernels, scratch) { weight + ($1 * inputs + $0) * taps }
  }

  /// Takes new kernels of some outputs, for the way back.
  func takeTurned(part: Int, of weight: UnsafePointer<Float>, _ scratch: TileScratch) {
    let (taps, inputs) = (elementCount(kernelSize), input.channels)
    take(part, from: output, to: input, turned, scratch) { weight + ($0 * inputs + $1) * taps }
  }

  /// Spectra of the kernels between some channels of `from` and all of `to`.
  /// - Parameter kernel: the kernel between a channel of each.
  private func take(
    _ part: Int, from: ImageLayout, to: ImageLayout, _ spectra: Spectra, _ scratch: TileScratch,
    kernel: (Int, Int) -> UnsafePointer<Float>
  ) {
    let channels = part * Self.part..<min((part + 1) * Self.part, from.channels)
    let (taps, pixel) = (elementCount(kernelSize), to.pixel)
    let images = scratch.kernels.start
    images.update(repeating: 0, count: channels.count * taps * pixel)
    let scale = 1 / Float(circle.points)
    for (place, channel) in channels.enumerated() {
      for other in 0..<to.channels {
        let source = kernel(channel, other)
        let target = images + place * taps * pixel + other
        for tap in 0..<taps { target[tap * pixel] = scale * source[tap] }
      }
    }
    circle.transform(
      ImageLayout([to.channels] + kernelSize), count: channels.count, images,
      to: spectra.from(image: channels.lowerBound, groups: to.groups), scratch: scratch.passes.start)
  }

  /// Slopes of some inputs' kernels, `[output, input, y, x]`, from the sums over the batch, with those of a penalty
  /// `decay` × kernel.
  func give(
    part: Int, decay: Float, weight: UnsafePointer<Float>, to slopes: UnsafeMutablePointer<Float>,
    _ scratch: TileScratch
  ) {
    let inputs = part * Self.part..<min((part + 1) * Self.part, input.channels)
    let (taps, pixel) = (elementCount(kernelSize), output.pixel)
    let images = scratch.kernels.start
    circle.restore(
      ImageLayout([output.channels] + kernelSize), count: inputs.count,
      kernelSlopes.from(image: inputs.lowerBound, groups: output.groups), to: images,
      scratch: scratch.passes.start)
    let scale = 1 / Float(circle.points)
    for (place, input) in inputs.enumerated() {
      for output in 0..<output.channels {
        let first = (output * self.input.channels + input) * taps
        let source = images + place * taps * pixel + output
        for tap in 0..<taps {
          slopes[first + tap] = scale * source[tap * pixel] + decay * weight[first + tap]
        }
      }
    }
  }
}
