import CBLAS
import CKernels

/// Layers of a network over a batch laid out as columns, [feature][sample]: samples lie in the vector lanes.
///
/// The distance between two features is `stride(_:)` samples; lanes past the batch hold finite numbers nobody reads,
/// and gradients there are zero. Small products run in kernels of ours, where BLAS spends its time on the call; large
/// ones go to BLAS. Which is decided by the sizes alone, so that a seed reproduces.
package enum SampleColumns {
  /// The number of samples rounded up to the lanes.
  package static func stride(_ samples: Int) -> Int { (samples + 15) / 16 * 16 }

  /// From this many multiplications per sample on, BLAS is faster than the kernels (measured near 100 × 100).
  static let libraryProduct = 10_000

  /// Rows `index[0..<count]` of `data` [sample][width], as rows and as columns.
  package static func gather(
    _ index: ArraySlice<UInt32>, of data: [Float], width: Int, rows: inout [Float], columns: inout [Float]
  ) {
    let stride = stride(index.count)
    precondition(rows.count >= index.count * width && columns.count >= width * stride)
    index.withUnsafeBufferPointer { index in
      precondition(index.allSatisfy { (Int($0) + 1) * width <= data.count })
      codec_gather_samples(index.count, width, index.baseAddress, data, stride, &rows, &columns)
    }
  }

  /// Turns columns into rows [sample][width].
  package static func rows(fromColumns columns: [Float], count: Int, width: Int, into rows: inout [Float]) {
    precondition(columns.count >= width * stride(count) && rows.count >= count * width)
    codec_columns_to_rows(count, width, stride(count), columns, &rows)
  }

  /// Turns rows [sample][width] into columns; lanes past the batch become zero.
  package static func columns(fromRows rows: [Float], count: Int, width: Int, into columns: inout [Float]) {
    precondition(columns.count >= width * stride(count) && rows.count >= count * width)
    codec_rows_to_columns(count, width, stride(count), rows, &columns)
  }

  /// The affine map y = W x + b, with W [outputs][inputs] and b [outputs] in `parameters`.
  package static func affine(
    _ x: [Float], samples: Int, parameters: [Float], weight: Range<Int>, bias: Range<Int>,
    into y: inout [Float]
  ) {
    let (stride, outputs) = (stride(samples), bias.count)
    let inputs = weight.count / outputs
    precondition(
      outputs * inputs == weight.count && max(weight.upperBound, bias.upperBound) <= parameters.count)
    precondition(x.count >= inputs * stride && y.count >= outputs * stride)
    parameters.withUnsafeBufferPointer { all in
      let (w, b) = (all.baseAddress! + weight.lowerBound, all.baseAddress! + bias.lowerBound)
      if weight.count < libraryProduct {
        codec_dense_columns(outputs, inputs, stride, w, inputs, 1, b, x, &y)
      } else {
        product(w, transposed: false, outputs, inputs, stride, x, &y)
        codec_add_bias_columns(outputs, stride, b, &y)
      }
    }
  }

  /// Gradients of the affine map: of W and b into `gradient` at the same places.
  package static func affineGradient(
    _ dy: [Float], x: [Float], samples: Int, weight: Range<Int>, bias: Range<Int>, gradient: inout [Float]
  ) {
    let (stride, outputs) = (stride(samples), bias.count)
    let inputs = weight.count / outputs
    precondition(max(weight.upperBound, bias.upperBound) <= gradient.count)
    precondition(x.count >= inputs * stride && dy.count >= outputs * stride)
    gradient.withUnsafeMutableBufferPointer { all in
      let (dw, db) = (all.baseAddress! + weight.lowerBound, all.baseAddress! + bias.lowerBound)
      if weight.count < libraryProduct {
        codec_dense_columns_gradient(outputs, inputs, stride, dy, x, dw, db)
      } else {
        codec_sum_columns(outputs, stride, dy, db)
        BLAS.start
        cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasTrans, Int32(outputs), Int32(inputs), Int32(stride), 1, dy,
          Int32(stride), x, Int32(stride), 0, dw, Int32(inputs))
      }
    }
  }

  /// The gradient of the affine map's input, Wᵀ dy.
  package static func affineInputGradient(
    _ dy: [Float], samples: Int, outputs: Int, parameters: [Float], weight: Range<Int>, into dx: inout [Float]
  ) {
    let stride = stride(samples)
    let inputs = weight.count / outputs
    precondition(weight.upperBound <= parameters.count)
    precondition(dx.count >= inputs * stride && dy.count >= outputs * stride)
    parameters.withUnsafeBufferPointer { all in
      let w = all.baseAddress! + weight.lowerBound
      if weight.count < libraryProduct {
        codec_dense_columns(inputs, outputs, stride, w, 1, inputs, nil, dy, &dx)
      } else {
        product(w, transposed: true, inputs, outputs, stride, dy, &dx)
      }
    }
  }

  /// y [outputs][stride] = W x, or Wᵀ x where W is stored [inputs][outputs].
  static func product(
    _ w: UnsafePointer<Float>, transposed: Bool, _ outputs: Int, _ inputs: Int, _ stride: Int,
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
  ) {
    BLAS.start
    cblas_sgemm(
      CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, CblasNoTrans, Int32(outputs), Int32(stride),
      Int32(inputs), 1, w, Int32(transposed ? outputs : inputs), x, Int32(stride), 0, y, Int32(stride))
  }
}

