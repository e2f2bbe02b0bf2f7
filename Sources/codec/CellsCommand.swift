import ArgumentParser
import Retina

/// `codec cells`: what a recording says about each cell.
struct CellsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cells",
    abstract:
      "Describe each cell: rate, receptive field, ON, OFF or both, reliability over repeats; PSTH and raster.",
    discussion: """
      Example: codec cells recording.h5 --out cells.h5

      A cell is ON-OFF where the magnitude of some local change of brightness goes with its response better than any \
      signed change does, and most brightening and most darkening both raise the response, the weaker by at least a \
      quarter of the stronger.
      """)

  @OptionGroup var options: CellOptions

  func run() throws {
    let (description, writer) = try options.describe(schema: CellDescription.cellsSchema)
    try description.writeCells(to: writer)
    try options.report(description)
  }
}
