/// How a camera held a picture (EXIF tag 0x0112): what to do with the stored rows to see it upright.
enum ExifOrientation: Int {
  case upright = 1
  case mirrored, turnedHalf, mirroredTurnedHalf, transposed, turnedRight, transverse, turnedLeft

  /// The orientation in a JPEG file's bytes; upright where it says nothing that can be understood.
  init(ofJPEG bytes: [UInt8]) {
    self = .upright
    var offset = 2
    while offset + 4 <= bytes.count, bytes[offset] == 0xFF {
      let marker = bytes[offset + 1]
      let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
      // The picture itself begins: markers that say something about it are over.
      guard marker != 0xDA, length >= 2, offset + 2 + length <= bytes.count else { return }
      let content = bytes[offset + 4..<offset + 2 + length]
      if marker == 0xE1, content.starts(with: Array("Exif\0\0".utf8)) {
        self = Self(tiff: Array(content.dropFirst(6)))
        return
      }
      offset += 2 + length
    }
  }

  /// The orientation in a PNG file's bytes (chunk eXIf).
  init(ofPNG bytes: [UInt8]) {
    self = .upright
    var offset = 8
    while offset + 8 <= bytes.count {
      let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      guard offset + 12 + length <= bytes.count else { return }
      if bytes[offset + 4..<offset + 8].elementsEqual("eXIf".utf8) {
        self = Self(tiff: Array(bytes[offset + 8..<offset + 8 + length]))
        return
      }
      offset += 12 + length
    }
  }

  /// The orientation in a TIFF header with its first directory.
  private init(tiff bytes: [UInt8]) {
    self = .upright
    let isLittle = bytes.starts(with: [0x49, 0x49])
    guard isLittle || bytes.starts(with: [0x4D, 0x4D]) else { return }
    func number(at offset: Int, count: Int) -> Int? {
      guard offset >= 0, offset + count <= bytes.count else { return nil }
      let digits = bytes[offset..<offset + count]
      return (isLittle ? Array(digits.reversed()) : Array(digits)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(at: 4, count: 4), let entries = number(at: directory, count: 2) else {
      return
    }
    for entry in 0..<entries {
      let start = directory + 2 + 12 * entry
      guard let tag = number(at: start, count: 2) else { return }
      if tag == 0x0112 {
        self = number(at: start + 8, count: 2).flatMap(Self.init(rawValue:)) ?? .upright
        return
      }
    }
  }
}

extension Picture {
  /// The picture as it is seen when the camera was held so.
  func turned(_ orientation: ExifOrientation) -> Picture {
    switch orientation {
    case .upright: self
    case .mirrored: mapped(width, height) { (width - 1 - $0, $1) }
    case .turnedHalf: mapped(width, height) { (width - 1 - $0, height - 1 - $1) }
    case .mirroredTurnedHalf: mapped(width, height) { ($0, height - 1 - $1) }
    case .transposed: mapped(height, width) { ($1, $0) }
    case .turnedRight: mapped(height, width) { ($1, height - 1 - $0) }
    case .transverse: mapped(height, width) { (width - 1 - $1, height - 1 - $0) }
    case .turnedLeft: mapped(height, width) { (width - 1 - $1, $0) }
    }
  }

  /// A picture whose pixel (x, y) is this one's at `source(x, y)`.
  private func mapped(_ newWidth: Int, _ newHeight: Int, _ source: (Int, Int) -> (x: Int, y: Int)) -> Picture
  {
    var result = [UInt8](repeating: 0, count: pixels.count)
    for y in 0..<newHeight {
      for x in 0..<newWidth {
        let from = source(x, y)
        for colour in 0..<3 {
          result[3 * (y * newWidth + x) + colour] = pixels[3 * (from.y * width + from.x) + colour]
        }
      }
    }
    return Picture(width: newWidth, height: newHeight, pixels: result)
  }
}
