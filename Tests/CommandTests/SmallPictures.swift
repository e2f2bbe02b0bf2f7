import Foundation
import Numerics
import Storage
import TestSupport

/// A folder of class folders with a few pictures each: discs of a colour and size that tell the class.
struct SmallPictures {
  /// Writes the pictures.
  /// - Parameters:
  ///   - folder: where the class folders go.
  ///   - classes: how many there are.
  ///   - each: pictures of each class.
  static func write(to folder: URL, classes: Int = 20, each: Int = 2) throws {
    var random = RandomStream(seed: 7)
    for label in 0..<classes {
      let name = label < 10 ? "class_0\(label)" : "class_\(label)"
      let place = folder.appending(path: name)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for index in 0..<each {
        let picture = disc(
          radius: 8 + label, colour: [40 * (label % 4) + 90, 12 * label, 255 - 9 * label], random: &random)
        try picture.write(png: place.appending(path: "\(index).png").path)
      }
    }
  }

  private static func disc(radius: Int, colour: [Int], random: inout RandomStream) -> Picture {
    let side = 72
    var pixels: [UInt8] = []
    for y in 0..<side {
      for x in 0..<side {
        let isInside = (x - side / 2) * (x - side / 2) + (y - side / 2) * (y - side / 2) < radius * radius
        pixels += (0..<3).map { UInt8(min(255, isInside ? colour[$0] : random.integer(below: 60))) }
      }
    }
    return Picture(width: side, height: side, pixels: pixels)
  }
}
