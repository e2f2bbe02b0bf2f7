import Contributions
import Foundation
import Networks
import Numerics
import Retina
import RetinaData
import Runtime
import Stimuli
import Storage

// Contributions of the full-size retina network (40×50×50 → 8×36×36 → 8×26×26 → 17 cells) to surprisal, integrated
// gradients with 20 steps, both convolution layers, from the movie to the finished file.
//
//     retina-benchmark [frames] [threads]

let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let frames = numbers.first ?? 1000
let threads = numbers.count > 1 ? numbers[1] : ProcessInfo.processInfo.activeProcessorCount

/// A full-size retina; the movie is drawn before the clock starts.
func simulation() throws -> (model: LoadedModel, movie: Movie) {
  var options = SimulatedRetina.Options()
  (options.cells, options.height, options.width, options.history) = (17, 50, 50, 40)
  (options.firstKernel, options.secondKernel, options.testFrames) = (15, 11, frames + 40)
  let retina = try SimulatedRetina(options)
  return (try retina.model(), Movie(frames: retina.testMovie.frames(0..<frames + 40)))
}

/// A movie in memory, so that only the analysis is timed.
struct Movie: StimulusSource {
  let frames: Tensor
  var name: String { "movie" }
  var frameShape: [Int] { Array(frames.shape.dropFirst()) }
  var frameCount: Int { frames.rows }
  var segments: [Range<Int>] { [0..<frames.rows] }
  var frameInterval: Double? { 0.01 }
  func frames(_ range: Range<Int>) throws -> Tensor { frames.rows(range) }
}

/// Largest resident memory of this process so far, in MB.
func peakMemory() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return Double(usage.ru_maxrss) / 1024
}

let (model, movie) = try simulation()
var options = ContributionOptions()
options.layers = ["conv1", "conv2"]
options.threads = threads
let run = try ContributionRun(
  input: ContributionInput(model: model, series: try model.windows(over: movie)), options: options)
let path = FileManager.default.temporaryDirectory.appending(path: "retina-benchmark-\(getpid()).h5").path
for repetition in 1...3 {
  let writer = try ResultWriter(
    path: path,
    provenance: try Provenance(
      schema: ContributionFile.schema, schemaVersion: ContributionFile.schemaVersion,
      command: "retina-benchmark",
      options: run.resolvedOptions, seed: nil, software: "retina-benchmark", inputs: []))
  let start = ContinuousClock.now
  try run.write(to: writer)
  let seconds = Double((ContinuousClock.now - start) / .milliseconds(1))
  print(
    String(
      format: "run %d: %d frames on %d threads: %.2f ms a frame, peak memory %.0f MB", repetition, frames,
      threads,
      seconds / Double(frames), peakMemory()))
  try FileManager.default.removeItem(atPath: path)
}
