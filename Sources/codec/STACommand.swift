import ArgumentParser
import Retina

/// `codec sta`: spike-triggered averages.
struct STACommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sta",
    abstract: "Spike-triggered averages: each cell's mean stimulus before a spike, in space and time.",
    discussion: """
      Example: codec sta recording.h5 --out sta.h5 --history 25

      Weighted by spike counts where the recording has them, else by rates. Averages never cross segments. They are \
      not whitened: natural or moving stimuli smear them.
      """)

  @OptionGroup var options: CellOptions

  func run() throws {
    let (description, writer) = try options.describe(schema: CellDescription.averagesSchema)
    try description.writeAverages(to: writer)
    try options.report(description)
  }
}
