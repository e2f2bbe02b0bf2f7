import Foundation
import Runtime
import Storage

/// Writes a result whose values follow from the sample's index, going on where an earlier run was killed.
///
///     ResultWriterChild PATH SAMPLES BLOCK [LIMIT]
///
/// LIMIT is the largest size of a file in bytes, which stands for a full disk.
@main
struct Child {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count >= 4, let samples = Int(arguments[2]), let block = Int(arguments[3]) else {
      exit(64)
    }
    if arguments.count > 4, let limit = UInt(arguments[4]) {
      signal(SIGXFSZ, SIG_IGN)
      var limits = rlimit(rlim_cur: limit, rlim_max: limit)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
    }
    do {
      try write(to: arguments[1], samples: samples, block: block)
    } catch let error as CodecError {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(error.exitCode)
    } catch { exit(70) }
  }

  private static func write(to path: String, samples: Int, block: Int) throws {
    let provenance = try Provenance(
      schema: "test", schemaVersion: 1, command: "ResultWriterChild", options: ["samples": samples], seed: 7,
      software: "codec 0", inputs: [])
    let writer = try ResultWriter(path: path, provenance: provenance, resume: true)
    try writer.createDataset("/target", axes: ["sample"], units: "nat")
    try writer.createDataset("/output", .float64, rowShape: [3], axes: ["sample", "unit"], units: "Hz")
    try writer.createDataset("/odd", rowShape: [2, 2], axes: ["picked", "y", "x"], units: "1")
    try writer.write([3, 5, 9], shape: [3], to: "/cell_id", axes: ["unit"], units: "1")
    try writer.write(["OFF", "ON"], to: "/sample/names", axes: ["name"])
    for start in stride(from: writer.finishedSamples, to: samples, by: block) {
      let rows = start..<min(start + block, samples)
      try writer.append(rows.map { noise($0, 0) }, to: "/target")
      try writer.append(rows.flatMap { row in (1...3).map { Double(noise(row, $0)) } }, to: "/output")
      // Rows that not every sample has.
      for row in rows where row % 3 == 0 { try writer.append((4...7).map { noise(row, $0) }, to: "/odd") }
      try writer.flush(finishedSamples: rows.upperBound)
    }
    try writer.setAttribute("r2", to: .number(.nan), of: "/target")
    try writer.commit()
  }

  /// A hash in [0, 1), so that the file does not compress to nothing.
  private static func noise(_ row: Int, _ column: Int) -> Float {
    var bits = UInt64(row * 8 + column) &* 0x9E37_79B9_7F4A_7C15
    bits ^= bits >> 29
    bits &*= 0xBF58_476D_1CE4_E5B9
    return Float(bits >> 40) / Float(1 << 24)
  }
}
