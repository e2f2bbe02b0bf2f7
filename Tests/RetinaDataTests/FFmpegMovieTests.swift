import Foundation
import RetinaData
import Runtime
import Stimuli
import TestSupport
import Testing

/// Movies made by ffmpeg and read through it.
@Suite struct FFmpegMovieTests {
  private let folder: URL
  init() throws { folder = try Fixtures.temporaryFolder() }
  private static let frames = 30
  private static let height = 48
  private static let width = 64

  private static func pixel(_ time: Int, _ y: Int, _ x: Int) -> UInt8 { UInt8(40 + 3 * time + y + x) }

  /// Encodes the frames with some arguments.
  private func movie(_ name: String, _ arguments: [String]) throws -> String {
    let raw = folder.appending(path: "raw")
    let pixels = (0..<Self.frames).flatMap { time in
      (0..<Self.height).flatMap { y in (0..<Self.width).map { Self.pixel(time, y, $0) } }
    }
    try Data(pixels).write(to: raw)
    let path = folder.appending(path: name).path
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      [
        "ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s",
        "\(Self.width)x\(Self.height)",
        "-r", "25", "-i", raw.path,
      ] + arguments + [path]
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return path
  }

  @Test(arguments: [
    ("lossless.mkv", ["-c:v", "ffv1"], 0.0),
    ("film.mp4", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-qp", "4", "-bf", "2"], 4.0),
    ("film.avi", ["-c:v", "mpeg4", "-q:v", "1"], 5.0),
  ])
  func framesOfEachCodec_areDecodedInOrder(name: String, arguments: [String], tolerance: Double) throws {
    let movie = try MovieFile.open(movie(name, arguments))
    #expect(movie.frameCount == 30 && movie.frameShape == [1, 48, 64] && movie.isBytes)
    #expect(abs((movie.frameRate ?? 0) - 25) < 0.1)
    let isGrey = name == "lossless.mkv"
    #expect(
      movie.remarks.map { $0.hasSuffix("is stored in colour (yuv420p): its luminance is taken") }
        == (isGrey ? [] : [true]))
    for range in [0..<3, 3..<30, 10..<12] {
      let pixels = try movie.frames(range).elements
      let expected = range.flatMap { time in
        (0..<48).flatMap { y in (0..<64).map { Double(Self.pixel(time, y, $0)) } }
      }
      let errors = zip(pixels, expected).map { abs(Double($0) - $1) }
      #expect(errors.max() ?? 99 <= 2 * tolerance)
      #expect(errors.reduce(0, +) / Double(errors.count) <= tolerance / 2)
    }
  }

  @Test func cropAndSquares_agreeWithMeans() throws {
    let movie = try MovieFile.open(movie("lossless.mkv", ["-c:v", "ffv1"])).cropped(
      y: 8..<48, x: 3..<63, block: 4)
    #expect(movie.frameShape == [1, 10, 15])
    let pixels = try movie.frames(7..<8).elements
    for y in 0..<10 {
      for x in 0..<15 {
        let mean = Float(Self.pixel(7, 8 + 4 * y, 3 + 4 * x)) + 3
        #expect(abs(pixels[y * 15 + x] - mean) <= 1)
      }
    }
  }

  /// Frames reduced to a line or a point, as bars and full fields are.
  @Test func means_holdForSinglePixelsToo() throws {
    let whole = try MovieFile.open(movie("lossless.mkv", ["-c:v", "ffv1"]))
    for (rows, columns, block) in [(0..<48, 0..<64, 48), (10..<12, 6..<46, 2), (0..<48, 8..<12, 4)] {
      let movie = try whole.cropped(y: rows, x: columns, block: block)
      let (height, width) = (rows.count / block, columns.count / block)
      #expect(movie.frameShape == [1, height, width])
      let pixels = try movie.frames(5..<8).elements
      for (index, pixel) in pixels.enumerated() {
        let (frame, y, x) = (5 + index / (height * width), index / width % height, index % width)
        let corner = Double(Self.pixel(frame, rows.lowerBound + block * y, columns.lowerBound + block * x))
        #expect(abs(Double(pixel) - corner - Double(block - 1)) <= 0.01)
      }
    }
  }

  /// At 500 Hz too, where a doubled interval is no longer than what containers round.
  @Test(arguments: [25, 500]) func variableFrameRate_isNoticed(rate: Int) throws {
    let path = try movie(
      "variable\(rate).mkv",
      [
        "-vf", "settb=1/1000,setpts='if(lt(N,15),N,2*N-15)/\(rate)/TB'", "-fps_mode", "passthrough",
        "-enc_time_base", "1:1000", "-c:v", "ffv1",
      ])
    let movie = try MovieFile.open(path)
    #expect(movie.isVariable && movie.frameRate == nil && movie.frameCount == 30)
    #expect(movie.remarks.first?.contains("variable frame rate") == true)
  }

  @Test func whatIsNoMovie_isRefused() throws {
    let path = folder.appending(path: "text.mp4")
    try "no movie".write(to: path, atomically: true, encoding: .utf8)
    let error = #expect(throws: CodecError.self) { try MovieFile.open(path.path) }
    #expect(error?.kind == .data && error?.place == path.path)
    let missing = #expect(throws: CodecError.self) { try MovieFile.open(path.path + ".mkv") }
    #expect(missing?.kind == .fileSystem)
  }
}
