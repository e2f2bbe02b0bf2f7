/// How a stimulus becomes a network's input.
public struct Preprocessing: Sendable, Equatable {
  /// Subtracted from every pixel.
  public let mean: Float
  /// Every pixel is divided by it.
  public let standardDeviation: Float
  /// Frames in a window.
  public let history: Int
  /// Shape of one frame, [channel, y, x].
  public let frameShape: [Int]
  /// Frames a second, where the model knows.
  public let frameRate: Double?
  /// How pictures become frames, where the model is made for pictures.
  public let image: ImagePreprocessing?

  /// A preprocessing from its parts.
  public init(
    mean: Float, standardDeviation: Float, history: Int, frameShape: [Int], frameRate: Double?,
    image: ImagePreprocessing? = nil
  ) {
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.history = history
    self.frameShape = frameShape
    self.frameRate = frameRate
    self.image = image
  }

  /// The preprocessing of a network for pictures: each is one frame, whose source has normalised it already.
  public init(_ image: ImagePreprocessing) {
    self.init(
      mean: 0, standardDeviation: 1, history: 1, frameShape: [image.mean.count] + image.size, frameRate: nil,
      image: image)
  }
}

/// How a picture becomes a network's input: resized, its centre cut out, scaled to 0…1 and normalised by channel.
public struct ImagePreprocessing: Sendable, Equatable {
  /// How large a picture is made before its centre is cut out.
  public enum Resize: Sendable, Equatable {
    /// To the network's input, whatever its proportions.
    case squash
    /// So that its shorter side has this many pixels.
    case shorterSide(Int)
  }

  /// How pixels between pixels are found; both antialiased, as Pillow does.
  public enum Interpolation: String, Sendable, CaseIterable {
    case bilinear, bicubic
  }

  /// Height and width of the network's input, in pixels.
  public let size: [Int]
  /// How large a picture is made first.
  public let resize: Resize
  /// How pixels between pixels are found.
  public let interpolation: Interpolation
  /// Subtracted from each channel's values between 0 and 1; as many as channels.
  public let mean: [Float]
  /// Each channel is divided by it.
  public let standardDeviation: [Float]

  /// A preprocessing from its parts.
  public init(
    size: [Int], resize: Resize, interpolation: Interpolation, mean: [Float], standardDeviation: [Float]
  ) {
    precondition(size.count == 2 && mean.count == standardDeviation.count && !mean.isEmpty)
    self.size = size
    self.resize = resize
    self.interpolation = interpolation
    self.mean = mean
    self.standardDeviation = standardDeviation
  }
}
