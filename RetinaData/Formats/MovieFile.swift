import Foundation
import Runtime
import Storage

/// Opens movies, whatever file they are in.
public enum MovieFile {
  /// A movie in a NumPy or HDF5 array (`FILE.npy`, `FILE.npz:NAME`, `FILE.h5:DATASET`), an NWB file
  /// (`FILE.nwb:SERIES`), or anything the program `ffmpeg` decodes.
  /// - Parameter channel: which channel of an array `[channel, time, y, x]`.
  /// - Throws: `CodecError` naming file and reason.
  public static func open(_ text: String, channel: Int? = nil) throws -> Movie {
    let path = NamedArray.path(of: text)
    if path.hasSuffix(".nwb") {
      let series = text == path ? nil : String(text.dropFirst(path.count + 1))
      return try NWBSession(H5File(reading: path)).movie(named: series)
    }
    switch try NamedArray.open(text, usual: ["stimulus", "movie", "frames"]) {
    case .numpy(let array)?: return try Movie(array, channel: channel)
    case .hdf5(let dataset)?: return try Movie(dataset)
    case nil: return try Movie(ffmpeg: text)
    }
  }
}
