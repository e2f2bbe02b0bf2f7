import Foundation
import Retina

/// The page of a retina's analysis.
struct RetinaPage {
  let results: RetinaResults
  let drawn: [(figure: Figure, svg: String)]

  func html() throws -> String {
    let summary = results.summary
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let duration =
      summary.frameRate.map { String(format: "%.1f s at %g Hz, ", Double(summary.frames) / $0, $0) } ?? ""
    var sections = [
      (id: "summary", name: "Summary", html: summarySection),
      (id: "explorer", name: "Explorer", html: explorer),
    ]
    sections += [("modes", "Modes", ""), ("clusters", "Cell types", "")]
    if !drawn.isEmpty {
      let body = "<section id=\"figures\"><h2>Figures</h2>\(Page.gallery(drawn))</section>"
      sections.append((id: "figures", name: "Figures", html: body))
    }
    return Page(
      title: "\(summary.recording) seen through \(summary.model)",
      lead:
        "\(summary.cells.count) cells, \(summary.frames) frames of the \(summary.split) movie (\(duration)each response "
        + "from the \(summary.history) frames before it).",
      sections: sections, provenance: results.provenance,
      data: String(decoding: try encoder.encode(RetinaPageData(results)), as: UTF8.self),
      script: PackageResources.retina_js
    ).html
  }

  private var summarySection: String {
    let summary = results.summary
    var cards = [
      card(
        summary.meanTestCorrelation.map { String(format: "%.2f", $0) } ?? "–",
        "mean correlation of predicted and recorded rate")
    ]
    for layer in summary.modes {
      cards.append(
        card(
          "\(layer.alive)",
          "modes of \(layer.layer), \(String(format: "%.1f", layer.onPerFrame)) on per frame"))
      cards.append(
        card(
          String(format: "%.2f", layer.r2),
          "of \(layer.layer)'s contributions explained (R²)"
            + (layer.heldOutR2.map { String(format: "; %.2f held out", $0) } ?? "")))
    }
    let gaps = summary.contributions.layers.map { layer in
      [
        layer.name, "\(layer.channels)",
        layer.medianGap.map { String(format: "%.2f %%", 100 * $0) } ?? "no full cut",
        layer.largeGap.map { String(format: "%.2f %%", 100 * $0) } ?? "–",
      ]
    }
    let byCell = zip(summary.cells, summary.testCorrelation).map { cell, value in
      "\(cell): \(value.map { String(format: "%.2f", $0) } ?? "never changes")"
    }
    return """
      <section id="summary"><h2>Summary</h2>
      <div class="cards">\(cards.joined(separator: "\n"))</div>
      \(warningBox(summary.warnings, fine: "Nothing speaks against these results: the model follows the recording, the modes explain the contributions, and these add up to the target."))
      <h3 style="margin-top:14px">Do the contributions add up? (target: \(escaped(results.targetName)))</h3>
      \(table(["layer", "channels", "completeness gap, median", "95th percentile"], gaps))
      <p class="note">The gap is what all contributions of a frame together miss of the target's change from its value \
      at the mean stimulus, as a share of the sum of their sizes.</p>
      <p class="note">Correlation of predicted and recorded rate by cell: \(escaped(byCell.joined(separator: "  ")))</p>
      \(words)
      </section>
      """
  }

  /// What the page's words mean.
  private var words: String {
    var meanings = [
      (
        "contribution",
        "How much a hidden channel raises (excitation C⁺, red) or lowers (inhibition C⁻, blue) the target at a frame. The "
          + "contributions of a layer add up to the target's change from its value at the mean stimulus."
      ),
      (
        "mode",
        "A set of channels whose contributions go up and down together. Its loading says how strongly it acts at a frame: "
          + "0 where it is off, up to 1."
      ),
      (
        "R²",
        "The share of the contributions' variance that the modes explain; held out: in stretches that were not used to "
          + "find them."
      ),
      (
        "instantaneous receptive field",
        "How each pixel of the last frames would change the cell's predicted rate at this frame, in Hz per standard "
          + "deviation of the stimulus: a map times a time course. “Separable” is the share of it that this product holds."
      ),
      (
        "cluster",
        "A group of cells with like profiles; whether it is a type is another question, answered below."
      ),
    ]
    if results.targetName == "surprisal" {
      meanings.insert(
        (
          "surprisal",
          "How unexpected the population's predicted response is, given the mean and the covariance of all its responses: "
            + "the negative logarithm of its probability, in nats."
        ), at: 0)
    }
    let list = meanings.map { "<dt>\(escaped($0.0))</dt><dd>\(escaped($0.1))</dd>" }.joined(separator: "\n")
    return "<details class=\"words\"><summary>What the words mean</summary><dl>\n\(list)\n</dl></details>"
  }

  private var explorer: String {
    Page.filled(
      PackageResources.explorer_html,
      [
        "thinned": escaped(RetinaPageData.thinning(results)), "units": escaped(results.targetUnits),
        "conclusion": escaped(results.summary.clusters.conclusion), "evidence": evidence,
      ])
  }

  /// Every way of clustering with what speaks for and against it.
  private var evidence: String {
    let clusters = results.summary.clusters
    let parts = [clusters.contributions].compactMap { $0 } + clusters.layers
    func number(_ value: Double?, _ format: String = "%.2f") -> String {
      value.map { String(format: format, $0) } ?? "–"
    }
    let rows = parts.map { part in
      [
        part.name == "contributions" ? "each cell's own contributions" : "modes of \(part.name)",
        part.clusters > 0 ? "\(part.clusters)" : "none", number(part.silhouette),
        part.chance.map { String(format: "%.1f %%", 100 * $0) } ?? "–", number(part.locationConfound),
        number(part.seedAgreement),
      ]
    }
    var words = """
      A silhouette near 1 means compact, separate clusters; near 0, none. “Chance” is how often simulated cells of one \
      single type look as clustered: only below 5 % is there evidence of types. “Place” correlates how different cells \
      are with how far apart their receptive fields lie: where it is large, clusters may be neighbourhoods. “Seeds” is \
      the agreement (adjusted Rand index, 1 is perfect) over autoencoders trained from different seeds.
      """
    if let agreement = clusters.layerAgreement {
      words += String(format: " The clusters by modes of the layers agree by %.2f.", agreement)
    }
    if let truth = results.summary.trueTypeAgreement {
      words += String(format: " These cells are simulated: agreement with their true types is %.2f.", truth)
    }
    return table(["clusters by", "number", "silhouette", "chance", "place", "seeds"], rows)
      + "<p class=\"note\">\(escaped(words))</p>"
  }
}
