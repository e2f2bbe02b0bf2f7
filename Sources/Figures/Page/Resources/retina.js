"use strict";
// The linked explorer of a retina's analysis. All numbers come from the result files, carried in #data.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const categories = data.colours;
  const colour = (label) => (label < 0 ? "#9a9a9a" : categories[label % categories.length]);

  // ---- Numbers -------------------------------------------------------------------------------------------------

  const types = { i8: Int8Array, u8: Uint8Array, i16: Int16Array, u16: Uint16Array, i32: Int32Array, f32: Float32Array };
  const array = ({ type, bytes }) => {
    const text = atob(bytes);
    const raw = new Uint8Array(text.length);
    for (let index = 0; index < text.length; index++) raw[index] = text.charCodeAt(index);
    return new types[type](raw.buffer);
  };
  // A matrix of 16-bit integers with a scale for each column; NaN is the lowest integer.
  const matrix = (packed) => {
    const values = array(packed.values);
    const { columns, scales } = packed;
    return {
      rows: values.length / columns, columns,
      at: (row, column) => {
        const value = values[row * columns + column];
        return value === -32768 ? NaN : value * scales[column];
      },
      limit: Math.max(...scales) * 32767 || 1,
    };
  };
  const times = array(data.times), frames = array(data.frames), samples = frames.length;
  const rates = matrix(data.rates), recorded = data.recorded && matrix(data.recorded), target = matrix(data.target);
  const layers = data.layers.map((layer) => ({
    ...layer, negative: matrix(layer.negative), positive: matrix(layer.positive),
    dictionary: matrix(layer.dictionary), correlation: matrix(layer.correlation),
    starts: array(layer.loadings.starts), modes: array(layer.loadings.modes), values: array(layer.loadings.values),
  }));
  const movie = data.movie && { ...data.movie, frames: array(data.movie.frames), pixels: array(data.movie.pixels) };
  const fields = {
    ...data.fields, frames: array(data.fields.frames), spatial: array(data.fields.spatial),
    temporal: array(data.fields.temporal), scale: array(data.fields.scale), share: array(data.fields.share),
  };

  // The last entry of an ascending array that is at most `value`; the first where none is.
  const before = (ascending, value) => {
    let low = 0, high = ascending.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ascending[middle] <= value) low = middle + 1; else high = middle;
    }
    return Math.max(0, low - 1);
  };
  const nearest = (ascending, value) => {
    const index = before(ascending, value);
    const next = Math.min(index + 1, ascending.length - 1);
    return Math.abs(ascending[next] - value) < Math.abs(ascending[index] - value) ? next : index;
  };
  const loading = (layer, sample, mode) => {
    for (let at = layer.starts[sample]; at < layer.starts[sample + 1]; at++) {
      if (layer.modes[at] === mode) return layer.values[at] / 65535;
    }
    return 0;
  };
  const moment = (sample) => (data.inSeconds ? `${times[sample].toFixed(2)} s` : `frame ${frames[sample]}`);
  const short = (value) => (Number.isFinite(value) ? Number(value.toPrecision(2)).toString().replace("-", "−") : "–");

  // ---- State: one change redraws what depends on it ------------------------------------------------------------

  const firstExample = layers.find((layer) => layer.example)?.example;
  const state = {
    sample: firstExample ? Math.max(0, frames.indexOf(firstExample.frame)) : 0,
    cell: firstExample ? data.cells.indexOf(firstExample.cell) : 0,
    layer: 0, mode: -1, cluster: -1, part: 0, span: 0, playing: false,
  };
  state.mode = firstExample ? layers[0].ids.indexOf(firstExample.mode) : 0;
  let scheduled = false;
  const set = (change) => {
    Object.assign(state, change);
    state.sample = Math.min(Math.max(0, Math.round(state.sample)), samples - 1);
    if (!scheduled) requestAnimationFrame(() => { scheduled = false; render(); });
    scheduled = true;
  };
  const layer = () => layers[state.layer];
  const part = () => data.parts[state.part];
  const label = (cell) => part()?.labels[cell] ?? -1;
  // Samples in view: it stays while the cursor moves in it, and turns a page when that leaves.
  let held = [0, 0];
  const view = () => {
    const length = state.span ? Math.min(samples, Math.round(state.span * data.rate)) : samples;
    if (held[1] - held[0] !== length || state.sample < held[0] || state.sample >= held[1]) {
      const first = Math.min(Math.max(0, state.sample - (length >> 1)), samples - length);
      held = [first, first + length];
    }
    return held;
  };

  // ---- Drawing -------------------------------------------------------------------------------------------------

  const anchors = [[5, 48, 97], [33, 102, 172], [67, 147, 195], [146, 197, 222], [209, 229, 240], [247, 247, 247],
    [253, 219, 199], [244, 165, 130], [214, 96, 77], [178, 24, 43], [103, 0, 31]];
  const ramp = Array.from({ length: 511 }, (_, index) => {
    const place = (index / 510) * 10, low = Math.min(9, Math.floor(place)), share = place - low;
    return anchors[low].map((value, channel) => Math.round(value + share * (anchors[low + 1][channel] - value)));
  });
  // ColorBrewer's RdBu for a value between −1 and 1.
  const diverging = (value) => ramp[Math.round(255 * (Math.min(1, Math.max(-1, value || 0)) + 1))];

  const prepare = (canvas, height) => {
    const ratio = Math.min(2, window.devicePixelRatio || 1), width = canvas.clientWidth || 300;
    canvas.style.height = `${height}px`;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = "11px system-ui, Arial, sans-serif";
    return [context, width, height];
  };
  // Pixels as squares: drawn at their own size, enlarged by the browser.
  const picture = (canvas, height, width, colourOf) => {
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const context = canvas.getContext("2d"), image = context.createImageData(width, height);
    for (let pixel = 0; pixel < height * width; pixel++) {
      const [red, green, blue] = colourOf(pixel);
      image.data.set([red, green, blue, 255], 4 * pixel);
    }
    context.putImageData(image, 0, 0);
    return context;
  };
  const scratch = document.createElement("canvas");
  const heat = (context, x, y, width, height, rows, columns, colourOf) => {
    picture(scratch, rows, columns, (pixel) => colourOf(Math.floor(pixel / columns), pixel % columns));
    context.imageSmoothingEnabled = false;
    context.drawImage(scratch, 0, 0, columns, rows, x, y, width, height);
  };
  const text = (context, words, x, y, align = "left", fill = "#1d1f21") => {
    context.fillStyle = fill; context.textAlign = align; context.fillText(words, x, y);
  };
  const line = (context, x, y, width = 1, stroke = "#1d1f21") => {
    context.beginPath();
    for (let index = 0; index < x.length; index++) context.lineTo(x[index], y[index]);
    context.lineWidth = width; context.strokeStyle = stroke; context.stroke();
  };
  // A trace over the samples in view: the lowest and highest of each pixel's, so that no peak is lost.
  const trace = (context, [x0, width], [top, height], [first, last], value, low, high, stroke, lineWidth = 1.2) => {
    const y = (number) => top + height - (height * (number - low)) / (high - low || 1);
    const count = last - first, buckets = Math.min(count, Math.max(1, Math.floor(width)));
    context.beginPath();
    for (let bucket = 0; bucket < buckets; bucket++) {
      const from = first + Math.floor((bucket * count) / buckets), to = first + Math.floor(((bucket + 1) * count) / buckets);
      let [least, most] = [Infinity, -Infinity];
      for (let sample = from; sample < to; sample++) {
        const number = value(sample);
        least = Math.min(least, number); most = Math.max(most, number);
      }
      const x = x0 + (width * (bucket + 0.5)) / buckets;
      context.lineTo(x, y(most));
      if (most > least) context.lineTo(x, y(least));
    }
    context.strokeStyle = stroke; context.lineWidth = lineWidth; context.stroke();
  };

  // ---- The moment: movie and receptive field -------------------------------------------------------------------

  const drawMovie = () => {
    const canvas = $("movie");
    if (!movie) { canvas.parentElement.hidden = true; return; }
    const index = before(movie.frames, frames[state.sample]), size = movie.height * movie.width;
    picture(canvas, movie.height, movie.width, (pixel) => {
      const grey = movie.pixels[index * size + pixel];
      return [grey, grey, grey];
    });
    const centre = data.centres[state.cell];
    const mark = $("centre");
    mark.hidden = !centre;
    if (centre) {
      mark.style.top = `${(100 * (centre[0] + 0.5)) / movie.height}%`;
      mark.style.left = `${(100 * (centre[1] + 0.5)) / movie.width}%`;
      mark.style.borderColor = colour(label(state.cell));
    }
    const shown = movie.frames[index];
    $("movie-caption").textContent = `Stimulus, frame ${shown}` +
      (movie.stride > 1 ? ` (the page holds one frame of ${movie.stride})` : "") +
      (centre ? `; ring: receptive field of cell ${data.cells[state.cell]}` : "");
  };
  // Draws a field's space and time parts; returns its index in the file.
  const drawField = (map, kernel, cell, frame) => {
    const row = nearest(fields.frames, frame), at = row * data.cells.length + cell;
    const size = fields.height * fields.width;
    picture(map, fields.height, fields.width, (pixel) => diverging(fields.spatial[at * size + pixel] / 127));
    const [context, width, height] = prepare(kernel, 92);
    const x = (lag) => 8 + ((width - 16) * (lag + 0.5)) / fields.lags, y = (value) => 38 - 34 * value;
    line(context, [x(0), x(fields.lags - 1)], [y(0), y(0)], 1, "#b9c0c7");
    const lags = Array.from({ length: fields.lags }, (_, lag) => lag);
    let most = 0;
    for (const lag of lags) most = Math.max(most, Math.abs(fields.temporal[at * fields.lags + lag]));
    line(context, lags.map(x), lags.map((lag) => y(fields.temporal[at * fields.lags + lag] / (most || 1))), 1.6);
    const unit = data.interval ? "ms" : "frames";
    text(context, `−${Math.round(fields.lags * (data.interval || 1))}`, 8, 84, "left", "#5a6067");
    text(context, `0 ${unit}`, width - 8, 84, "right", "#5a6067");
    if (width > 180) text(context, "before response", width / 2, 84, "center", "#5a6067");
    return { row, at };
  };
  const drawMoment = () => {
    const frame = frames[state.sample];
    const { row, at } = drawField($("field"), $("kernel"), state.cell, frame);
    const exact = fields.frames[row] === frame;
    const peak = fields.scale[at] * 127;
    $("field-caption").textContent =
      `Cell ${data.cells[state.cell]} at ${exact ? moment(state.sample) : `frame ${fields.frames[row]}, the nearest computed`}: ` +
      (peak > 0 ? `peak ${short(peak)} ${data.fieldUnits}, ${Math.round(100 * fields.share[at])} % separable`
        : "no response to any change");
    const channels = layer().negative.columns, [context, width, height] = prepare($("channels"), 120);
    const limit = Math.max(layer().negative.limit, layer().positive.limit) || 1;
    const step = (width - 34) / channels;
    for (let channel = 0; channel < channels; channel++) {
      const up = Math.sqrt(layer().positive.at(state.sample, channel) / limit) * 46;
      const down = Math.sqrt(-layer().negative.at(state.sample, channel) / limit) * 46;
      context.fillStyle = "#b2182b"; context.fillRect(34 + channel * step + 1, 52 - up, Math.max(1, step - 2), up);
      context.fillStyle = "#2166ac"; context.fillRect(34 + channel * step + 1, 52, Math.max(1, step - 2), down);
      if (channels <= 24) text(context, `${channel + 1}`, 34 + (channel + 0.5) * step, 114, "center", "#5a6067");
    }
    line(context, [34, width], [52, 52], 1, "#5a6067");
    text(context, "C⁺", 4, 28, "left", "#b2182b"); text(context, "C⁻", 4, 84, "left", "#2166ac");
    const on = [...layer().modes.slice(layer().starts[state.sample], layer().starts[state.sample + 1])];
    $("no-modes").hidden = on.length > 0;
    refill($("modes-on"), `${state.layer} ${on}`, on, state.mode, (mode) => button(`mode ${layer().ids[mode]}`, () => set({ mode })));
  };
  // Buttons are only made anew where there are others to show, so that they keep the keyboard's focus.
  const refill = (box, key, items, chosen, make) => {
    if (box.dataset.key !== key) box.replaceChildren(...items.map(make));
    box.dataset.key = key;
    items.forEach((item, index) => box.children[index].setAttribute("aria-pressed", String(item === chosen)));
  };
  const button = (words, press, pressed, dot) => {
    const element = document.createElement("button");
    if (dot) {
      const mark = document.createElement("span");
      mark.className = "dot"; mark.style.background = dot; element.append(mark);
    }
    element.append(words);
    element.setAttribute("aria-pressed", String(Boolean(pressed)));
    element.addEventListener("click", press);
    return element;
  };

  // ---- Traces over time ----------------------------------------------------------------------------------------

  const margin = 74;
  const drawTraces = () => {
    const [first, last] = view(), channels = layer().negative.columns;
    const heatHeight = Math.min(200, Math.max(90, 9 * channels * 2));
    const shownModes = modesInView(first, last);
    const lane = { rate: [16, 84], target: [116, 60], heat: [192, heatHeight], modes: [212 + heatHeight, 13 * shownModes.length] };
    const [context, width, height] = prepare($("traces"), lane.modes[0] + lane.modes[1] + 24);
    const room = [margin, width - margin - 8];
    const x = (sample) => room[0] + (room[1] * (sample - first + 0.5)) / (last - first);
    // Rates: the chosen cell's, or all of the chosen cluster's behind it.
    const members = state.cluster >= 0 ? data.cells.map((_, cell) => cell).filter((cell) => label(cell) === state.cluster) : [];
    let peak = 1;
    for (const cell of new Set([state.cell, ...members])) peak = Math.max(peak, rates.limitOf(cell));
    if (recorded) peak = Math.max(peak, recorded.limitOf(state.cell));
    for (const cell of members) trace(context, room, lane.rate, [first, last], (s) => rates.at(s, cell), 0, peak, colour(state.cluster) + "66", 1);
    if (recorded) trace(context, room, lane.rate, [first, last], (s) => recorded.at(s, state.cell), 0, peak, "#9a9a9a", 1.5);
    trace(context, room, lane.rate, [first, last], (s) => rates.at(s, state.cell), 0, peak, "#0072b2", 1.6);
    text(context, `cell ${data.cells[state.cell]}`, 4, 56); text(context, "rate", 4, 71, "left", "#5a6067");
    text(context, `${short(peak)} Hz`, margin - 6, 24, "right", "#5a6067"); text(context, "0", margin - 6, 100, "right", "#5a6067");
    text(context, (recorded ? "blue: model, grey: recorded" : "blue: model") + (members.length ? `; thin: the cluster's ${members.length} cells` : ""), width - 8, 11, "right", "#5a6067");
    const [low, high] = data.targetRange;
    trace(context, room, lane.target, [first, last], (s) => target.at(s, 0), low, high, "#1d1f21");
    text(context, data.targetName, 4, 144); text(context, data.targetUnits, 4, 159, "left", "#5a6067");
    text(context, short(high), margin - 6, 124, "right", "#5a6067"); text(context, short(low), margin - 6, 176, "right", "#5a6067");
    drawHeat(context, room, lane.heat, first, last, channels);
    drawLoadings(context, room, lane.modes, first, last, shownModes, x);
    text(context, momentAt(first), room[0], height - 6, "left", "#5a6067");
    text(context, momentAt(last - 1), room[0] + room[1], height - 6, "right", "#5a6067");
    text(context, momentAt((first + last) >> 1), room[0] + room[1] / 2, height - 6, "center", "#5a6067");
    line(context, [x(state.sample), x(state.sample)], [12, height - 18], 1.5, "#d55e00");
  };
  const momentAt = (sample) => moment(Math.min(Math.max(0, sample), samples - 1));
  const drawHeat = (context, room, [top, height], first, last, channels) => {
    const columns = Math.min(last - first, Math.max(1, Math.floor(room[1])));
    const limit = layer().colourLimit;
    const value = (row, column) => {
      const values = row < channels ? layer().positive : layer().negative, channel = row % channels;
      const from = first + Math.floor((column * (last - first)) / columns), to = first + Math.floor(((column + 1) * (last - first)) / columns);
      let most = 0;
      for (let sample = from; sample < to; sample++) {
        const number = values.at(sample, channel);
        if (Math.abs(number) > Math.abs(most)) most = number;
      }
      return most / limit;
    };
    heat(context, room[0], top, room[1], height, 2 * channels, columns, (row, column) => diverging(value(row, column)));
    text(context, layer().name, 4, top + 12); text(context, "channels", 4, top + 27, "left", "#5a6067");
    text(context, "C⁺", margin - 6, top + height / 4 + 4, "right", "#b2182b");
    text(context, "C⁻", margin - 6, top + (3 * height) / 4 + 4, "right", "#2166ac");
    line(context, [room[0], room[0] + room[1]], [top + height / 2, top + height / 2], 1, "#1d1f21");
  };
  // The chosen mode and those that are on most in view.
  const modesInView = (first, last) => {
    const counts = new Map();
    for (let k = layer().starts[first]; k < layer().starts[last]; k++) counts.set(layer().modes[k], (counts.get(layer().modes[k]) || 0) + 1);
    const most = [...counts].filter(([mode]) => mode !== state.mode).sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, 11).map(([mode]) => mode);
    return state.mode >= 0 ? [state.mode, ...most] : most;
  };
  let modeRows = [];
  const drawLoadings = (context, room, [top], first, last, shown, x) => {
    modeRows = shown.map((mode, row) => ({ mode, y: top + 13 * row }));
    const width = Math.max(1, room[1] / (last - first)), rows = new Map(modeRows.map(({ mode, y }) => [mode, y]));
    context.fillStyle = "#eef0f2";
    for (const { y } of modeRows) context.fillRect(room[0], y, room[1], 11);
    for (let sample = first; sample < last; sample++) {
      for (let k = layer().starts[sample]; k < layer().starts[sample + 1]; k++) {
        const y = rows.get(layer().modes[k]);
        if (y === undefined) continue;
        context.fillStyle = layer().modes[k] === state.mode ? "#d55e00" : "#5a6067";
        const height = 11 * (layer().values[k] / 65535);
        context.fillRect(x(sample) - width / 2, y + 11 - height, width, height);
      }
    }
    for (const { mode, y } of modeRows) text(context, `mode ${layer().ids[mode]}`, margin - 6, y + 10, "right", mode === state.mode ? "#b34700" : "#1d1f21");
  };
  const drawOverview = () => {
    const [context, width, height] = prepare($("overview"), 54), room = [margin, width - margin - 8];
    const place = (sample) => room[0] + (room[1] * sample) / samples, [first, last] = view();
    context.fillStyle = "#e6f0f7"; context.fillRect(place(first), 0, Math.max(2, place(last) - place(first)), 54);
    trace(context, room, [2, 34], [0, samples], (s) => target.at(s, 0), ...data.targetRange, "#5a6067", 1);
    if (state.mode >= 0) {
      context.fillStyle = "#d55e00";
      for (let sample = 0; sample < samples; sample++) {
        if (loading(layer(), sample, state.mode) > 0) context.fillRect(place(sample), 42, Math.max(1, room[1] / samples), 9);
      }
      text(context, `mode ${layer().ids[state.mode]}`, margin - 6, 51, "right", "#b34700");
    }
    text(context, data.targetName, margin - 6, 24, "right", "#5a6067");
    line(context, [place(state.sample), place(state.sample)], [0, 54], 1.5, "#d55e00");
  };

  // ---- The chosen mode -----------------------------------------------------------------------------------------

  const drawMode = () => {
    const chosen = layer();
    $("mode-select").value = String(state.mode);
    if (state.mode < 0) { $("mode-title").textContent = "No mode"; return; }
    const on = [];
    for (let sample = 0; sample < samples; sample++) {
      const value = loading(chosen, sample, state.mode);
      if (value > 0) on.push([sample, value]);
    }
    $("mode-title").textContent = `Mode ${chosen.ids[state.mode]} of ${chosen.name}: on in ${on.length} of ${samples} frames (${(100 * on.length / samples).toFixed(1)} %)`;
    drawAtom(chosen); drawDriven(chosen);
    // Its strongest moments, apart from each other, with the chosen cell's field at each.
    const apart = Math.max(5, Math.round(samples / 200)), strongest = [];
    for (const [sample] of [...on].sort((a, b) => b[1] - a[1] || a[0] - b[0])) {
      if (strongest.length < 4 && strongest.every((other) => Math.abs(other - sample) >= apart)) strongest.push(sample);
    }
    strongest.sort((a, b) => a - b);
    const box = $("mode-fields");
    box.replaceChildren();
    for (const sample of strongest) {
      const figure = document.createElement("figure"), map = document.createElement("canvas"), kernel = document.createElement("canvas");
      const caption = document.createElement("figcaption");
      map.className = "square pointable"; map.title = "go to this moment";
      map.addEventListener("click", () => set({ sample }));
      figure.append(map, kernel, caption); box.append(figure);
      const { row } = drawField(map, kernel, state.cell, frames[sample]);
      const exact = fields.frames[row] === frames[sample];
      caption.textContent = `${moment(sample)}, ${short(rates.at(sample, state.cell))} Hz` + (exact ? "" : ` (field of frame ${fields.frames[row]}, the nearest computed)`);
    }
    $("mode-fields-title").textContent = `Receptive field of cell ${data.cells[state.cell]} where the mode is strongest`;
    state.on = on;
  };
  const drawAtom = (chosen) => {
    const count = chosen.dictionary.columns, [context, width, height] = prepare($("atom"), 170);
    let limit = 1e-12;
    for (let feature = 0; feature < count; feature++) limit = Math.max(limit, Math.abs(chosen.dictionary.at(state.mode, feature)));
    const channels = Math.max(...chosen.features.map(([channel]) => channel)) + 1, step = (width - 40) / channels;
    chosen.features.forEach(([channel, sign], feature) => {
      const value = chosen.dictionary.at(state.mode, feature), size = (68 * value) / limit;
      // Two bars for each channel: its inhibition and its excitation.
      const both = chosen.features.some(([other, otherSign]) => other === channel && otherSign !== sign);
      const barWidth = Math.max(1, (step - 4) / (both ? 2 : 1)), x = 40 + channel * step + 2 + (both && sign > 0 ? barWidth : 0);
      context.fillStyle = sign < 0 ? "#2166ac" : "#b2182b";
      context.fillRect(x, size >= 0 ? 76 - size : 76, barWidth - 0.5, Math.abs(size));
    });
    if (channels <= 24) for (let channel = 0; channel < channels; channel++) text(context, `${channel + 1}`, 40 + (channel + 0.5) * step, 164, "center", "#5a6067");
    line(context, [40, width], [76, 76], 1, "#5a6067");
    text(context, short(limit), 36, 16, "right", "#5a6067"); text(context, short(-limit), 36, 148, "right", "#5a6067");
  };
  let drivenRows = [];
  const drawDriven = (chosen) => {
    const order = data.cells.map((_, cell) => cell).sort((a, b) => chosen.correlation.at(b, state.mode) - chosen.correlation.at(a, state.mode));
    const shown = order.length > 14 ? [...order.slice(0, 7), ...order.slice(-7)] : order;
    const [context, width] = prepare($("driven"), 20 + 17 * shown.length), middle = 52 + (width - 60) / 2;
    drivenRows = shown.map((cell, row) => ({ cell, y: 4 + 17 * row }));
    for (const { cell, y } of drivenRows) {
      const value = chosen.correlation.at(cell, state.mode), size = ((width - 60) / 2) * value;
      context.fillStyle = colour(label(cell)); context.fillRect(size < 0 ? middle + size : middle, y, Math.abs(size), 13);
      text(context, `cell ${data.cells[cell]}`, 46, y + 11, "right", cell === state.cell ? "#0072b2" : "#1d1f21");
    }
    line(context, [middle, middle], [0, 4 + 17 * shown.length], 1, "#5a6067");
    text(context, "−1", 54, 16 + 17 * shown.length, "left", "#5a6067"); text(context, "1", width - 6, 16 + 17 * shown.length, "right", "#5a6067");
    text(context, "correlation with rate", middle, 16 + 17 * shown.length, "center", "#5a6067");
  };

  // ---- Clusters ------------------------------------------------------------------------------------------------

  let grid = { rows: [], columns: [], x: 0, y: 0, width: 1, height: 1 };
  const drawClusters = () => {
    const shown = part();
    if (!shown) return;
    const order = shown.order, profile = shown.layer >= 0 ? layers[shown.layer].correlation : profiles[state.part];
    const columns = shown.columnOrder, cellHeight = Math.max(8, Math.min(20, 340 / order.length));
    const [context, width] = prepare($("matrix"), 10 + cellHeight * order.length + 20);
    grid = { rows: order, columns, x: 58, y: 4, width: width - 66, height: cellHeight * order.length };
    heat(context, grid.x, grid.y, grid.width, grid.height, order.length, columns.length,
      (row, column) => diverging(profile.at(order[row], columns[column]) / shown.limit));
    order.forEach((cell, row) => {
      context.fillStyle = colour(shown.labels[cell]);
      context.fillRect(44, grid.y + row * cellHeight + 1, 9, cellHeight - 2);
      if (cellHeight >= 11 || cell === state.cell) text(context, `${data.cells[cell]}`, 38, grid.y + (row + 0.5) * cellHeight + 4, "right", cell === state.cell ? "#0072b2" : "#1d1f21");
      const isMember = state.cluster >= 0 && shown.labels[cell] === state.cluster;
      if (cell === state.cell || isMember) {
        context.strokeStyle = cell === state.cell ? "#1d1f21" : colour(state.cluster); context.lineWidth = 2;
        context.strokeRect(grid.x - 1, grid.y + row * cellHeight + 1, grid.width + 2, cellHeight - 2);
      }
    });
    if (shown.layer === state.layer && state.mode >= 0) {
      const column = columns.indexOf(state.mode), step = grid.width / columns.length;
      context.strokeStyle = "#d55e00"; context.lineWidth = 2;
      context.strokeRect(grid.x + column * step - 1, grid.y - 1, step + 2, grid.height + 2);
    }
    text(context, shown.columnsTitle, grid.x + grid.width / 2, grid.y + grid.height + 15, "center", "#5a6067");
    drawSilhouettes(shown); drawMosaic();
    const groups = [...new Set(shown.labels)].filter((group) => group >= 0).sort((a, b) => a - b);
    refill($("cluster-buttons"), String(state.part), groups, state.cluster,
      (group) => button(`cluster ${group}`, () => set({ cluster: state.cluster === group ? -1 : group }), false, colour(group)));
    const members = data.cells.filter((_, cell) => shown.labels[cell] === state.cluster);
    $("cluster-cells").textContent = state.cluster < 0 ? "Choose a cluster to see its cells in every picture."
      : `Cluster ${state.cluster}: cells ${members.join(", ")}.`;
    $("cluster-words").textContent = shown.words;
  };
  const drawSilhouettes = (shown) => {
    const [context, width] = prepare($("silhouettes"), 130), best = Math.max(0.3, ...shown.scores.filter(Number.isFinite));
    const x = (index) => 44 + ((width - 60) * (index + 0.5)) / shown.tried.length, y = (value) => 100 - (84 * Math.max(0, value)) / best;
    line(context, [44, width - 8], [100, 100], 1, "#b9c0c7");
    line(context, shown.tried.map((_, index) => x(index)), shown.scores.map(y), 1.2);
    shown.tried.forEach((k, index) => {
      context.beginPath(); context.arc(x(index), y(shown.scores[index]), k === shown.chosen ? 5 : 3, 0, 7);
      context.fillStyle = k === shown.chosen ? "#d55e00" : "#1d1f21"; context.fill();
      text(context, `${k}`, x(index), 114, "center", "#5a6067");
    });
    text(context, "number of clusters", width / 2, 127, "center", "#5a6067");
    text(context, best.toFixed(1), 40, 20, "right", "#5a6067"); text(context, "0", 40, 104, "right", "#5a6067");
  };
  let mosaicCells = [];
  const drawMosaic = () => {
    // The part of the stimulus around the cells.
    const known = data.centres.filter(Boolean);
    if (!known.length) return;
    const middle = [0, 1].map((axis) => (Math.max(...known.map((c) => c[axis])) + Math.min(...known.map((c) => c[axis]))) / 2);
    const reach = Math.max(4, 1.25 * Math.max(...known.flatMap((c) => c.map((value, axis) => Math.abs(value - middle[axis])))));
    const canvas = $("mosaic"), [context, width, height] = prepare(canvas, Math.min(canvas.clientWidth, 300));
    const scale = Math.min(width, height) / (2 * reach), place = (c, axis) => (axis ? width : height) / 2 + scale * (c[axis] - middle[axis]);
    context.strokeStyle = "#b9c0c7"; context.lineWidth = 1;
    context.strokeRect(width / 2 - scale * reach + 0.5, 0.5, 2 * scale * reach - 1, height - 1);
    line(context, [width / 2 - scale * reach + 10, width / 2 - scale * reach + 10 + 2 * scale], [height - 10, height - 10], 2);
    text(context, "2 pixels of the stimulus", width / 2 - scale * reach + 16 + 2 * scale, height - 6, "left", "#5a6067");
    mosaicCells = data.cells.flatMap((id, cell) => data.centres[cell]
      ? [{ cell, id, x: place(data.centres[cell], 1), y: place(data.centres[cell], 0) }] : []);
    for (const { cell, id, x, y } of mosaicCells) {
      const isFaint = state.cluster >= 0 && label(cell) !== state.cluster;
      context.beginPath(); context.arc(x, y, cell === state.cell ? 13 : 10, 0, 7);
      context.globalAlpha = isFaint ? 0.25 : 1;
      context.fillStyle = colour(label(cell)); context.fill();
      if (cell === state.cell) { context.lineWidth = 2.5; context.strokeStyle = "#1d1f21"; context.stroke(); }
      text(context, `${id}`, x, y + 4, "center", "#fff");
      context.globalAlpha = 1;
    }
  };
  const profiles = data.parts.map((shown) => shown.profile && matrix(shown.profile));
  for (const values of [rates, recorded].filter(Boolean)) {
    const peaks = new Map();
    values.limitOf = (column) => {
      if (!peaks.has(column)) {
        let peak = 0;
        for (let row = 0; row < values.rows; row++) peak = Math.max(peak, values.at(row, column));
        peaks.set(column, peak);
      }
      return peaks.get(column);
    };
  }

  // ---- Controls ------------------------------------------------------------------------------------------------

  const render = () => {
    $("time-text").textContent = `${moment(state.sample)} (frame ${frames[state.sample]})`;
    $("slider").value = state.sample;
    $("slider").setAttribute("aria-valuetext", moment(state.sample));
    $("play").textContent = state.playing ? "Pause" : "Play";
    for (const [cell, chip] of chips.entries()) {
      chip.setAttribute("aria-pressed", String(cell === state.cell));
      chip.firstChild.style.background = colour(label(cell));
    }
    for (const [index, tab] of [...$("layers").children].entries()) tab.setAttribute("aria-pressed", String(index === state.layer));
    for (const [index, tab] of [...$("parts").children].entries()) tab.setAttribute("aria-pressed", String(index === state.part));
    drawMovie(); drawMoment(); drawTraces(); drawOverview(); drawMode(); drawClusters();
  };
  const chooseLayer = (index) => {
    const best = layers[index].order[0] ?? -1;
    set({ layer: index, mode: index === state.layer ? state.mode : best });
    fillModes(index);
  };
  const fillModes = (index) => {
    $("mode-select").replaceChildren(...layers[index].order.map((mode) => {
      const option = document.createElement("option");
      option.value = String(mode); option.textContent = `mode ${layers[index].ids[mode]} (${layers[index].on[mode]} frames)`;
      return option;
    }));
  };
  const chips = data.cells.map((id, cell) => button(`cell ${id}`, () => set({ cell }), false, colour(-1)));
  $("cells").append(...chips);
  $("layers").append(...layers.map(({ name }, index) => button(name, () => chooseLayer(index))));
  $("parts").append(...data.parts.map(({ name }, index) => button(`by ${name}`, () => set({ part: index, cluster: -1 }))));
  fillModes(0);
  $("slider").max = samples - 1;
  $("slider").addEventListener("input", (event) => set({ sample: Number(event.target.value) }));
  const spans = [["whole movie", 0], ...[2, 5, 10, 30].filter((seconds) => seconds * data.rate < samples).map((seconds) => [`${seconds} s`, seconds])];
  $("span").append(...spans.map(([name, value]) => new Option(name, value)));
  if (samples > 12 * data.rate) { state.span = 5; $("span").value = "5"; }
  $("span").addEventListener("change", (event) => set({ span: Number(event.target.value) }));
  $("mode-select").addEventListener("change", (event) => set({ mode: Number(event.target.value) }));
  $("step-back").addEventListener("click", () => set({ sample: state.sample - 1 }));
  $("step-on").addEventListener("click", () => set({ sample: state.sample + 1 }));
  const nextOn = (direction) => {
    const later = (state.on || []).map(([sample]) => sample).filter((sample) => (sample - state.sample) * direction > 0);
    if (later.length) set({ sample: direction > 0 ? Math.min(...later) : Math.max(...later) });
  };
  $("mode-back").addEventListener("click", () => nextOn(-1));
  $("mode-on").addEventListener("click", () => nextOn(1));
  let clock = 0;
  const play = (now) => {
    if (!state.playing) return;
    const step = ((now - clock) / 1000) * data.rate * 0.5;
    if (step >= 1) {
      clock = now;
      if (state.sample >= samples - 1) set({ playing: false }); else set({ sample: state.sample + Math.floor(step) });
    }
    requestAnimationFrame(play);
  };
  const toggle = () => { set({ playing: !state.playing }); clock = performance.now(); requestAnimationFrame(play); };
  $("play").addEventListener("click", toggle);

  const point = (canvas, act) => {
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      act(event.clientX - box.left, event.clientY - box.top, box.width, event.type);
    };
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); at(event); });
    canvas.addEventListener("pointermove", (event) => { if (event.buttons) at(event); });
  };
  point($("traces"), (x, y, width, type) => {
    const row = modeRows.find(({ y: top }) => y >= top && y < top + 13);
    if (type === "pointerdown" && x < margin) { if (row) set({ mode: row.mode }); return; }
    const [first, last] = view();
    set({ sample: first + ((x - margin) / (width - margin - 8)) * (last - first) - 0.5 });
  });
  point($("overview"), (x, _, width) => set({ sample: ((x - margin) / (width - margin - 8)) * samples }));
  point($("driven"), (_, y) => { const row = drivenRows.find(({ y: top }) => y >= top && y < top + 17); if (row) set({ cell: row.cell }); });
  point($("matrix"), (x, y) => {
    const row = Math.floor(((y - grid.y) / grid.height) * grid.rows.length), column = Math.floor(((x - grid.x) / grid.width) * grid.columns.length);
    if (row < 0 || row >= grid.rows.length) return;
    const change = { cell: grid.rows[row] };
    if (part().layer >= 0 && column >= 0 && column < grid.columns.length) {
      if (part().layer !== state.layer) fillModes(part().layer);
      Object.assign(change, { layer: part().layer, mode: grid.columns[column] });
    }
    set(change);
  });
  point($("mosaic"), (x, y) => {
    const found = mosaicCells.map((one) => [Math.hypot(one.x - x, one.y - y), one.cell]).sort((a, b) => a[0] - b[0])[0];
    if (found && found[0] < 24) set({ cell: found[1] });
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(SELECT|INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
    const onNow = [...layer().modes.slice(layer().starts[state.sample], layer().starts[state.sample + 1])];
    const cycle = (list, current, step) => list[(list.indexOf(current) + step + list.length) % list.length];
    const all = data.cells.map((_, cell) => cell), step = event.shiftKey ? 10 : 1;
    const actions = {
      ArrowLeft: () => set({ sample: state.sample - step }), ArrowRight: () => set({ sample: state.sample + step }),
      Home: () => set({ sample: 0 }), End: () => set({ sample: samples - 1 }),
      c: () => set({ cell: cycle(all, state.cell, 1) }), C: () => set({ cell: cycle(all, state.cell, -1) }),
      m: () => { if (onNow.length) set({ mode: cycle(onNow, state.mode, 1) }); },
      n: () => nextOn(1), N: () => nextOn(-1),
      l: () => chooseLayer((state.layer + 1) % layers.length),
      " ": () => { if (event.target.tagName !== "BUTTON") toggle(); },
    };
    const act = actions[event.key];
    if (!act) return;
    if (event.key !== " " || event.target.tagName !== "BUTTON") event.preventDefault();
    act();
  });
  new ResizeObserver(() => set({})).observe(document.querySelector("main"));
  chooseLayer(0);
  // For tests: what the page shows now, and how far apart its movie's frames and receptive fields are.
  const gaps = (frames) => Math.max(1, ...Array.from(frames.subarray(1), (frame, index) => frame - frames[index]));
  window.codecReport = {
    state, ready: true, thinned: { samples, gap: gaps(fields.frames), stride: movie ? gaps(movie.frames) : 1 },
  };
})();
