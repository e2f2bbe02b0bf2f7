import Contributions
import Foundation
import Networks
import Numerics
import Runtime
import Stimuli
import Storage
import VisionAdapters

// Contributions of a full-size image classifier with random weights: ResNet-50's 16 blocks or ViT-B/16's 36 layers,
// integrated gradients with 10 steps, from normalised images to the finished file.
//
//     python3 vision_models.py FOLDER
//     vision-benchmark FOLDER (resnet50|vit_torchvision|…) [images] [threads] [f32|bf16]

/// Images in memory, so that only the analysis is timed.
struct Images: StimulusSource {
  let frames: Tensor
  var name: String { "images" }
  var frameShape: [Int] { Array(frames.shape.dropFirst()) }
  var frameCount: Int { frames.rows }
  var segments: [Range<Int>] { [0..<frames.rows] }
  var frameInterval: Double? { nil }
  func frames(_ range: Range<Int>) throws -> Tensor { frames.rows(range) }
}

/// Largest resident memory of this process so far, in MB.
func peakMemory() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return Double(usage.ru_maxrss) / 1024
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2 else {
  print("usage: vision-benchmark FOLDER MODEL [images] [threads] [f32|bf16]")
  exit(64)
}
let numbers = arguments.dropFirst(2).compactMap { Int($0) }
let images = numbers.first ?? 8
let threads = numbers.count > 1 ? numbers[1] : ProcessInfo.processInfo.activeProcessorCount
let model = try ModelFile.load(
  "\(arguments[0])/\(arguments[1]).safetensors", architectures: [ResNet(), ViT()])
let given = try Safetensors(reading: "\(arguments[0])/input.safetensors").tensor("input")
let source = Images(
  frames: Tensor(
    shape: [images] + given.shape.dropFirst(), elements: (0..<images).flatMap { given.row($0 % given.rows) }))
var options = ContributionOptions()
options.method = .ig(rule: .trapezoid, steps: .fixed(10))
options.threads = threads
options.precision = arguments.last == "bf16" ? .bf16 : .f32
let run = try ContributionRun(
  input: ContributionInput(
    model: model,
    series: try WindowSeries(
      source: source, history: 1, mean: 0, standardDeviation: 1, responseOffset: 0)),
  options: options)
let path = FileManager.default.temporaryDirectory.appending(path: "vision-benchmark-\(getpid()).h5").path
for repetition in 1...2 {
  let writer = try ResultWriter(
    path: path,
    provenance: try Provenance(
      schema: ContributionFile.schema, schemaVersion: ContributionFile.schemaVersion,
      command: "vision-benchmark", options: run.resolvedOptions, seed: nil, software: "vision-benchmark",
      inputs: []))
  let start = ContinuousClock.now
  try run.write(to: writer)
  let seconds = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
  print(
    String(
      format: "run %d: %@, %@, %d images, %d layers, %d threads: %.2f s an image, peak memory %.0f MB",
      repetition, arguments[1], options.precision.rawValue, images, run.taps.count, threads,
      seconds / Double(images), peakMemory()))
  try FileManager.default.removeItem(atPath: path)
}
