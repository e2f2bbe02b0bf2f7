import Networks
import Numerics

/// A convolution of random sizes and geometry, and the shape of an input for it.
func randomConvolution(
  _ stream: inout RandomStream, isPlain: Bool = false
) throws -> (Convolution, inputShape: [Int]) {
  func draw(_ range: ClosedRange<Int>) -> Int { range.lowerBound + stream.integer(below: range.count) }
  var geometry = Convolution.Geometry()
  if !isPlain {
    geometry.stride = [draw(1...3), draw(1...2)]
    geometry.padding = [draw(0...2), draw(0...3)]
    geometry.dilation = [draw(1...2), draw(1...2)]
    geometry.groups = draw(1...2)
  }
  let kernel = [draw(1...4), draw(1...3)]
  let (inputs, outputs) = (draw(1...3), draw(1...4) * geometry.groups)
  let size = (0..<2).map { axis in
    max(geometry.dilation[axis] * (kernel[axis] - 1) + 1 - 2 * geometry.padding[axis], 1) + draw(0...5)
  }
  let weight = randomTensor([outputs, inputs] + kernel, &stream)
  let bias = stream.uniform() < 0.5 ? randomTensor([outputs], &stream).elements : nil
  let convolution = try Convolution(weight: weight, bias: bias, geometry: geometry)
  return (convolution, [inputs * geometry.groups] + size)
}

/// The convolution by its definition, in double precision.
func directConvolution(_ input: Tensor, _ convolution: Convolution, outputShape: [Int]) -> [Double] {
  let (geometry, weight) = (convolution.geometry, convolution.weight)
  let (inputs, kernel) = (weight.shape[1], Array(weight.shape[2...]))
  let outputsOfGroup = weight.shape[0] / geometry.groups
  var result: [Double] = []
  for sample in 0..<input.rows {
    for channel in 0..<outputShape[0] {
      for y in 0..<outputShape[1] {
        for x in 0..<outputShape[2] {
          var sum = Double(convolution.bias?[channel] ?? 0)
          for c in 0..<inputs {
            let source = channel / outputsOfGroup * inputs + c
            for ky in 0..<kernel[0] {
              for kx in 0..<kernel[1] {
                let iy = y * geometry.stride[0] + ky * geometry.dilation[0] - geometry.padding[0]
                let ix = x * geometry.stride[1] + kx * geometry.dilation[1] - geometry.padding[1]
                guard iy >= 0, iy < input.shape[2], ix >= 0, ix < input.shape[3] else { continue }
                let pixel = ((sample * input.shape[1] + source) * input.shape[2] + iy) * input.shape[3] + ix
                let element = ((channel * inputs + c) * kernel[0] + ky) * kernel[1] + kx
                sum += Double(input.elements[pixel]) * Double(weight.elements[element])
              }
            }
          }
          result.append(sum)
        }
      }
    }
  }
  return result
}
