import Foundation
import RetinaData
import Runtime
import Stimuli
import Storage
import TestSupport
import Testing

/// Stimuli of sessions by pynwb (`Tests/Fixtures/formats/make.py`): single pictures, several movies, colour.
@Suite struct NWBStimulusTests {
  /// All frames of both splits of a session, and what was said of it.
  private func whole(_ name: String) throws -> (pixels: [Float], remarks: [String]) {
    let recording = try RecordingFile.open(FormatTruth.path(name))
    return (
      try recording.splits.flatMap { try $0.frames(0..<$0.frameCount).elements },
      recording.splits.flatMap(\.remarks)
    )
  }

  private func refusal(_ name: String) -> CodecError? {
    #expect(throws: CodecError.self) { try RecordingFile.open(FormatTruth.path(name)) }
  }

  /// Luminance of frames in colour: red as in the rule, green upside down, blue 100.
  private func luminance(_ frames: [Int]) -> [Float] {
    let red = FormatTruth.pixels(frames)
    return red.indices.map { index in
      let (frame, y, x) = (index / 48, index % 48 / 8, index % 8)
      return 0.299 * red[index] + 0.587 * red[frame * 48 + (5 - y) * 8 + x] + 0.114 * 100
    }
  }

  private func worst(_ one: [Float], _ other: [Float]) -> Float {
    one.count == other.count ? zip(one, other).map { abs($0 - $1) }.max() ?? 0 : .infinity
  }

  @Test func indicesIntoPictures_followTheOrderOfImages_notOfNames() throws {
    let (pixels, remarks) = try whole("pictures.nwb")
    #expect(pixels == FormatTruth.pixels((0..<60).map { $0 * 3 % 4 }))
    #expect(!remarks.contains { $0.contains("order_of_images") })
  }

  @Test func picturesWithoutAnOrder_areTakenByName_andThatIsSaid() throws {
    let (pixels, remarks) = try whole("unordered.nwb")
    #expect(pixels == FormatTruth.pixels((0..<60).map { $0 * 3 % 4 }))
    #expect(remarks.contains { $0.contains("states no order_of_images") })
  }

  @Test func picturesOfOtherSizes_areNamed() {
    let error = refusal("unequal_pictures.nwb")
    #expect(error?.kind == .data && error?.what == "a picture of shape [5, 8], those before have [6, 8]")
    #expect(
      error?.place?.hasSuffix("unequal_pictures.nwb: /stimulus/presentation/shown/indexed_images/b") == true)
  }

  @Test(arguments: ["colour.nwb", "colour_pictures.nwb"])
  func colour_becomesLuminance_andThatIsSaid(name: String) throws {
    let (pixels, remarks) = try whole(name)
    let shown = (0..<60).map { name == "colour.nwb" ? $0 : $0 * 3 % 4 }
    #expect(worst(pixels, luminance(shown)) < 1e-4)
    #expect(remarks.contains { $0.contains("is in colour: its luminance is taken") })
  }

  @Test func externalMovies_followEachOther() throws {
    let recording = try RecordingFile.open(FormatTruth.path("films.nwb"))
    #expect(try whole("films.nwb").pixels == FormatTruth.pixels(0..<60))
    let times = try recording.splits.flatMap { try #require($0.times) }
    #expect(times.count == 60 && abs(times[59] - (0.1 + 59.0 / 50)) < 1e-9)
    // A block over the seam, seen through a window.
    let movie = try MovieFile.open(FormatTruth.path("films.nwb")).cropped(y: 2..<4, x: 4..<6, block: 2)
    let expected = (38..<43).map { time in
      let corner = Float((7 * time + 3 * 2 + 4) % 256)
      return corner + 2
    }
    #expect(worst(try movie.frames(38..<43).elements, expected) <= 1)
  }

  @Test func externalMoviesThatDoNotBeginWhereTheSessionSays_areRefused() {
    let error = refusal("misplaced_films.nwb")
    #expect(error?.kind == .data)
    #expect(error?.what == "second.mkv begins at frame 41, but the movies before it have 40 frames")
  }

  @Test func arraysInColour_becomeLuminance() throws {
    let path = try Fixtures.temporaryFolder().appending(path: "colour.h5").path
    let red = FormatTruth.pixels(0..<6)
    let pixels = red.enumerated().flatMap { index, value -> [Float] in
      let (frame, y, x) = (index / 48, index % 48 / 8, index % 8)
      return [value, red[frame * 48 + (5 - y) * 8 + x], 100]
    }
    do {
      let file = try H5File(creating: path)
      try file.write(pixels, shape: [6, 6, 8, 3], to: "/movie")
    }
    let movie = try MovieFile.open("\(path):movie")
    #expect(movie.frameShape == [1, 6, 8] && movie.remarks.count == 1)
    #expect(worst(try movie.frames(2..<5).elements, luminance([2, 3, 4])) < 1e-4)
  }
}
