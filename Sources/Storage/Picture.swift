import CJPEG
import CPNG
import Foundation
import Runtime

/// A picture in memory: rows from the top, red, green and blue of each pixel side by side, 8 bits each.
public struct Picture: Sendable, Equatable {
  /// Pixels in a row.
  public let width: Int
  /// Number of rows.
  public let height: Int
  /// `[height][width][3]`
  public var pixels: [UInt8]

  /// A picture from its pixels.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      pixels.count == 3 * width * height, "\(pixels.count) bytes do not fill \(width)×\(height) pixels")
    (self.width, self.height, self.pixels) = (width, height, pixels)
  }

  /// The most pixels of a picture: a small file may claim to be huge.
  static let mostPixels = 1 << 28

  /// Decodes a JPEG or PNG file, known by its first bytes, not its name.
  ///
  /// Grey, palette, CMYK and 16-bit pictures become red, green and blue of 8 bits; transparency is left out; the
  /// picture is turned as its EXIF orientation says.
  /// - Throws: `CodecError`: `fileSystem` where the file cannot be read, `data` where it is empty, damaged, cut off or no
  ///   picture, naming it.
  public init(reading path: String) throws {
    let file = try ReadableFile(path)
    guard file.count > 0 else { throw CodecError(.data, "the picture is empty", at: path) }
    try self.init(decoding: try file.bytes(at: 0, count: file.count), at: path)
  }

  /// Decodes a JPEG or PNG file's bytes.
  /// - Parameter place: the file, for messages.
  public init(decoding bytes: [UInt8], at place: String) throws {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = try Self.jpeg(bytes, at: place).turned(ExifOrientation(ofJPEG: bytes))
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = try Self.png(bytes, at: place).turned(ExifOrientation(ofPNG: bytes))
    } else {
      throw CodecError(
        .data, "the picture is neither JPEG nor PNG", at: place, remedy: "convert it to one of them")
    }
  }

  private static func jpeg(_ bytes: [UInt8], at place: String) throws -> Picture {
    var size = codec_jpeg_size()
    try check("JPEG", place, messageSize: codec_jpeg_message_size) {
      codec_jpeg_header(bytes, bytes.count, &size, $0)
    }
    let (width, height, channels) = (Int(size.width), Int(size.height), Int(size.channels))
    try requireSize(width, height, at: place)
    var pixels = [UInt8](repeating: 0, count: width * height * channels)
    try check("JPEG", place, messageSize: codec_jpeg_message_size) {
      codec_jpeg_pixels(bytes, bytes.count, size, &pixels, $0)
    }
    return Picture(width: width, height: height, pixels: redGreenBlue(pixels, channels: channels))
  }

  private static func png(_ bytes: [UInt8], at place: String) throws -> Picture {
    var (width, height): (Int32, Int32) = (0, 0)
    try check("PNG", place, messageSize: codec_png_message_size) {
      codec_png_decode(bytes, bytes.count, &width, &height, nil, $0)
    }
    try requireSize(Int(width), Int(height), at: place)
    var pixels = [UInt8](repeating: 0, count: 3 * Int(width) * Int(height))
    try check("PNG", place, messageSize: codec_png_message_size) {
      codec_png_decode(bytes, bytes.count, &width, &height, &pixels, $0)
    }
    return Picture(width: Int(width), height: Int(height), pixels: pixels)
  }

  /// The picture as a PNG file's bytes.
  public func png() throws -> [UInt8] {
    var size = 0
    var bytes: [UInt8] = []
    let call = { (target: UnsafeMutablePointer<UInt8>?, message: UnsafeMutablePointer<CChar>) in
      codec_png_encode(pixels, Int32(width), Int32(height), target, &size, message)
    }
    try Self.check("PNG", "\(width)×\(height) pixels", messageSize: codec_png_message_size) { call(nil, $0) }
    bytes = [UInt8](repeating: 0, count: size)
    try Self.check("PNG", "\(width)×\(height) pixels", messageSize: codec_png_message_size) { message in
      bytes.withUnsafeMutableBufferPointer { call($0.baseAddress, message) }
    }
    return Array(bytes.prefix(size))
  }

  /// Writes a PNG file; it appears under its name only when complete.
  public func write(png path: String) throws { try AtomicFile.write(try png(), to: path) }

  /// Runs a function of the shims and throws the library's message where it fails.
  private static func check(
    _ format: String, _ place: String, messageSize: some BinaryInteger,
    _ body: (UnsafeMutablePointer<CChar>) -> Int32
  ) throws {
    var message = [CChar](repeating: 0, count: Int(messageSize))
    guard body(&message) == 1 else {
      let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw CodecError(
        .data, "the \(format) picture is damaged", at: place, remedy: "\(text); replace it, or leave it out")
    }
  }

  private static func requireSize(_ width: Int, _ height: Int, at place: String) throws {
    guard width > 0, height > 0, width * height <= mostPixels else {
      throw CodecError(
        .data, "a picture of \(width)×\(height) pixels", at: place,
        remedy: "at most \(mostPixels) pixels are read")
    }
  }

  /// Grey becomes three equal colours; CMYK, stored inverted as Adobe's programs do, becomes what is left of white.
  private static func redGreenBlue(_ pixels: [UInt8], channels: Int) -> [UInt8] {
    switch channels {
    case 3: return pixels
    case 1: return pixels.flatMap { [$0, $0, $0] }
    default:
      var result = [UInt8](repeating: 0, count: pixels.count / 4 * 3)
      for pixel in 0..<pixels.count / 4 {
        let black = UInt32(pixels[4 * pixel + 3])
        for colour in 0..<3 {
          // Rounded product of two fractions of 255.
          let product = UInt32(pixels[4 * pixel + colour]) * black + 128
          result[3 * pixel + colour] = UInt8((product >> 8 + product) >> 8)
        }
      }
      return result
    }
  }
}
