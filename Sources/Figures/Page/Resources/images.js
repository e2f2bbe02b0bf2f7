"use strict";
// Modes, classes and pictures of experiments on images. All numbers come from the result files, carried in #data.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const state = { layer: 0, label: 0, mode: 0 };
  window.codecReport = { state, ready: true };
  if (!$("image-layers")) return;

  const layer = () => data.layers[state.layer];
  const name = (label) => data.classes[label] ?? `class ${label}`;
  // Modes of the layer by their correlation with a class.
  const ranked = (label) => layer().modes.map((mode, index) => [index, mode.classes.find(([one]) => one === label)?.[1]])
    .filter(([, value]) => value !== undefined).sort((a, b) => b[1] - a[1]);

  const bars = (canvas, rows, chosen, colour) => {
    const ratio = Math.min(2, window.devicePixelRatio || 1), width = canvas.clientWidth || 300, height = 20 * Math.max(1, rows.length) + 20;
    canvas.style.height = `${height}px`;
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = "12px system-ui, Arial, sans-serif";
    const left = Math.min(150, width * 0.4), scale = width - left - 46;
    rows.forEach(([words, value], index) => {
      const y = 20 * index + 3;
      context.fillStyle = index === chosen ? "#d55e00" : colour;
      context.fillRect(left, y, Math.max(1, scale * Math.max(0, value)), 15);
      context.fillStyle = "#1d1f21"; context.textAlign = "right"; context.fillText(words, left - 6, y + 12);
      context.textAlign = "left"; context.fillText(value.toFixed(2), left + scale * Math.max(0, value) + 5, y + 12);
    });
    context.fillStyle = "#5a6067"; context.textAlign = "center";
    context.fillText(rows.length ? "correlation" : "none above 0.05", left + scale / 2, height - 5);
  };

  let shownModes = [], shownClasses = [];
  const render = () => {
    [...$("image-layers").children].forEach((tab, index) => tab.setAttribute("aria-pressed", String(index === state.layer)));
    $("image-class").value = String(state.label);
    shownModes = ranked(state.label).slice(0, 12);
    $("image-modes-title").textContent = `Modes of ${layer().name} that go with “${name(state.label)}”`;
    bars($("image-modes"), shownModes.map(([mode, value]) => [`mode ${layer().modes[mode].id}`, value]), shownModes.findIndex(([mode]) => mode === state.mode), "#0072b2");
    const mode = layer().modes[state.mode];
    $("image-mode-select").value = String(state.mode);
    if (!mode) return;
    shownClasses = mode.classes.slice(0, 12);
    $("image-mode").textContent = `Mode ${mode.id} of ${layer().name} and its classes`;
    bars($("image-classes"), shownClasses.map(([label, value]) => [name(label), value]), shownClasses.findIndex(([label]) => label === state.label), "#009e73");
    const table = document.createElement("table"), head = table.createTHead().insertRow();
    for (const words of ["picture", "class", "loading"]) head.append(Object.assign(document.createElement("th"), { textContent: words }));
    const body = table.createTBody();
    for (const [sample, loading] of mode.samples) {
      const row = body.insertRow();
      for (const words of [data.samples[sample] ?? `sample ${sample}`, data.labels.length ? name(data.labels[sample]) : "–", loading.toFixed(3)]) row.insertCell().textContent = words;
    }
    $("image-samples").replaceChildren(table);
    const maps = data.maps.filter((map) => map.layer === layer().name && (map.mode === mode.id || map.mode < 0));
    $("image-maps").replaceChildren(...maps.map((map) => {
      const figure = document.createElement("figure"), caption = document.createElement("figcaption");
      const image = Object.assign(document.createElement("img"), { src: map.picture, alt: `contribution map of ${map.name}` });
      caption.textContent = `${map.name}, ${name(map.label)}: what acts through this mode`;
      figure.append(image, caption);
      return figure;
    }));
  };
  const choose = (change) => {
    Object.assign(state, change);
    if ("layer" in change) fillModes();
    if (("layer" in change || "label" in change) && !("mode" in change)) state.mode = ranked(state.label)[0]?.[0] ?? 0;
    render();
  };
  const fillModes = () => $("image-mode-select").replaceChildren(...layer().modes.map(({ id }, index) => new Option(`mode ${id}`, index)));

  $("image-layers").append(...data.layers.map(({ name: words }, index) => {
    const tab = Object.assign(document.createElement("button"), { textContent: words });
    tab.addEventListener("click", () => choose({ layer: index }));
    return tab;
  }));
  $("image-class").append(...data.classes.map((words, label) => new Option(words, label)));
  $("image-class-names").append(...data.classes.map((words) => Object.assign(document.createElement("option"), { value: words })));
  $("image-class").addEventListener("change", (event) => choose({ label: Number(event.target.value) }));
  $("image-mode-select").addEventListener("change", (event) => choose({ mode: Number(event.target.value) }));
  $("image-search").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    const label = data.classes.findIndex((words) => words.toLowerCase() === wanted);
    const like = label >= 0 ? label : data.classes.findIndex((words) => wanted && words.toLowerCase().includes(wanted));
    if (like >= 0) choose({ label: like });
  });
  const point = (canvas, act) => canvas.addEventListener("pointerdown", (event) => act(Math.floor((event.clientY - canvas.getBoundingClientRect().top) / 20)));
  point($("image-modes"), (row) => { if (shownModes[row]) choose({ mode: shownModes[row][0] }); });
  point($("image-classes"), (row) => { if (shownClasses[row]) choose({ label: shownClasses[row][0], mode: state.mode }); });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(SELECT|INPUT)$/.test(event.target.tagName)) return;
    const next = (value, count) => (value + 1) % Math.max(1, count);
    if (event.key === "l") choose({ layer: next(state.layer, data.layers.length) });
    if (event.key === "c") choose({ label: next(state.label, data.classes.length) });
    if (event.key === "m") choose({ mode: next(state.mode, layer().modes.length) });
  });
  new ResizeObserver(render).observe(document.querySelector("main"));
  choose({ layer: Math.max(0, data.start), label: 0 });
})();
