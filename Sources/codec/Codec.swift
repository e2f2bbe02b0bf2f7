import ArgumentParser
import Runtime

@main
struct Codec: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "codec", abstract: "Contribution decomposition of neural networks, retina first.")
}
