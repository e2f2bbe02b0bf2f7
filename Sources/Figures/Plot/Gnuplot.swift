import Foundation
import Runtime
import Storage

/// The plotting program.
///
/// Everything a figure shows is in the script it is given, so that the same data give the same bytes.
public struct Gnuplot: Sendable {
  /// What a figure can be written as.
  public enum Format: String, Sendable, CaseIterable {
    case svg, png, pdf
  }

  private let program: URL

  /// Looks for `gnuplot` on the `PATH`.
  /// - Throws: `CodecError` of kind `fileSystem` with the command that installs it.
  public init() throws {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let candidates = path.split(separator: ":").map { URL(filePath: String($0)).appending(path: "gnuplot") }
    guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) })
    else {
      throw CodecError(
        .fileSystem, "figures need gnuplot, which is not installed", at: "gnuplot",
        remedy: "sudo apt-get install gnuplot-nox (results and page do not need it)")
    }
    program = found
  }

  /// Draws a plot and writes it.
  /// - Parameter path: without the format's ending.
  /// - Throws: `CodecError` of kind `bug` with what gnuplot said, `fileSystem` where the disk refuses.
  public func write(_ plot: Plot, to path: String, formats: [Format]) throws {
    for format in formats {
      let file = "\(path).\(format.rawValue)"
      let drawn = file + ".partial"
      try run(
        terminal(format, plot) + "set output '\(quoted(drawn))'\n" + plot.script + "\nset output\n", file)
      guard var bytes = FileManager.default.contents(atPath: drawn) else {
        throw CodecError(.fileSystem, "gnuplot could not write the figure", at: file)
      }
      try? FileManager.default.removeItem(atPath: drawn)
      switch format {
      case .svg: bytes = mended(svg: bytes)
      case .pdf: bytes = undated(pdf: bytes)
      case .png: break
      }
      try AtomicFile.write(Array(bytes), to: file)
    }
  }

  /// Sizes are in points of 1/72 inch in PDF, pixels in SVG, two pixels each in PNG.
  private func terminal(_ format: Format, _ plot: Plot) -> String {
    let (width, height) = (Int(plot.width), Int(plot.height))
    let font = "'DejaVu Sans,\(format == .png ? 11 : 11)'"
    switch format {
    case .svg:
      return "set terminal svg noenhanced size \(width),\(height) font \(font) background rgb 'white'\n"
    case .png:
      return "set terminal pngcairo noenhanced size \(2 * width),\(2 * height) fontscale 2 linewidth 2 "
        + "pointscale 2 font \(font)\n"
    case .pdf:
      let inches = { (pixels: Int) in String(format: "%.3fin", Double(pixels) / 72) }
      return "set terminal pdfcairo noenhanced size \(inches(width)),\(inches(height)) font \(font)\n"
    }
  }

  private func run(_ script: String, _ file: String) throws {
    let process = Process()
    process.executableURL = program
    process.arguments = ["-"]
    // No settings of the user's own.
    process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"]
    let (input, errors) = (Pipe(), Pipe())
    (process.standardInput, process.standardError) = (input, errors)
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    // Gnuplot reads to the end before it says much, so writing first cannot block on a full pipe of errors.
    try? input.fileHandleForWriting.write(contentsOf: Data(script.utf8))
    try? input.fileHandleForWriting.close()
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0, !said.contains("line ") else {
      throw CodecError(
        .bug, "gnuplot could not draw: \(said.trimmingCharacters(in: .whitespacesAndNewlines))", at: file)
    }
  }

  private func quoted(_ path: String) -> String { path.replacing("'", with: "''") }

  /// Names fonts that other machines have, and shows pixels as squares.
  private func mended(svg: Data) -> Data {
    let text = String(decoding: svg, as: UTF8.self)
      .replacing(
        "font-family=\"DejaVu Sans\"", with: "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\""
      )
      .replacing("<image ", with: "<image style='image-rendering:pixelated' ")
      .replacing("<title>Gnuplot</title>\n", with: "")
    return Data(text.utf8)
  }

  /// The day of drawing would make equal figures differ.
  private func undated(pdf: Data) -> Data {
    var bytes = pdf
    let (key, length) = (Data("/CreationDate (D:".utf8), 14)
    if let found = bytes.range(of: key), found.upperBound + length <= bytes.endIndex {
      bytes.replaceSubrange(found.upperBound..<found.upperBound + length, with: Data("19700101000000".utf8))
    }
    return bytes
  }
}
