import CKernels
import Numerics

/// Numbers of all units of a layer for some tiles, `[tile, unit, sample]`.
///
/// Threads write to disjoint tiles, or to disjoint units.
final class TileBuffer: @unchecked Sendable {
  let units: Int
  private let memory: UnsafeMutableBufferPointer<Float>

  init(tiles: Int, units: Int) {
    self.units = units
    memory = allocateAligned(max(tiles * units, 1) * tileSamples)
  }

  deinit { memory.deallocate() }

  /// Numbers of one tile.
  var stride: Int { units * tileSamples }

  /// The first number of a tile's unit.
  func at(tile: Int = 0, unit: Int = 0) -> UnsafeMutablePointer<Float> {
    memory.baseAddress! + tile * stride + unit * tileSamples
  }
}

/// What one thread needs for itself.
final class TileScratch {
  /// A layer's gradient with zeros around.
  let padded: TileBuffer
  /// Slopes of kernels before they are summed over samples.
  let slopes: TileBuffer
  /// One tile's numbers before and after each layer, for prediction.
  let input: TileBuffer
  let layers: [(before: TileBuffer, after: TileBuffer)]
  let outputs: (before: TileBuffer, after: TileBuffer)

  init(_ stack: ConvolutionalStack) {
    let convolutions = stack.layers.indices.map { TileConvolution(stack, layer: $0) }
    padded = TileBuffer(tiles: 1, units: convolutions.map(\.paddedUnits).max() ?? 0)
    slopes = TileBuffer(tiles: 1, units: convolutions.map { $0.taps * $0.shape.outputs }.max() ?? 0)
    input = TileBuffer(tiles: 1, units: elementCount(stack.input))
    layers = stack.layers.indices.map {
      let units = stack.units(after: $0)
      return (TileBuffer(tiles: 1, units: units), TileBuffer(tiles: 1, units: units))
    }
    outputs = (TileBuffer(tiles: 1, units: stack.outputs), TileBuffer(tiles: 1, units: stack.outputs))
  }
}

/// One convolution of tiles: its sizes, and its kernels in the orders that the ways forward and back read them.
struct TileConvolution: Sendable {
  var shape: codec_tile_conv
  /// `[input][y][x][output]`.
  private(set) var forward: [Float] = []
  /// `[output][y][x][input]`, turned over.
  private(set) var reverse: [Float] = []

  init(_ stack: ConvolutionalStack, layer: Int) {
    let (input, kernel) = (stack.shape(before: layer), stack.layers[layer].kernel)
    shape = codec_tile_conv(
      inputs: input[0], height: input[1], width: input[2], outputs: stack.layers[layer].channels,
      kernel_height: kernel[0], kernel_width: kernel[1])
  }

  var taps: Int { shape.kernel_height * shape.kernel_width }

  /// The transposed convolution, over a gradient with zeros around.
  private var transposed: codec_tile_conv {
    codec_tile_conv(
      inputs: shape.outputs, height: shape.height + shape.kernel_height - 1,
      width: shape.width + shape.kernel_width - 1, outputs: shape.inputs,
      kernel_height: shape.kernel_height, kernel_width: shape.kernel_width)
  }

  var paddedUnits: Int { transposed.inputs * transposed.height * transposed.width }

  /// Takes new kernels, `[output, input, y, x]`.
  mutating func take(_ weight: ArraySlice<Float>, alsoReverse: Bool) {
    let (inputs, outputs, taps) = (shape.inputs, shape.outputs, taps)
    forward = Array(repeating: 0, count: weight.count)
    reverse = Array(repeating: 0, count: alsoReverse ? weight.count : 0)
    var source = weight.startIndex
    for output in 0..<outputs {
      for input in 0..<inputs {
        for tap in 0..<taps {
          forward[(input * taps + tap) * outputs + output] = weight[source]
          if alsoReverse { reverse[(output * taps + taps - 1 - tap) * inputs + input] = weight[source] }
          source += 1
        }
      }
    }
  }

  func apply(_ input: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>) {
    var shape = shape
    codec_tile_convolve(&shape, forward, input, output)
  }

  /// The gradient of the input from that of the output.
  func applyTransposed(
    _ gradient: UnsafePointer<Float>, to input: UnsafeMutablePointer<Float>, scratch: TileScratch
  ) {
    var (shape, transposed) = (shape, transposed)
    codec_tile_pad(&shape, gradient, scratch.padded.at())
    codec_tile_convolve(&transposed, reverse, scratch.padded.at(), input)
  }

  /// The kernels' gradient, `[output, input, y, x]`, of one tile.
  func slopes(
    input: UnsafePointer<Float>, gradient: UnsafePointer<Float>, scratch: TileScratch,
    to slopes: UnsafeMutablePointer<Float>
  ) {
    var shape = shape
    codec_tile_convolve_weights(&shape, input, gradient, scratch.slopes.at(), slopes)
  }
}