/// Dropout, ReLU and layer norm over the features of each sample, in columns.
package struct DropReLUNorm: Sendable {
  /// Features of a sample.
  package let width: Int
  /// Added to the variance.
  package let epsilon: Float
  /// The layer's input before `forward`, its rectified values after it, [width][stride].
  package var values: [Float]
  /// Per sample, for the gradient.
  private var mean: [Float]
  private var reciprocalDeviation: [Float]
  private var keepScale: Float = 1

  package init(width: Int, samples: Int, epsilon: Float) {
    self.width = width
    self.epsilon = epsilon
    let stride = SampleColumns.stride(samples)
    values = Array(repeating: 0, count: width * stride)
    (mean, reciprocalDeviation) = (Array(repeating: 0, count: stride), Array(repeating: 0, count: stride))
  }

  /// Turns `values` into the layer's output `y`.
  /// - Parameter dropout: share of units dropped; 16 of `bits` decide each, laid out like the values.
  package mutating func forward(
    samples: Int, dropout: Double, bits: [UInt16], parameters: [Float], gain: Range<Int>, shift: Range<Int>,
    into y: inout [Float]
  ) {
    let stride = SampleColumns.stride(samples)
    precondition(values.count >= width * stride && y.count >= width * stride)
    precondition(dropout == 0 || bits.count >= width * stride)
    keepScale = dropout > 0 ? Float(1 / (1 - dropout)) : 1
    let drop = UInt32((dropout * 65536).rounded())
    parameters.withUnsafeBufferPointer { all in
      bits.withUnsafeBufferPointer { bits in
        codec_drop_relu_norm(
          width, stride, dropout > 0 ? bits.baseAddress : nil, drop, keepScale,
          all.baseAddress! + gain.lowerBound,
          all.baseAddress! + shift.lowerBound, epsilon, &values, &y, &mean, &reciprocalDeviation)
      }
    }
  }

  /// Turns the gradient of the output into that of the input, in place, and fills those of gain and shift.
  package func backward(
    _ dy: inout [Float], samples: Int, parameters: [Float], gain: Range<Int>, shift: Range<Int>,
    gradient: inout [Float]
  ) {
    let stride = SampleColumns.stride(samples)
    precondition(dy.count >= width * stride)
    parameters.withUnsafeBufferPointer { all in
      gradient.withUnsafeMutableBufferPointer { gradient in
        codec_drop_relu_norm_gradient(
          width, stride, keepScale, all.baseAddress! + gain.lowerBound, values, mean, reciprocalDeviation,
          &dy,
          gradient.baseAddress! + gain.lowerBound, gradient.baseAddress! + shift.lowerBound)
      }
    }
  }
}
