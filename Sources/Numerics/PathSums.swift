import CKernels

/// One term of a sum along a path, by rows of a batch of path points:
/// weight · ½ (g₁ + g₂) · (v₂ − v₁).
package struct PathTerm: Sendable, Equatable {
  /// Rows of the two gradients that are averaged (the same row twice for a single gradient).
  package var gradientRows: (low: Int, high: Int)
  /// Rows of the two values that are subtracted.
  package var valueRows: (low: Int, high: Int)
  package var weight: Float

  package init(gradientRows: (low: Int, high: Int), valueRows: (low: Int, high: Int), weight: Float) {
    (self.gradientRows, self.valueRows, self.weight) = (gradientRows, valueRows, weight)
  }

  package static func == (a: PathTerm, b: PathTerm) -> Bool {
    a.gradientRows == b.gradientRows && a.valueRows == b.valueRows && a.weight == b.weight
  }

  /// The same term where point `i` of the path is row `rowOfNode[i]` of a batch.
  package func withRows(_ rowOfNode: [Int]) -> PathTerm {
    PathTerm(
      gradientRows: (rowOfNode[gradientRows.low], rowOfNode[gradientRows.high]),
      valueRows: (rowOfNode[valueRows.low], rowOfNode[valueRows.high]), weight: weight)
  }

  fileprivate var kernelTerm: codec_path_term {
    codec_path_term(
      gradient_low: Int32(gradientRows.low), gradient_high: Int32(gradientRows.high),
      value_low: Int32(valueRows.low), value_high: Int32(valueRows.high), weight: weight)
  }
}

/// Values and gradients of points that outlive their batch, `[point, unit]`.
package struct HeldPathPoints: Sendable {
  fileprivate var values: [Float] = []
  fileprivate var gradients: [Float] = []

  /// No points.
  package init() {}

  /// Keeps row `row` of a batch as point `place`, in place of what was there or at the end.
  /// - Parameters:
  ///   - values: `[row, unit]`.
  ///   - gradients: `[row, unit]`.
  package mutating func hold(
    row: Int, at place: Int, units: Int, values: Span<Float>, gradients: Span<Float>
  ) {
    Self.copy(values, row: row, to: &self.values, place: place, units: units)
    Self.copy(gradients, row: row, to: &self.gradients, place: place, units: units)
  }

  private static func copy(_ rows: Span<Float>, row: Int, to points: inout [Float], place: Int, units: Int) {
    precondition((row + 1) * units <= rows.count && place * units <= points.count)
    if points.count == place * units { points += repeatElement(0, count: units) }
    rows.withUnsafeBufferPointer { rows in
      points.withUnsafeMutableBufferPointer {
        ($0.baseAddress! + place * units).update(from: rows.baseAddress! + row * units, count: units)
      }
    }
  }
}

