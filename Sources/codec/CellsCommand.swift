import ArgumentParser
import Retina

/// `codec cells`: what a recording says about each cell.
struct CellsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cells",
    abstract:
      "Describe each cell: rate, receptive field, ON or OFF, reliability over repeats; PSTH and raster.",
    discussion: "Example: codec cells recording.h5 --out cells.h5")

  @OptionGroup var options: CellOptions

  func run() throws {
    let (description, writer) = try options.describe(schema: CellDescription.cellsSchema)
    try description.writeCells(to: writer)
    try options.report(description)
  }
}
