import CKernels
import Numerics
import Runtime

/// Scaled dot-product self-attention of several heads (Vaswani et al. 2017): from queries, keys and values of every
/// token, `[token, 3 · width]` in this order, to the mixed values, `[token, width]`.
///
/// Each head h takes columns `h · d ..< (h + 1) · d` of each third, d = width / heads: softmax(q kᵀ / √d) v.
public struct Attention: Operator {
  /// Number of heads.
  public let heads: Int

  /// Attention of `heads` heads.
  public init(heads: Int) { self.heads = heads }

  /// The operator's name in messages.
  public var kind: String { "attention" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// Whether derivatives need the output of the forward pass.
  public var derivativesReadOutput: Bool { false }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let input = try onlyInput(inputs)
    guard input.count == 2, heads > 0, input[1] % (3 * heads) == 0 else {
      throw shapeError(expected: "token×(3 · \(heads) heads · dimension)", found: input)
    }
    return [input[0], input[1] / 3]
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledAttention(tokens: inputShapes[0][0], width: inputShapes[0][1] / 3, heads: heads)
  }
}

/// Works head by head; weights of attention are computed again where they are needed, so that a plan keeps none.
private final class CompiledAttention: CompiledOperator {
  private let tokens: Int
  private let width: Int
  private let heads: Int
  private var depth: Int { width / heads }
  private var scale: Float { 1 / Float(depth).squareRoot() }
  /// Two matrices [token, token].
  private let weights: UnsafeMutableBufferPointer<Float>
  private let slopes: UnsafeMutableBufferPointer<Float>
  /// The gradient of one sample's queries, keys and values, where it is to be added.
  private let gradient: UnsafeMutableBufferPointer<Float>

  /// Queries, keys and values of one head, or what belongs to them.
  private struct Head<Pointer> {
    let query: Pointer
    let key: Pointer
    let value: Pointer
  }

  init(tokens: Int, width: Int, heads: Int) {
    (self.tokens, self.width, self.heads) = (tokens, width, heads)
    weights = allocateAligned(tokens * tokens)
    slopes = allocateAligned(tokens * tokens)
    gradient = allocateAligned(tokens * 3 * width)
  }

  deinit {
    weights.deallocate()
    slopes.deallocate()
    gradient.deallocate()
  }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    forEachHead(samples) { sample, head in
      let x = self.head(head, inputs[0] + sample * tokens * 3 * width)
      attend(x)
      mix(weights, x.value, output + sample * tokens * width + head * depth, beta: 0)
    }
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    guard let sink = inputGradients[0] else { return }
    let count = tokens * 3 * width
    forEachHead(samples) { sample, head in
      let x = self.head(head, inputs[0] + sample * count)
      let target = sink.adds ? gradient.baseAddress! : sink.buffer + sample * count
      pull(x, outputGradient + sample * tokens * width + head * depth, to: self.head(head, target))
      if sink.adds, head == heads - 1 {
        codec_scaled(count, 1, gradient.baseAddress!, sink.buffer + sample * count, 1)
      }
    }
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    forEachHead(samples) { sample, head in
      let x = self.head(head, inputs[0] + sample * tokens * 3 * width)
      let t = self.head(head, inputTangents[0] + sample * tokens * 3 * width)
      let y = outputTangent + sample * tokens * width + head * depth
      attend(x)
      score(t.query, x.key, slopes, beta: 0)
      score(x.query, t.key, slopes, beta: 1)
      deriveSoftmax()
      mix(slopes, x.value, y, beta: 0)
      mix(weights, t.value, y, beta: 1)
    }
  }

  private func forEachHead(_ samples: Int, _ body: (Int, Int) -> Void) {
    for sample in 0..<samples { for head in 0..<heads { body(sample, head) } }
  }

  private func head(_ head: Int, _ start: UnsafePointer<Float>) -> Head<UnsafePointer<Float>> {
    let first = start + head * depth
    return Head(query: first, key: first + width, value: first + 2 * width)
  }

  private func head(
    _ head: Int, _ start: UnsafeMutablePointer<Float>
  ) -> Head<UnsafeMutablePointer<Float>> {
    let first = start + head * depth
    return Head(query: first, key: first + width, value: first + 2 * width)
  }

  /// weights = softmax(q kᵀ · scale).
  private func attend(_ x: Head<UnsafePointer<Float>>) {
    score(x.query, x.key, weights, beta: 0)
    codec_softmax(tokens, tokens, weights.baseAddress!, weights.baseAddress!)
  }

  /// The gradient of one head's queries, keys and values.
  private func pull(
    _ x: Head<UnsafePointer<Float>>, _ g: UnsafePointer<Float>, to target: Head<UnsafeMutablePointer<Float>>
  ) {
    attend(x)
    let (p, s) = (UnsafePointer(weights.baseAddress!), UnsafePointer(slopes.baseAddress!))
    BLAS.gemm(
      tokens, depth, tokens, a: p, transposeA: true, b: g, leadingB: width, c: target.value,
      leadingC: 3 * width)
    BLAS.gemm(
      tokens, tokens, depth, a: g, leadingA: width, b: x.value, leadingB: 3 * width, transposeB: true,
      c: slopes.baseAddress!)
    deriveSoftmax()
    BLAS.gemm(
      tokens, depth, tokens, alpha: scale, a: s, b: x.key, leadingB: 3 * width, c: target.query,
      leadingC: 3 * width)
    BLAS.gemm(
      tokens, depth, tokens, alpha: scale, a: s, transposeA: true, b: x.query, leadingB: 3 * width,
      c: target.key, leadingC: 3 * width)
  }

  /// result (+)= a bᵀ · scale, of queries and keys.
  private func score(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ result: UnsafeMutableBufferPointer<Float>,
    beta: Float
  ) {
    BLAS.gemm(
      tokens, tokens, depth, alpha: scale, a: a, leadingA: 3 * width, b: b, leadingB: 3 * width,
      transposeB: true, beta: beta, c: result.baseAddress!)
  }

  /// result (+)= p v.
  private func mix(
    _ p: UnsafeMutableBufferPointer<Float>, _ v: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>,
    beta: Float
  ) {
    BLAS.gemm(
      tokens, depth, tokens, a: UnsafePointer(p.baseAddress!), b: v, leadingB: 3 * width, beta: beta,
      c: result, leadingC: width)
  }

  /// slopes = the softmax's derivative at `weights` times slopes.
  private func deriveSoftmax() {
    codec_softmax_derivative(
      tokens, tokens, weights.baseAddress!, slopes.baseAddress!, slopes.baseAddress!, 0)
  }
}
