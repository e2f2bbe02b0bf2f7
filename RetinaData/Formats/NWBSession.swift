import Foundation
import Runtime
import Storage

/// A session in the format of Neurodata Without Borders (HDF5, as pynwb writes it).
struct NWBSession {
  let file: H5File
  private static let stimuli = "/stimulus/presentation"

  init(_ file: H5File) { self.file = file }

  /// Spike times of the table `units`, by the units' ids.
  func spikeTimes() throws -> [(cell: Int, times: [Double])] {
    let ids: [Int] = try file.dataset("/units/id", rank: 1).numbers()
    let times: [Double] = try file.dataset("/units/spike_times", rank: 1).numbers()
    let index = try file.dataset("/units/spike_times_index", rank: 1)
    let ends: [Int] = try index.numbers()
    let isAscending = zip([0] + ends, ends).allSatisfy { $0 <= $1 }
    guard ends.count == ids.count, isAscending, ends.last ?? 0 == times.count else {
      throw CodecError(
        .data, "the index does not cut \(times.count) spikes into \(ids.count) units", at: index.place)
    }
    return zip(ids, zip([0] + ends, ends)).map { ($0, Array(times[$1.0..<$1.1])) }
  }

  /// A stimulus movie by its name; nil takes the only one.
  func movie(named name: String?) throws -> Movie {
    let names = try file.kind(of: Self.stimuli) == .group ? file.children(of: Self.stimuli) : []
    guard !names.isEmpty else {
      throw CodecError(
        .data, "the session holds no stimulus", at: file.place(Self.stimuli), remedy: "give --movie FILE")
    }
    guard let name = name ?? (names.count == 1 ? names[0] : nil) else {
      throw CodecError(
        .usage, "several stimuli", at: file.place(Self.stimuli),
        remedy: "choose one with --stimulus: \(names.joined(separator: ", "))")
    }
    guard names.contains(name) else {
      throw CodecError.unknown("stimulus", name, valid: names, at: file.place(Self.stimuli))
    }
    let path = "\(Self.stimuli)/\(name)"
    let kind = try file.attribute("neurodata_type", of: path)?.asText
    return kind == "IndexSeries" ? try indexed(path) : try images(path)
  }

  /// Frames stored in the file, or in movies beside it.
  private func images(_ path: String) throws -> Movie {
    if file.contains("\(path)/external_file") { return try external(path) }
    let data = try file.dataset("\(path)/data")
    let sides =
      file.contains("\(path)/dimension")
      ? try file.dataset("\(path)/dimension").numbers(Int.self) : []
    let (times, rate) = try clock(path, frames: data.rows)
    return try Movie(nwb: data, named: path, sides: sides, times: times, frameRate: rate)
  }

  /// Frames in one or more movies beside the file.
  private func external(_ path: String) throws -> Movie {
    let dataset = try file.dataset("\(path)/external_file")
    let names = try dataset.texts()
    guard !names.isEmpty else {
      throw CodecError(.data, "no external movie is named", at: dataset.place, remedy: "give --movie FILE")
    }
    let folder = URL(filePath: file.path).deletingLastPathComponent()
    let movies = try names.map { name in
      let movie = URL(filePath: name, relativeTo: folder).path
      guard FileManager.default.fileExists(atPath: movie) else {
        throw CodecError(
          .data, "the external movie \(name) is missing", at: dataset.place,
          remedy: "put it there, or give it with --movie FILE")
      }
      return try Movie(ffmpeg: movie)
    }
    try requireStarts(of: movies, names, dataset)
    var joined = movies.count == 1 ? movies[0] : try Movie(joining: movies, name: dataset.place)
    let (times, rate) = try clock(path, frames: joined.frameCount)
    // Without a clock in the session the movie's own holds.
    if times != nil || rate != nil {
      (joined.times, joined.frameRate, joined.isVariable) = (times, rate, false)
    }
    return joined
  }

