// Pages that follow a sweep take the news without jumping, and rest while nobody sees them. Without this file one reloads.
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
  const sign = (element) => element.id ? `#${element.id}` : [
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
    const active = kept.focus && !root.contains(document.activeElement) && find(root, kept.focus.name);
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
