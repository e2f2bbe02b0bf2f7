import Networks
import Numerics
import Runtime
import Stimuli

/// A model's outputs over a whole series.
public enum ModelOutputs {
  /// Runs every window forward: nothing is kept but the outputs, `[sample, unit]`.
  /// - Parameters:
  ///   - threads: number of worker threads; the outputs do not depend on it.
  /// - Throws: `CodecError` of kind `data` naming the frame where an output is not finite, `interrupted` once a
  ///   stop was asked for.
  public static func compute(
    model: LoadedModel, series: WindowSeries, threads: Int = 1, precision: Precision = .f32,
    progress: ProgressHandler? = nil
  ) throws -> Matrix {
    let blocks = SampleBlock.blocks(of: series, samples: Array(0..<series.sampleCount))
    let team = try WorkerTeam(count: min(threads, blocks.count)) { _ in
      let stimuli = try StimulusPlan(
        model: model, series: series, startsAtStimulus: false, maxWindows: SampleBlock.size(of: series))
      let plan = try Plan(
        network: stimuli.network, batch: SampleBlock.size(of: series), taps: [], precision: precision)
      return (stimuli: stimuli, plan: plan)
    }
    var outputs: [Double] = []
    outputs.reserveCapacity(series.sampleCount * model.unitIDs.count)
    let chunk = max(8, 2 * threads)
    for first in stride(from: 0, to: blocks.count, by: chunk) {
      try Interrupt.check()
      let rows = try team.map(first..<min(first + chunk, blocks.count)) { worker, index in
        var rows: [Double] = []
        try worker.stimuli.forEachBatch(of: blocks[index], size: SampleBlock.size(of: series)) {
          samples, inputs in
          let output = try worker.plan.forwardUnchecked(inputs)
          if let bad = output.elements.firstIndex(where: { !$0.isFinite }) {
            let frame = series.responseFrame(ofSample: samples[bad / output.rowCount])
            throw CodecError(
              .data, "the output of unit \(model.unitIDs[bad % output.rowCount]) is not a finite number",
              at: "frame \(frame) of \(series.source.name)",
              remedy: "look for NaN, infinite or huge numbers in the stimulus and in the model's weights")
          }
          rows += output.elements.map(Double.init)
        }
        return rows
      }
      outputs += rows.joined()
      progress?(
        ProgressReport(
          task: "model outputs", finished: outputs.count / model.unitIDs.count, total: series.sampleCount))
    }
    return Matrix(rows: series.sampleCount, columns: model.unitIDs.count, elements: outputs)
  }
}