  /// Each movie begins at the frame the session says: else all that follow would be shifted.
  private func requireStarts(of movies: [Movie], _ names: [String], _ dataset: H5Dataset) throws {
    guard let starts = try dataset.attribute("starting_frame")?.asIntegers, starts.count == movies.count
    else {
      guard movies.count > 1 else { return }
      throw CodecError(
        .data, "\(movies.count) external movies without a starting_frame for each", at: dataset.place,
        remedy: "join them and give --movie FILE")
    }
    var frames = 0
    for (index, start) in starts.enumerated() {
      guard start == frames else {
        throw CodecError(
          .data, "\(names[index]) begins at frame \(start), but the movies before it have \(frames) frames",
          at: dataset.place, remedy: "is a movie cut off? Give the whole one with --movie FILE")
      }
      frames += movies[index].frameCount
    }
  }

  /// Frames that are shown again and again: indices into templates.
  private func indexed(_ path: String) throws -> Movie {
    let data = try file.dataset("\(path)/data", rank: 1)
    let indices: [Int] = try data.numbers()
    let templates =
      file.contains("\(path)/indexed_images")
      ? try NWBImages(file, "\(path)/indexed_images").movie() : try images("\(path)/indexed_timeseries")
    if let frame = indices.firstIndex(where: { !(0..<templates.frameCount).contains($0) }) {
      throw CodecError(
        .data, "frame \(frame) is template \(indices[frame]) of \(templates.frameCount)", at: data.place)
    }
    var movie = templates.selecting(indices.map { $0..<$0 + 1 })
    (movie.times, movie.frameRate) = try clock(path, frames: indices.count)
    movie.isVariable = false
    return movie
  }

  /// Frame times: `timestamps`, or `starting_time` with its attribute `rate`.
  private func clock(_ path: String, frames: Int) throws -> (times: [Double]?, rate: Double?) {
    if file.contains("\(path)/timestamps") {
      return (try file.dataset("\(path)/timestamps", rank: 1).numbers(), nil)
    }
    let start = "\(path)/starting_time"
    guard file.contains(start), let rate = try file.attribute("rate", of: start)?.asNumber, rate > 0 else {
      return (nil, nil)
    }
    let first = try file.dataset(start).number(Double.self)
    return ((0..<frames).map { first + Double($0) / rate }, rate)
  }
}

extension Movie {
  /// Frames of an ImageSeries: `[time, y, x]`, or `[time, y, x, colour]`.
  /// - Parameter sides: its `dimension`, which the format counts as [x, y]; most files hold frames as [y, x].
  fileprivate init(
    nwb data: H5Dataset, named path: String, sides: [Int], times: [Double]?, frameRate: Double?
  ) throws {
    let shape = data.shape
    let colours = shape.count == 4 ? shape[3] : 1
    guard shape.count == 3 || (shape.count == 4 && ColourFrames.isColour(colours)), data.count > 0 else {
      throw CodecError(
        .data, "a movie of shape \(shape)", at: data.place,
        remedy: "expected [time, y, x], or [time, y, x, 3] in colour")
    }
    let isTransposed = sides.count >= 2 && sides[0] != sides[1] && Array(sides[..<2]) == Array(shape[1..<3])
    let (height, width) = isTransposed ? (shape[2], shape[1]) : (shape[1], shape[2])
    let rows = H5RowReader(data)
    try self.init(
      name: data.place, frames: data.rows, height: height, width: width, isBytes: data.isUnsignedBytes,
      times: times, frameRate: frameRate,
      remarks: ["\(path): frames are \(isTransposed ? "[x, y]: turned" : "taken as [y, x]")"]
        + (colours > 1 ? [ColourFrames.remark(path)] : []),
      reader: ArrayMovie(height: height, width: width, isTransposed: isTransposed) {
        ColourFrames.luminance(try rows.numbers(rows: $0), colours: colours)
      })
  }
}