/// Sums along paths over batches `[row, unit]`, in compiled kernels.
package enum PathSums {
  /// Adds the terms' sum for every unit to `sum[offset...]`.
  /// - Parameters:
  ///   - values: `[row, unit]`, a batch.
  ///   - gradients: of the same rows.
  ///   - held: points that terms name by the rows behind the batch.
  package static func add(
    _ terms: [PathTerm], units: Int, values: Span<Float>, gradients: Span<Float>,
    held: HeldPathPoints = HeldPathPoints(), to sum: inout [Float], at offset: Int
  ) {
    precondition(offset >= 0 && offset + units <= sum.count)
    let kernelTerms = terms.map(\.kernelTerm)
    withPoints(terms, units: units, values: values, gradients: gradients, held: held) { values, gradients in
      sum.withUnsafeMutableBufferPointer { sum in
        codec_path_sum(units, terms.count, kernelTerms, values, gradients, sum.baseAddress! + offset)
      }
    }
  }

  /// The sum over units of each term.
  package static func totals(
    of terms: [PathTerm], units: Int, values: Span<Float>, gradients: Span<Float>,
    held: HeldPathPoints = HeldPathPoints()
  ) -> [Double] {
    let kernelTerms = terms.map(\.kernelTerm)
    var totals = [Double](repeating: 0, count: terms.count)
    withPoints(terms, units: units, values: values, gradients: gradients, held: held) { values, gradients in
      codec_path_totals(units, terms.count, kernelTerms, values, gradients, &totals)
    }
    return totals
  }

  private static func withPoints(
    _ terms: [PathTerm], units: Int, values: Span<Float>, gradients: Span<Float>, held: HeldPathPoints,
    _ body: (codec_path_points, codec_path_points) -> Void
  ) {
    let rows = values.count / max(units, 1)
    let all = (values.count + held.values.count) / max(units, 1)
    precondition(values.count == gradients.count && held.values.count == held.gradients.count)
    for term in terms {
      precondition(max(term.gradientRows.low, term.gradientRows.high) < all)
      precondition(max(term.valueRows.low, term.valueRows.high) < all)
    }
    values.withUnsafeBufferPointer { values in
      gradients.withUnsafeBufferPointer { gradients in
        held.values.withUnsafeBufferPointer { heldValues in
          held.gradients.withUnsafeBufferPointer { heldGradients in
            body(
              codec_path_points(batch_rows: rows, batch: values.baseAddress, held: heldValues.baseAddress),
              codec_path_points(
                batch_rows: rows, batch: gradients.baseAddress, held: heldGradients.baseAddress))
          }
        }
      }
    }
  }

  /// Adds Σ over `rows` of weight · (a − origin) · b for every unit to `sum[offset...]`.
  /// - Parameters:
  ///   - rows: rows of `a` and `b` to sum over.
  ///   - weights: one a row.
  ///   - a: `[row, unit]`.
  ///   - origin: `[unit]`, or nil for 0.
  ///   - b: `[row, unit]`.
  package static func addProducts(
    rows: Range<Int>, weights: [Float], units: Int, _ a: Span<Float>, minus origin: [Float]?,
    _ b: Span<Float>,
    to sum: inout [Float], at offset: Int
  ) {
    precondition(rows.count == weights.count && rows.upperBound * units <= min(a.count, b.count))
    precondition(offset >= 0 && offset + units <= sum.count && origin.map { $0.count == units } ?? true)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        sum.withUnsafeMutableBufferPointer { sum in
          let start = rows.lowerBound * units
          let (a, b, sum) = (a.baseAddress! + start, b.baseAddress! + start, sum.baseAddress! + offset)
          if let origin {
            codec_product_sum(units, rows.count, weights, a, origin, b, sum)
          } else {
            codec_product_sum(units, rows.count, weights, a, nil, b, sum)
          }
        }
      }
    }
  }

  /// Σ x² over some of the values.
  package static func squareSum(_ values: Span<Float>, _ range: Range<Int>) -> Double {
    precondition(range.lowerBound >= 0 && range.upperBound <= values.count)
    return values.withUnsafeBufferPointer {
      codec_square_sum(range.count, $0.baseAddress! + range.lowerBound)
    }
  }

  /// Writes the points from + α·(to − from) of a straight path to rows of `points`, beginning at row `row`.
  /// - Parameters:
  ///   - along: α of each point.
  ///   - from: `[unit]`, the path's start.
  ///   - ends: holds the path's end at `endOffset`.
  package static func writePoints(
    along: [Double], from: [Float], ends: [Float], endOffset: Int, into points: inout MutableSpan<Float>,
    row: Int
  ) {
    let units = from.count
    precondition(
      endOffset >= 0 && endOffset + units <= ends.count && (row + along.count) * units <= points.count)
    ends.withUnsafeBufferPointer { ends in
      points.withUnsafeMutableBufferPointer { points in
        codec_path_rows(
          units, along.count, along, from, ends.baseAddress! + endOffset, points.baseAddress! + row * units)
      }
    }
  }
}

/// Where the channels of a layer's units lie: shape `[outer, channel, inner]`, summed over outer and inner.
package struct ChannelLayout: Sendable, Equatable {
  package let outer: Int
  package let channels: Int
  package let inner: Int

  /// - Parameters:
  ///   - shape: a layer's shape without the batch axis.
  ///   - axis: which of its axes counts channels.
  package init(shape: [Int], channelAxis axis: Int) {
    outer = shape[..<axis].reduce(1, *)
    channels = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
  }

  /// Number of units of the layer.
  package var units: Int { outer * channels * inner }

  /// Sums of the negative and of the positive entries of one sample's map, by channel.
  /// - Parameters:
  ///   - maps: holds the map, `[outer, channel, inner]`.
  ///   - offset: where it begins.
  package func signSplit(_ maps: Span<Float>, at offset: Int = 0) -> (negative: [Double], positive: [Double])
  {
    precondition(offset >= 0 && offset + units <= maps.count)
    var negative = [Double](repeating: 0, count: channels)
    var positive = negative
    maps.withUnsafeBufferPointer { maps in
      codec_sign_split(outer, channels, inner, maps.baseAddress! + offset, &negative, &positive)
    }
    return (negative, positive)
  }
}
