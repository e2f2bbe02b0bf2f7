import Networks
import Numerics
import Runtime
import Storage

/// From a picture as it is to what a network sees, step by step.
///
///     let preparation = try PicturePreparation(model.preprocessing.image!, of: model.network)
///     let seen = preparation.seen(try Picture(reading: "cat.jpg"))     // resized and cut, 8 bits
///     let input = preparation.input([seen])                            // normalised, [1, 3, 224, 224]
public struct PicturePreparation: Sendable {
  /// How pictures are prepared.
  public let preprocessing: ImagePreprocessing

  /// Height and width of what the network sees.
  public var height: Int { preprocessing.size[0] }
  /// Width of what the network sees.
  public var width: Int { preprocessing.size[1] }
  /// Channels of what the network sees: 3, or 1 for grey.
  public var channels: Int { preprocessing.mean.count }

  /// - Throws: `CodecError` of kind `data` where the network takes something else than such pictures.
  public init(_ preprocessing: ImagePreprocessing, of network: Network) throws {
    let expected = [preprocessing.mean.count] + preprocessing.size
    guard network.inputShape == expected else {
      throw CodecError(
        .data,
        "pictures of \(Self.text(expected)) do not fit a network that takes \(Self.text(network.inputShape))",
        at: network.name, remedy: "correct the image size or the number of means and deviations")
    }
    guard [1, 3].contains(preprocessing.mean.count) else {
      throw CodecError(
        .data, "the network takes \(preprocessing.mean.count) channels", at: network.name,
        remedy: "pictures have 3 channels, or 1 as grey")
    }
    guard preprocessing.standardDeviation.allSatisfy({ $0 > 0 }) else {
      throw CodecError(
        .data, "pictures cannot be divided by \(preprocessing.standardDeviation)", at: network.name,
        remedy: "standard deviations are above 0")
    }
    if case .shorterSide(let side) = preprocessing.resize, side < max(expected[1], expected[2]) {
      throw CodecError(
        .data,
        "a shorter side of \(side) pixels leaves less than the \(expected[1])×\(expected[2]) the network takes",
        at: network.name, remedy: "resize to at least the network's input, or squash")
    }
    self.preprocessing = preprocessing
  }

  private static func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }

  /// How pictures are prepared, in words: part of what decides a result's values.
  public var words: String {
    let resize =
      switch preprocessing.resize {
      case .squash: "squashed"
      case .shorterSide(let side): "shorter side \(side), middle cut out"
      }
    return
      "\(height)×\(width), \(resize), \(preprocessing.interpolation.rawValue), mean \(preprocessing.mean), "
      + "deviation \(preprocessing.standardDeviation)"
  }

  /// The picture resized and cut: what the network sees, before normalisation.
  public func seen(_ picture: Picture) -> Picture {
    switch preprocessing.resize {
    case .squash:
      return picture.resized(width: width, height: height, preprocessing.interpolation)
    case .shorterSide(let side):
      let (short, long) = (min(picture.width, picture.height), max(picture.width, picture.height))
      let other = side * long / short
      let isUpright = picture.width <= picture.height
      return picture.resized(
        width: isUpright ? side : other, height: isUpright ? other : side, preprocessing.interpolation
      ).centreCropped(width: width, height: height)
    }
  }

  /// Pictures that were ``seen(_:)`` as the network's normalised input, `[picture, channel, y, x]`.
  public func input(_ pictures: [Picture]) -> Tensor {
    let (area, channels) = (width * height, channels)
    var elements = [Float](repeating: 0, count: pictures.count * channels * area)
    for (index, picture) in pictures.enumerated() {
      precondition(picture.width == width && picture.height == height)
      for channel in 0..<channels {
        let (mean, deviation) = (preprocessing.mean[channel], preprocessing.standardDeviation[channel])
        let start = (index * channels + channel) * area
        for pixel in 0..<area {
          let byte = channels == 3 ? picture.pixels[3 * pixel + channel] : picture.grey(pixel)
          elements[start + pixel] = (Float(byte) / 255 - mean) / deviation
        }
      }
    }
    return Tensor(shape: [pictures.count, channels, height, width], elements: elements)
  }
}

extension Picture {
  /// A pixel's luma (ITU-R 601-2) in 8 bits, as Pillow computes it.
  fileprivate func grey(_ pixel: Int) -> UInt8 {
    let (red, green, blue) = (Int(pixels[3 * pixel]), Int(pixels[3 * pixel + 1]), Int(pixels[3 * pixel + 2]))
    return UInt8((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16)
  }
}
