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
    let data = try file.dataset("\(path)/data", rank: 3)
    let sides =
      file.contains("\(path)/dimension")
      ? try file.dataset("\(path)/dimension").numbers(Int.self) : []
    // The format counts [x, y] in `dimension`; most files hold frames as [y, x].
    let isTransposed = sides.count == 2 && sides[0] != sides[1] && sides == Array(data.shape[1...])
    let rows = H5RowReader(data)
    let (height, width) = isTransposed ? (data.shape[2], data.shape[1]) : (data.shape[1], data.shape[2])
    let (times, rate) = try clock(path, frames: data.rows)
    let remark = isTransposed ? "\(path): frames are [x, y]: turned" : "\(path): frames are taken as [y, x]"
    return try Movie(
      name: data.place, frames: data.rows, height: height, width: width, isBytes: data.isUnsignedBytes,
      times: times, frameRate: rate, remarks: [remark],
      reader: ArrayMovie(height: height, width: width, isTransposed: isTransposed) {
        try rows.numbers(rows: $0)
      })
  }

  private func external(_ path: String) throws -> Movie {
    let dataset = try file.dataset("\(path)/external_file")
    let names = try dataset.texts()
    guard names.count == 1 else {
      throw CodecError(
        .data, "\(names.count) external movies", at: dataset.place, remedy: "join them and give --movie FILE")
    }
    let folder = URL(filePath: file.path).deletingLastPathComponent()
    let movie = URL(filePath: names[0], relativeTo: folder).path
    guard FileManager.default.fileExists(atPath: movie) else {
      throw CodecError(
        .data, "the external movie \(names[0]) is missing", at: dataset.place,
        remedy: "put it there, or give it with --movie FILE")
    }
    var opened = try Movie(ffmpeg: movie)
    (opened.times, opened.frameRate) = try clock(path, frames: opened.frameCount)
    return opened
  }

  /// Frames that are shown again and again: indices into templates.
  private func indexed(_ path: String) throws -> Movie {
    let data = try file.dataset("\(path)/data", rank: 1)
    guard file.contains("\(path)/indexed_timeseries") else {
      throw CodecError(
        .data, "indices into single images are not read", at: file.place(path),
        remedy: "templates are read where they are an ImageSeries")
    }
    let indices: [Int] = try data.numbers()
    let templates = try images("\(path)/indexed_timeseries")
    if let frame = indices.firstIndex(where: { !(0..<templates.frameCount).contains($0) }) {
      throw CodecError(
        .data, "frame \(frame) is template \(indices[frame]) of \(templates.frameCount)", at: data.place)
    }
    var movie = templates.selecting(indices.map { $0..<$0 + 1 })
    (movie.times, movie.frameRate) = try clock(path, frames: indices.count)
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
