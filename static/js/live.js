// Pages that follow a sweep take the news without jumping, and rest while nobody sees them. Without this file one reloads.
// Whatever is exchanged on any page is exchanged by the rules of this file alone.
(() => {
  // A hidden tab asks nothing. What it would have asked is asked once when it is seen again.
  const missed = new Set();
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!document.hidden || event.detail.requestConfig.verb !== "get") return;
    event.preventDefault();
    missed.add(event.detail.elt);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    const again = [...missed].filter((part) => part.isConnected && part.hasAttribute("hx-get"));
    missed.clear();
    again.forEach((part) => htmx.ajax("GET", part.getAttribute("hx-get"), { source: part, target: part }));
  });

  // What an element is known by when its part of the page comes anew: its id, or else what it is and says, numbers apart.
  // A cell of the matrix is known by its row and its column.
  const column = (cell) => { const head = cell.closest("table").tHead?.rows; return head?.[head.length - 1].cells[cell.cellIndex]?.dataset.region ?? cell.cellIndex; };
  const rowOf = (cell) => { const row = cell.parentElement; return row.dataset.account ?? (row.querySelector("th [id]")?.id || row.parentElement.id); };
  const sign = (element) => element.id ? `#${element.id}` : element.matches(".matrix :is(td, th)") ? `${rowOf(element)}|${column(element)}` : [
    element.tagName, element.className, element.getAttribute("name"), element.getAttribute("href"), element.getAttribute("aria-label"),
    element.matches("details") ? element.querySelector("summary").textContent.replace(/[\d\s]+/g, " ") : "",
    element.matches("a, button, summary") ? element.textContent.replace(/[\d\s]+/g, " ") : "",
  ].join("|");
  const alike = (root, wanted) => [root, ...root.querySelectorAll("*")].filter((element) => sign(element) === wanted);
  const nameOf = (root, element) => ({ wanted: sign(element), place: alike(root, sign(element)).indexOf(element) });
  const find = (root, name) => { const found = alike(root, name.wanted); return found[name.place] || found[0]; };

  // Only what a person opened or closed is kept so: the page may want other parts open by now.
  document.addEventListener("click", (event) => {
    const summary = event.target.closest("summary");
    if (summary) summary.parentElement.dataset.touched = "";
  });

  // What a person is typing or ticking where nothing of it could be kept is not exchanged; the next look brings the news.
  // Nor is anything put where an answer has nothing to put there.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, serverResponse, requestConfig } = event.detail;
    const busy = (input) => input === document.activeElement || isTouched(input);
    const held = target.closest("[data-live]")?.querySelectorAll("input:not([type=hidden])") ?? [];
    const empty = requestConfig.verb === "get" && target.dataset.follows !== undefined && !serverResponse.includes(`id="${target.id}"`);
    if ([...held].some(busy) || empty) event.detail.shouldSwap = false;
    // A page that got its first row or answer, or lost its last one, is another page.
    const other = target.id === "nothing" || (target.id === "rows" && serverResponse.includes('id="nothing"'));
    if (empty && other && !event.detail.isError && !document.activeElement.matches("input, textarea")) location.reload();
  });

  const isField = (element) => element.matches("input:not([type=hidden]), textarea");
  const isTouched = (field) => field.checked !== field.defaultChecked || field.value !== field.defaultValue;
  // What begins on the screen, the reader's place: one of it is there again after the swap, and is put where it was.
  const inSight = () => [...document.querySelectorAll("main [id]")]
    .map((element) => ({ id: element.id, top: element.getBoundingClientRect().top, shown: element.offsetParent !== null }))
    .filter((one) => one.shown && one.top >= 0 && one.top < innerHeight);
  const remember = (root) => {
    const all = [root, ...root.querySelectorAll("*")];
    const active = root.contains(document.activeElement) ? document.activeElement : null;
    return {
      id: root.id,
      opened: all.filter((one) => one.matches("details[data-touched]")).map((one) => [nameOf(root, one), one.open]),
      typed: all.filter((one) => isField(one) && isTouched(one)).map((one) => [nameOf(root, one), one.value, one.checked]),
      scrolled: all.filter((one) => one.scrollTop || one.scrollLeft).map((one) => [nameOf(root, one), one.scrollTop, one.scrollLeft]),
      focus: active && { name: nameOf(root, active), from: active.selectionStart, to: active.selectionEnd },
      seen: scrollY ? inSight() : [],
    };
  };
  const restore = (kept) => {
    const root = document.getElementById(kept.id);
    if (!root) return;
    const each = (list, act) => list.forEach(([name, ...values]) => { const one = find(root, name); if (one) act(one, ...values); });
    each(kept.opened, (one, open) => { one.open = open; one.dataset.touched = ""; });
    each(kept.typed, (one, value, checked) => { one.value = value; one.checked = checked; });
    each(kept.scrolled, (one, top, left) => { one.scrollTop = top; one.scrollLeft = left; });
    // Where what had the keyboard is gone, its part of the page has it: nobody is thrown back to the top.
    const gone = () => root.querySelector("[tabindex='0']") ?? root.closest("[tabindex='0']");
    const active = kept.focus && !root.contains(document.activeElement) && (find(root, kept.focus.name) ?? gone());
    if (active) {
      active.focus({ preventScroll: true });
      if (kept.focus.from !== null && active.matches("input, textarea")) active.setSelectionRange(kept.focus.from, kept.focus.to);
    }
    const seen = kept.seen.find((one) => document.getElementById(one.id));
    if (seen) scrollBy({ top: document.getElementById(seen.id).getBoundingClientRect().top - seen.top, behavior: "instant" });
  };
  const places = new Map();
  const before = (event) => { if (event.detail.shouldSwap && event.detail.target.id) places.set(event.detail.target.id, remember(event.detail.target)); };
  const after = () => { places.forEach(restore); places.clear(); };
  document.addEventListener("htmx:beforeSwap", before);
  document.addEventListener("htmx:oobBeforeSwap", before);
  document.addEventListener("htmx:afterSwap", after);

  // A part with data-follows says how the sweeps stood when it was drawn, the bar how they stand now. What is behind is asked
  // for anew, all parts of one address at once, so that rows, totals and sentences agree. What cannot be exchanged at this
  // moment is behind a little longer; nothing is forgotten, also of sweeps that began and ended between two looks.
  const SECOND = 1000;
  const REST = 5 * SECOND; // between two answers to one address
  const READING = 15 * SECOND; // the same while the keyboard is inside: a screen reader says the cell again each time
  const SHARE = 10; // a page that takes long is asked for seldom: for at most a tenth of the time
  const AFTER_A_FAILURE = 30 * SECOND;
  const asked = new Map(); // by address
  const bar = () => document.querySelector("[data-mark]"); // of all sweeps, of one, or of an account's polls
  const parts = () => [...document.querySelectorAll("[data-follows]")];
  const addressOf = (part) => part.dataset.from ?? location.pathname + location.search;

  // A button that is being pressed and a text that is being marked stay where they are.
  let pressed = null;
  document.addEventListener("pointerdown", (event) => { pressed = event.target.closest("[data-follows]"); });
  for (const end of ["pointerup", "pointercancel", "dragend"]) addEventListener(end, () => { pressed = null; });
  const marked = () => { const text = getSelection(); return !text.isCollapsed && text.anchorNode?.parentElement?.closest("[data-follows]"); };

  const ask = async (address, group) => {
    const began = performance.now(), busy = { until: Infinity };
    asked.set(address, busy);
    const main = group.find((part) => part.id === "rows" || part.id === "nothing") ?? group[0], others = group.filter((part) => part !== main);
    const [select, selectOOB] = [`#${main.id}`, others.map((part) => `#${part.id}`).join()];
    await htmx.ajax("GET", address, { source: main, target: main, select, selectOOB, swap: "outerHTML" }).catch(() => {});
    await new Promise((done) => { setTimeout(done, 100); }); // htmx puts the new attributes in a little later
    const now = document.getElementById(main.id), arrived = now && now !== main;
    busy.until = 0;
    busy.ended = performance.now();
    busy.rest = arrived ? SHARE * (busy.ended - began) : AFTER_A_FAILURE;
    if (!arrived) return;
    others.filter((part) => part.isConnected).forEach((part) => part.remove()); // what the page has no longer
    if (now.dataset.follows !== bar()?.dataset.mark) htmx.trigger(document.body, "sweep-begun"); // the bar is behind
  };
  const rests = (address, group) => {
    const last = asked.get(address);
    if (!last) return false;
    const least = group.some((part) => part.querySelector(":focus-visible")) ? READING : REST;
    return performance.now() < Math.max(last.until, (last.ended ?? 0) + Math.max(least, last.rest ?? 0));
  };
  const follow = () => {
    const mark = bar()?.dataset.mark;
    if (!mark || document.hidden || pressed || marked()) return;
    const behind = new Set(parts().filter((part) => part.dataset.follows !== mark).map(addressOf));
    for (const address of behind) {
      const group = parts().filter((part) => addressOf(part) === address);
      if (!rests(address, group)) ask(address, group);
    }
  };
  setInterval(follow, SECOND);

  // The entry of the part that is being read stands out.
  const mark = () => {
    const entries = [...document.querySelectorAll(".sections a")];
    const parts = entries.map((entry) => document.querySelector(entry.getAttribute("href")));
    const here = parts.reduce((last, part, place) => part && part.getBoundingClientRect().top < 120 ? place : last, -1);
    entries.forEach((entry, place) => { if (place === here) entry.setAttribute("aria-current", "true"); else entry.removeAttribute("aria-current"); });
    const list = entries.length && entries[0].closest("ul");
    if (list && here >= 0 && list.scrollWidth > list.clientWidth) list.scrollLeft = entries[here].offsetLeft - list.offsetLeft - list.clientWidth / 3;
  };
  if (document.querySelector(".sections")) {
    let waits = false;
    addEventListener("scroll", () => { if (!waits) { waits = true; requestAnimationFrame(() => { waits = false; mark(); }); } }, { passive: true });
    document.addEventListener("htmx:afterSettle", mark);
    mark();
  }
})();
