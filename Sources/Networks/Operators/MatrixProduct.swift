import Numerics
import Runtime

/// Products of matrices that are both computed: `[…, m, k] · […, k, n]`, one for each entry of the leading axes.
public struct MatrixProduct: Operator {
  /// Multiplies every product.
  public let scale: Float
  /// Whether the right side is stored as `[…, n, k]`.
  public let transposesRight: Bool

  /// - Parameters:
  ///   - scale: multiplies every product.
  ///   - transposesRight: whether the right side is stored as `[…, n, k]`.
  public init(scale: Float = 1, transposesRight: Bool = false) {
    (self.scale, self.transposesRight) = (scale, transposesRight)
  }

  /// The operator's name in messages.
  public var kind: String { "matrix product" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// Whether derivatives need the output of the forward pass.
  public var derivativesReadOutput: Bool { false }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    guard inputs.count == 2 else {
      throw CodecError(.data, "\(kind) takes two inputs, found \(inputs.count)")
    }
    let (a, b) = (inputs[0], inputs[1])
    guard a.count >= 2, b.count == a.count, a.dropLast(2) == b.dropLast(2) else {
      throw shapeError(expected: "with the leading axes of \(shapeText(a))", found: b)
    }
    let (inner, columns) =
      transposesRight ? (b[b.count - 1], b[b.count - 2]) : (b[b.count - 2], b[b.count - 1])
    guard a[a.count - 1] == inner else {
      throw shapeError(expected: "that multiplies \(shapeText(a))", found: b)
    }
    return a.dropLast() + [columns]
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    let (a, output) = (inputShapes[0], try outputShape(of: inputShapes))
    return CompiledMatrixProduct(
      count: a.dropLast(2).reduce(1, *), m: a[a.count - 2], k: a[a.count - 1], n: output[output.count - 1],
      scale: scale, transposesRight: transposesRight)
  }
}

private final class CompiledMatrixProduct: CompiledOperator {
  /// Products of one sample.
  private let count: Int
  private let (m, k, n): (Int, Int, Int)
  private let scale: Float
  private let transposesRight: Bool

  init(count: Int, m: Int, k: Int, n: Int, scale: Float, transposesRight: Bool) {
    (self.count, self.m, self.k, self.n) = (count, m, k, n)
    (self.scale, self.transposesRight) = (scale, transposesRight)
  }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    multiply(samples, inputs[0], inputs[1], output, beta: 0)
  }

  private func multiply(
    _ samples: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    beta: Float
  ) {
    for index in 0..<samples * count {
      BLAS.gemm(
        m, n, k, alpha: scale, a: a + index * m * k, b: b + index * k * n, transposeB: transposesRight,
        beta: beta, c: y + index * m * n)
    }
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    for index in 0..<samples * count {
      let (a, b) = (inputs[0] + index * m * k, inputs[1] + index * k * n)
      let g = outputGradient + index * m * n
      if let sink = inputGradients[0] {
        BLAS.gemm(
          m, k, n, alpha: scale, a: g, b: b, transposeB: !transposesRight, beta: sink.adds ? 1 : 0,
          c: sink.buffer + index * m * k)
      }
      guard let sink = inputGradients[1] else { continue }
      let (target, beta) = (sink.buffer + index * k * n, Float(sink.adds ? 1 : 0))
      if transposesRight {
        BLAS.gemm(n, k, m, alpha: scale, a: g, transposeA: true, b: a, beta: beta, c: target)
      } else {
        BLAS.gemm(k, n, m, alpha: scale, a: a, transposeA: true, b: g, beta: beta, c: target)
      }
    }
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    multiply(samples, inputTangents[0], inputs[1], outputTangent, beta: 0)
    multiply(samples, inputs[0], inputTangents[1], outputTangent, beta: 1)
  }
}
