import Numerics

/// Convolution as a matrix product: patches of the image laid out as columns, times the kernels.
///
/// Right for any geometry; patches of a few output rows at a time bound the memory.
final class GEMMConvolution: ConvolutionBackend {
  let name = "openblas"
  private let shape: ConvolutionShape
  private let weight: UnsafeMutableBufferPointer<Float>
  /// Elements of a patch of one group.
  private let depth: Int
  /// Output rows laid out at a time.
  private let rows: Int
  private let patches: UnsafeMutableBufferPointer<Float>

  init(_ shape: ConvolutionShape, weight: [Float]) {
    self.shape = shape
    self.weight = allocateAligned(copying: weight)
    let groups = shape.geometry.groups
    depth = shape.input[0] / groups * shape.kernel[0] * shape.kernel[1]
    let rowCount = depth * shape.output[2]
    rows = max(1, min(shape.output[1], 1 << 18 / max(rowCount, 1)))
    patches = allocateAligned(rowCount * rows)
  }

  deinit {
    weight.deallocate()
    patches.deallocate()
  }

  func apply(
    samples: Int, input: UnsafePointer<Float>, inputStride: Int, output: UnsafeMutablePointer<Float>
  ) throws {
    forEachBlock(samples) { sample, group, firstRow, rows in
      let columns = rows * shape.output[2]
      copyPatches(input + sample * inputStride, group: group, rows: firstRow..<firstRow + rows)
      let channels = shape.output[0] / shape.geometry.groups
      BLAS.gemm(
        channels, columns, depth, a: kernels(group), b: UnsafePointer(patches.baseAddress!),
        c: output + sample * shape.outputCount + group * channels * shape.outputPixels
          + firstRow * shape.output[2],
        leadingC: shape.outputPixels)
    }
  }

  func applyTransposed(samples: Int, outputGradient: UnsafePointer<Float>, to sink: GradientSink) throws {
    if !sink.adds { sink.buffer.update(repeating: 0, count: samples * shape.inputCount) }
    forEachBlock(samples) { sample, group, firstRow, rows in
      let columns = rows * shape.output[2]
      let channels = shape.output[0] / shape.geometry.groups
      BLAS.gemm(
        depth, columns, channels, a: kernels(group), transposeA: true,
        b: outputGradient + sample * shape.outputCount + group * channels * shape.outputPixels
          + firstRow * shape.output[2],
        leadingB: shape.outputPixels, c: patches.baseAddress!)
      addPatches(to: sink.buffer + sample * shape.inputCount, group: group, rows: firstRow..<firstRow + rows)
    }
  }

  private func kernels(_ group: Int) -> UnsafePointer<Float> {
    UnsafePointer(weight.baseAddress! + group * shape.output[0] / shape.geometry.groups * depth)
  }

  /// Calls `body(sample, group, first output row, rows)` for every block.
  private func forEachBlock(_ samples: Int, _ body: (Int, Int, Int, Int) -> Void) {
    for sample in 0..<samples {
      for group in 0..<shape.geometry.groups {
        for first in stride(from: 0, to: shape.output[1], by: rows) {
          body(sample, group, first, min(rows, shape.output[1] - first))
        }
      }
    }
  }

  /// Lays out patches as `[patch element, output pixel]`.
  private func copyPatches(_ image: UnsafePointer<Float>, group: Int, rows: Range<Int>) {
    forEachRun(group: group, rows: rows) { target, source, count, zerosBefore, zerosAfter in
      target.update(repeating: 0, count: zerosBefore)
      let step = shape.geometry.stride[1]
      for index in 0..<count { target[zerosBefore + index] = image[source + index * step] }
      (target + zerosBefore + count).update(repeating: 0, count: zerosAfter)
    }
  }

  /// Adds patches back to the pixels they came from.
  private func addPatches(to image: UnsafeMutablePointer<Float>, group: Int, rows: Range<Int>) {
    forEachRun(group: group, rows: rows) { source, target, count, zerosBefore, _ in
      let step = shape.geometry.stride[1]
      for index in 0..<count { image[target + index * step] += source[zerosBefore + index] }
    }
  }

  /// Calls `body(patches, first image offset, count, zeros before, zeros after)` for each run of output pixels of
  /// one row that one kernel element reads.
  private func forEachRun(
    group: Int, rows: Range<Int>, _ body: (UnsafeMutablePointer<Float>, Int, Int, Int, Int) -> Void
  ) {
    let (geometry, width) = (shape.geometry, shape.output[2])
    let channels = shape.input[0] / geometry.groups
    var target = patches.baseAddress!
    for channel in group * channels..<(group + 1) * channels {
      for ky in 0..<shape.kernel[0] {
        for kx in 0..<shape.kernel[1] {
          let left = kx * geometry.dilation[1] - geometry.padding[1]
          // Output columns whose pixel lies inside the image.
          let first = left >= 0 ? 0 : min(width, (-left + geometry.stride[1] - 1) / geometry.stride[1])
          let room = shape.input[2] - 1 - left
          let last = room < 0 ? 0 : min(width, room / geometry.stride[1] + 1)
          for row in rows {
            let y = row * geometry.stride[0] + ky * geometry.dilation[0] - geometry.padding[0]
            let isInside = y >= 0 && y < shape.input[1] && last > first
            let offset = (channel * shape.input[1] + y) * shape.input[2] + left + first * geometry.stride[1]
            if isInside {
              body(target, offset, last - first, first, width - last)
            } else {
              body(target, 0, 0, width, 0)
            }
            target += width
          }
        }
      }
    }
  }
}
