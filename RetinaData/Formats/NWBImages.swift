import Runtime
import Storage

/// Single pictures of an NWB session, in the order in which an IndexSeries counts them.
struct NWBImages {
  private let pictures: [H5Dataset]
  private let place: String
  private let isOrdered: Bool
  private static let order = "order_of_images"

  /// - Parameter path: a group of the type Images.
  /// - Throws: `CodecError` of kind `data` where it holds no pictures, or they cannot be put in order.
  init(_ file: H5File, _ path: String) throws {
    place = file.place(path)
    let ordered = file.contains("\(path)/\(Self.order)")
    let paths =
      ordered
      ? try file.dataset("\(path)/\(Self.order)", rank: 1).referencedPaths()
      : try file.children(of: path).map { "\(path)/\($0)" }
    guard !paths.isEmpty else { throw CodecError(.data, "no pictures", at: place) }
    (pictures, isOrdered) = (try paths.map { try file.dataset($0) }, ordered)
  }

  /// The pictures as frames of a movie.
  /// - Throws: `CodecError` of kind `data` naming a picture of another size or kind than the first.
  func movie() throws -> Movie {
    let shape = pictures[0].shape
    let colours = shape.count == 3 ? shape[2] : 1
    guard shape.count == 2 || (shape.count == 3 && ColourFrames.isColour(colours)) else {
      throw CodecError(
        .data, "a picture of shape \(shape)", at: pictures[0].place, remedy: "expected [y, x] or [y, x, 3]")
    }
    if let other = pictures.first(where: { $0.shape != shape }) {
      throw CodecError(
        .data, "a picture of shape \(other.shape), those before have \(shape)", at: other.place,
        remedy: "pictures that an IndexSeries shows need one size")
    }
    var remarks = ["\(place): frames are taken as [y, x]"]
    if colours > 1 { remarks.append(ColourFrames.remark(place)) }
    if !isOrdered, pictures.count > 1 {
      remarks.append("\(place) states no \(Self.order): pictures are taken in the order of their names")
    }
    let pictures = pictures
    return try Movie(
      name: place, frames: pictures.count, height: shape[0], width: shape[1],
      isBytes: pictures.allSatisfy(\.isUnsignedBytes), remarks: remarks,
      reader: ArrayMovie(height: shape[0], width: shape[1]) { range in
        try range.flatMap { ColourFrames.luminance(try pictures[$0].numbers(), colours: colours) }
      })
  }
}
