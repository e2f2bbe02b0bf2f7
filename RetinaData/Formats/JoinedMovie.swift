import Runtime

/// Movies shown one after the other, read as one.
struct JoinedMovie: MovieReader {
  private let parts: [Movie]

  func pixels(_ frames: Range<Int>, through window: FrameWindow) throws -> [Float] {
    var (pixels, first): ([Float], Int) = ([], 0)
    for part in parts {
      let wanted = frames.clamped(to: first..<first + part.frameCount)
      if !wanted.isEmpty {
        pixels += try part.reader.pixels(
          wanted.lowerBound - first..<wanted.upperBound - first, through: window)
      }
      first += part.frameCount
    }
    return pixels
  }

  fileprivate init(_ parts: [Movie]) { self.parts = parts }
}

extension Movie {
  /// Whole movies shown one after the other.
  /// - Throws: `CodecError` of kind `data` naming a movie whose frames are of another size than the first's.
  init(joining movies: [Movie], name: String) throws {
    precondition(!movies.isEmpty)
    let (height, width) = (movies[0].frameShape[1], movies[0].frameShape[2])
    if let other = movies.first(where: { $0.frameShape != movies[0].frameShape }) {
      throw CodecError(
        .data,
        "frames of \(other.frameShape[1])×\(other.frameShape[2]), those before have \(height)×\(width)",
        at: other.name, remedy: "movies that are joined need frames of one size")
    }
    try self.init(
      name: name, frames: movies.reduce(0) { $0 + $1.frameCount }, height: height, width: width,
      isBytes: movies.allSatisfy(\.isBytes), remarks: movies.flatMap(\.remarks), reader: JoinedMovie(movies))
    isVariable = movies.contains(where: \.isVariable)
  }
}
