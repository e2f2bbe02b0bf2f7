import CHDF5
import Runtime
import Synchronization

/// Reads rows of a chunked dataset in order, in overlapping ranges, at the price of reading each once.
///
/// Files often cut a movie into small patches over thousands of frames. HDF5 then pays for every patch at every
/// request, whatever its number of frames; here requests that follow each other are served from blocks that are as
/// long as the patches. Requests elsewhere read what they need and no more. Holds at most two blocks, 32 MB.
public final class H5RowReader: Sendable {
  /// The dataset it reads.
  public let dataset: H5Dataset
  private let rowCount: Int
  /// Rows of a block; 0 where blocks would not help.
  private let blockRows: Int
  /// Whether values are bytes, which blocks keep as they are.
  private let isBytes: Bool
  private let state = Mutex(State())

  private struct State {
    var previous = 0..<0
    /// The latest last.
    var blocks: [Block] = []
  }

  private struct Block: Sendable {
    let index: Int
    var bytes: [UInt8] = []
    var numbers: [Float] = []
  }

  /// - Parameter dataset: numbers with at least one axis.
  public init(_ dataset: H5Dataset) {
    self.dataset = dataset
    rowCount = dataset.shape.dropFirst().reduce(1, *)
    isBytes = dataset.isUnsignedBytes
    let rowBytes = max(1, rowCount * (isBytes ? 1 : 4))
    let longest = (16 << 20) / rowBytes
    if let rows = dataset.chunk?.first, longest > 0 {
      // Whole chunks, several where they are short.
      blockRows = rows > longest ? longest : rows * max(1, min((2 << 20) / rowBytes, longest) / rows)
    } else {
      blockRows = 0
    }
  }

  /// The numbers of some rows, row-major, in single precision.
  /// - Throws: as `H5Dataset.numbers`.
  public func numbers(rows: Range<Int>) throws -> [Float] {
    try state.withLock { state in
      let previous = state.previous
      state.previous = rows
      let isNext = previous.lowerBound < rows.lowerBound && rows.lowerBound <= previous.upperBound
      guard blockRows > 0, isNext, !rows.isEmpty else { return try dataset.numbers(rows: rows) }
      var numbers: [Float] = []
      numbers.reserveCapacity(rows.count * rowCount)
      for index in rows.lowerBound / blockRows...(rows.upperBound - 1) / blockRows {
        let first = index * blockRows
        let wanted = rows.clamped(to: first..<first + blockRows)
        let elements = (wanted.lowerBound - first) * rowCount..<(wanted.upperBound - first) * rowCount
        let block = try block(index, &state)
        if isBytes {
          numbers.append(contentsOf: block.bytes[elements].lazy.map { Float($0) })
        } else {
          numbers += block.numbers[elements]
        }
      }
      return numbers
    }
  }

  private func block(_ index: Int, _ state: inout State) throws -> Block {
    if let held = state.blocks.first(where: { $0.index == index }) { return held }
    let rows = index * blockRows..<min((index + 1) * blockRows, dataset.rows)
    let block =
      isBytes
      ? Block(index: index, bytes: try dataset.numbers(rows: rows))
      : Block(index: index, numbers: try dataset.numbers(rows: rows))
    state.blocks = state.blocks.suffix(1) + [block]
    return block
  }
}

extension H5Dataset {
  /// Whether its values are unsigned integers of eight bits: pixels as cameras and projectors count them.
  public var isUnsignedBytes: Bool {
    guard elementKind == .number(isInteger: true, size: 1) else { return false }
    return H5.locked {
      let type = H5Dget_type(handle.id)
      defer { H5Tclose(type) }
      return H5Tget_class(type) == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE
    }
  }
}
