/// Frames in colour, of which the stimulus is the luminance.
enum ColourFrames {
  /// Weights of red, green and blue (ITU-R BT.601, what `ffmpeg` takes too).
  private static let weights: (red: Float, green: Float, blue: Float) = (0.299, 0.587, 0.114)

  /// Whether so many colours are red, green and blue, alone or with opacity.
  static func isColour(_ count: Int) -> Bool { count == 3 || count == 4 }

  /// The luminance of pixels `[…, colour]`; opacity does not count.
  /// - Parameter colours: 1, 3 or 4.
  static func luminance(_ pixels: [Float], colours: Int) -> [Float] {
    guard colours > 1 else { return pixels }
    return stride(from: 0, to: pixels.count, by: colours).map { first in
      weights.red * pixels[first] + weights.green * pixels[first + 1] + weights.blue * pixels[first + 2]
    }
  }

  /// What the reader is told.
  static func remark(_ name: String) -> String {
    "\(name) is in colour: its luminance is taken (0.299 red, 0.587 green, 0.114 blue)"
  }
}
