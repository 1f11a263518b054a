(() => {
  "use strict";
  const [START, FORWARD, SEED, BACKWARD, TANGENT, END, UPDATE] = [0, 1, 2, 3, 4, 5, 6];
  const NAMES = ["Given", "Forward", "Seed", "Backward", "Tangents", "Gradients", "Training"];
  const SHORT_TABLE = 30;
  const id = (name) => document.getElementById(name);
  const every = (selector, within = document) => [...within.querySelectorAll(selector)];
  const on = (target, kind, act) => target.addEventListener(kind, act);
  const known = JSON.parse(id("data").textContent);
  const { nodes, stages } = known;
  const steps = every("article");
  const pieces = every("#text > span");
  const svg = document.querySelector("#graph svg");
  const made = new Map(), walked = new Map(), reached = new Map();
  const revealed = new Set();
  let at = 0, edge = stages.length - 1;

  stages.forEach(([phase, node, shares], place) => {
    if (phase === FORWARD) made.set(node, place);
    if (phase === BACKWARD) walked.set(node, place);
    for (const [target, argument, total, so] of shares) {
      if (!reached.has(target)) reached.set(target, []);
      reached.get(target).push([place, total, so, phase === BACKWARD ? argument : -1]);
    }
  });
  const inPhase = (phase) => stages.filter((stage) => stage[0] === phase).length;
  const counts = NAMES.map((_, phase) => inPhase(phase));
  const firsts = NAMES.map((_, phase) => stages.findIndex((stage) => stage[0] === phase));

  // What the reader may see: a step that is still to be predicted has not happened yet.
  const asking = () => id("predict").checked && !revealed.has(at) && fields(steps[at]).length > 0;
  const exactly = (answer) => read(answer.dataset.exact || answer.textContent);
  const fields = (step) => every(".answer, .v, .c", step);
  const valueAt = (node) => !nodes[node] || nodes[node][2] <= 2 || (made.has(node) ? made.get(node) <= edge : true);
  const gradientAt = (node) => (reached.get(node) || []).filter(([place]) => place <= edge).pop();
  const finished = (node) => {
    const all = reached.get(node);
    return all !== undefined && all[all.length - 1][0] <= edge;
  };

  // The graph: elements by the values they show, for a folded node all its members.
  const drawn = new Map(), lines = new Map();
  const put = (map, key, element) => map.set(key, [...(map.get(key) || []), element]);
  const home = new Map();
  for (const element of svg ? every("[data-node]", svg) : []) {
    const own = element.dataset.node;
    const members = element.dataset.members ? element.dataset.members.split(" ") : [own];
    for (const member of members) { put(drawn, Number(member), element); home.set(Number(member), own); }
    on(element, "click", () => visit(Number(members[members.length - 1])));
  }
  for (const element of svg ? every("[data-edge]", svg) : []) {
    const [source, target, position] = element.dataset.edge.split("-");
    element.ends = [source, target, Number(position)];
    put(lines, target, element);
  }
  if (svg) svg.classList.add("hide-values", "hide-gradients");

  const edgesOf = (stage) => {
    const [phase, node, shares] = stage;
    if (![FORWARD, BACKWARD, TANGENT].includes(phase)) return [];
    const into = lines.get(home.get(node)) || [];
    if (phase !== BACKWARD) return into;
    return into.filter(({ ends }) =>
      shares.some(([target, argument]) => home.get(target) === ends[0] && (ends[2] === argument || ends[1][0] === "s")));
  };

  let lit = [];
  const light = () => {
    for (const element of lit) element.classList.remove("lit");
    const [, node] = stages[at];
    const own = node === null ? [] : drawn.get(node) || [];
    const [start, stop] = node === null ? [] : nodes[node].slice(3);
    lit = [...own, ...edgesOf(stages[at]), ...(start === undefined ? [] : pieces.slice(start, stop))];
    for (const element of lit) element.classList.add("lit");
    if (own.length) bringIntoView(own[0]);
  };
  const bringIntoView = (element) => {
    const box = element.closest(".scroll"), inner = element.getBoundingClientRect(), outer = box.getBoundingClientRect();
    if (inner.top < outer.top || inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - outer.height / 3;
    if (inner.left < outer.left || inner.right > outer.right) box.scrollLeft += inner.left - outer.left - outer.width / 3;
  };
  const fill = () => {
    if (!svg) return;
    const over = edge >= firsts[END];
    for (const [member, elements] of drawn) {
      for (const element of elements) {
        element.classList.toggle("known-value", over || valueAt(member));
        element.classList.toggle("known-gradient", over || finished(member));
      }
    }
    for (const elements of lines.values()) {
      for (const element of elements) {
        const [source, target, position] = element.ends;
        const arrived = (reached.get(Number(source)) || []).some(([place, , , argument]) =>
          place <= edge && argument === position && String(stages[place][1]) === target);
        const whole = over || arrived;
        element.classList.toggle("known-value", whole);
        element.classList.toggle("known-gradient", whole);
      }
    }
  };

  // The table of what is known so far: everything in a short run, else what the step is about.
  const all = Object.keys(nodes).map(Number);
  const rowsNow = () => {
    if (all.length <= SHORT_TABLE) return all;
    const [, node, shares] = stages[at];
    const near = new Set([...shares.map((share) => share[0]), node]);
    return all.filter((one) => near.has(one) || (nodes[one][2] <= 2 && all.length < 400));
  };
  const cell = (name, text, style) => {
    const made = document.createElement(name);
    made.textContent = text;
    if (style) made.className = style;
    return made;
  };
  const table = () => {
    const head = document.createElement("thead"), body = document.createElement("tbody");
    const titles = ["value", "is", known.mode === "forward" ? "tangent" : "gradient so far"];
    const line = head.insertRow();
    for (const text of titles) { const made = cell("th", text); made.scope = "col"; line.append(made); }
    const [, node, shares] = stages[at];
    for (const one of rowsNow()) {
      const row = body.insertRow(), [label, text, kind] = nodes[one], total = gradientAt(one);
      const name = cell("th", ""), button = cell("button", label);
      name.scope = "row";
      button.type = "button";
      on(button, "click", () => visit(one));
      name.append(button);
      const so = total && total[2] && total[0] <= edge ? ` (${total[2]})` : "";
      row.append(name, cell("td", valueAt(one) ? text : "", "value"),
        cell("td", kind % 2 ? "not tracked" : total ? total[1] + so : "", kind % 2 ? "place" : "gradient"));
      if (one === node || shares.some((share) => share[0] === one)) row.className = "now";
    }
    id("values").replaceChildren(head, body);
  };

  // Predict, then reveal.
  const ask = (step) => {
    step.classList.add("asking");
    for (const answer of fields(step)) {
      if (answer.hidden) continue;
      answer.hidden = true;
      const guess = document.createElement("input");
      guess.className = "guess";
      guess.placeholder = Number.isNaN(exactly(answer)) ? "think of it" : "your number";
      guess.inputMode = "decimal";
      guess.autocomplete = "off";
      guess.setAttribute("aria-label", "Your prediction");
      answer.before(guess);
    }
    if (!step.querySelector(".reveal")) {
      const button = cell("button", "Reveal", "reveal");
      button.type = "button";
      on(button, "click", reveal);
      step.append(button);
    }
    const first = step.querySelector(".guess");
    if (first) first.focus({ preventScroll: true });
  };
  const read = (text) => Number(text.trim().replace(/[−–]/g, "-").replace(",", "."));
  const verdict = (said, exact) => {
    const number = read(said), near = Math.abs(number - exact) <= 0.01 * Math.abs(exact) + 1e-12;
    return near ? cell("span", `✓ you said ${said}`, "verdict right") : cell("span", `✗ you said ${said}`, "verdict");
  };
  const uncover = (step) => {
    step.classList.remove("asking");
    for (const answer of fields(step)) {
      const guess = answer.previousElementSibling;
      answer.hidden = false;
      if (guess && guess.classList.contains("guess")) {
        const exact = exactly(answer), said = guess.value.trim();
        if (said && !Number.isNaN(exact)) answer.after(verdict(said, exact));
        guess.remove();
      }
    }
    const button = step.querySelector(".reveal");
    if (button) button.remove();
  };
  const reveal = () => {
    revealed.add(at);
    show();
    id("next").focus({ preventScroll: true });
  };

  const spoken = (step, waits) => {
    const words = step.cloneNode(true);
    if (waits) for (const answer of fields(words)) answer.remove();
    for (const own of every(".note, h3 b, .reveal, table", words)) own.remove();
    return words.textContent.replace(/\s+/g, " ").trim().slice(0, 240);
  };
  const show = () => {
    const waits = asking(), step = steps[at], [phase] = stages[at];
    edge = waits ? at - 1 : at;
    for (const old of every("article.now")) if (old !== step) { old.classList.remove("now"); uncover(old); }
    step.classList.add("now");
    if (waits) ask(step); else uncover(step);
    const many = counts[phase] > 1, place = at - firsts[phase] + 1;
    document.querySelector(".sofar").hidden = phase === UPDATE;
    id("phase").textContent = NAMES[phase];
    id("count").textContent = many ? `${place} of ${counts[phase]}` : "";
    id("slide").value = at;
    id("slide").setAttribute("aria-valuetext", `${NAMES[phase]} ${many ? `${place} of ${counts[phase]}` : ""}`);
    id("first").disabled = id("back").disabled = at === 0;
    id("next").disabled = id("last").disabled = at === stages.length - 1 && !waits;
    id("next").textContent = waits ? "Reveal" : "Next →";
    id("told").textContent = `${NAMES[phase]} ${many ? place : ""}: ${spoken(step, waits)}`;
    light();
    fill();
    table();
    reachable(step);
  };
  // What scrolls sideways can be reached by keys.
  const reachable = (step) => {
    if (id("whole").checked || step.scrollWidth > step.clientWidth) step.tabIndex = 0; else step.removeAttribute("tabindex");
  };
  const address = () => {
    try { history.replaceState(null, "", `#${steps[at].id}`); } catch { /* a framed page has no address of its own */ }
  };
  const go = (place, quiet) => {
    const before = at;
    at = Math.max(0, Math.min(stages.length - 1, place));
    show();
    if (!quiet && before !== at) address();
    if (id("whole").checked) steps[at].scrollIntoView({ block: "nearest" });
  };
  const next = () => { if (asking()) reveal(); else go(at + 1); };
  const visit = (node) => {
    const back = stages[at][0] >= SEED;
    const all = reached.get(node) || [];
    const backward = walked.has(node) ? walked.get(node) : all.length ? all[all.length - 1][0] : undefined;
    const forward = made.has(node) ? made.get(node) : 0;
    const wanted = back && backward !== undefined ? backward : forward;
    go(wanted === at && backward !== undefined && !back ? backward : wanted === at ? forward : wanted);
  };
  const find = () => {
    let name = "";
    try { name = decodeURIComponent(location.hash.slice(1)); } catch { /* no step has such a name */ }
    return steps.findIndex((step) => step.id === name);
  };

  const KEYS = { ArrowRight: next, ArrowLeft: () => go(at - 1), Home: () => go(0), End: () => go(stages.length - 1) };
  on(document, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const field = event.target;
    if (field.classList && field.classList.contains("guess")) { if (event.key === "Enter") { event.preventDefault(); reveal(); } return; }
    if (field.id === "slide" || (field.closest && field.closest(".scroll")) || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  on(document, "click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const place = link ? steps.findIndex((step) => `#${step.id}` === link.getAttribute("href")) : -1;
    if (place >= 0) { event.preventDefault(); go(place); }
  });
  on(window, "hashchange", () => { const place = find(); if (place >= 0 && place !== at) go(place, true); });
  on(id("first"), "click", () => go(0));
  on(id("back"), "click", () => go(at - 1));
  on(id("next"), "click", next);
  on(id("last"), "click", () => go(stages.length - 1));
  on(id("slide"), "input", () => go(Number(id("slide").value)));
  on(id("predict"), "change", () => { revealed.clear(); show(); });
  on(id("whole"), "change", () => {
    document.documentElement.classList.toggle("whole", id("whole").checked);
    steps.forEach(reachable);
    steps[at].scrollIntoView({ block: "nearest" });
  });

  id("slide").max = stages.length - 1;
  document.documentElement.classList.add("js");
  for (const part of every(".controls, .sofar, .keys")) part.hidden = false;
  go(Math.max(0, find()), true);
})();
