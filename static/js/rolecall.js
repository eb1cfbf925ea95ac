// Comforts only: every page works without this file.
(() => {
  const toggle = document.querySelector("[data-theme-toggle]");
  const label = () => {
    const theme = window.rolecallTheme.chosen();
    toggle.querySelector("span").textContent = theme;
    toggle.setAttribute("aria-label", `Colours: ${theme}. Change`);
  };
  if (toggle) {
    toggle.hidden = false;
    toggle.addEventListener("click", () => { window.rolecallTheme.next(); label(); });
    label();
  }

  // On a phone the bar is wider than the screen: the open page's entry is brought into sight.
  const here = document.querySelector(".top nav [aria-current]");
  if (here) {
    const bar = here.parentElement;
    bar.scrollLeft = here.offsetLeft - bar.offsetLeft - (bar.clientWidth - here.offsetWidth) / 2;
  }

  // "/" goes to the search box, as on the pages that admins use all day.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const off = document.documentElement.dataset.keys === "off"; // by the dialog that lists the keys
    if (event.key === "/" && !typing && !off && !event.ctrlKey && !event.metaKey) {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); }
    }
    if (event.key === "Escape") {
      const open = event.target.closest("details.menu[open]");
      closeMenus(null);
      if (open) open.querySelector("summary").focus();
    }
  });

  // A table of which more lies to the right fades at that edge.
  const goesOn = (sheet) => sheet.toggleAttribute("data-goes-on", sheet.scrollLeft + sheet.clientWidth < sheet.scrollWidth - 1);
  const edges = () => document.querySelectorAll(".sheet").forEach(goesOn);
  document.addEventListener("scroll", (event) => { if (event.target.matches?.(".sheet")) goesOn(event.target); }, { capture: true, passive: true });
  for (const news of ["resize", "load", "htmx:afterSettle"]) addEventListener(news, edges);
  edges();

  // A menu closes when one clicks beside it.
  const closeMenus = (inside) => document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== inside) menu.open = false;
  });
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));

  // Who opens a menu to type has the keyboard in its field.
  document.addEventListener("toggle", (event) => {
    if (event.target.matches(".filters details.menu[open]")) event.target.querySelector("summary + div > input.field")?.focus();
  }, true);

  // Shift and a click on a heading adds its column to the order, or turns it round.
  document.addEventListener("click", (event) => {
    const link = event.shiftKey && event.target.closest("th[scope=col] a");
    if (!link) return;
    event.preventDefault();
    const address = new URL(location.href);
    const key = new URL(link.href).searchParams.get("sort").replace(/^-/, "");
    const keys = address.searchParams.getAll("sort").flatMap((value) => value.split(",")).filter(Boolean);
    const place = keys.findIndex((had) => had.replace(/^-/, "") === key);
    if (place < 0) keys.push(key); else keys[place] = keys[place].startsWith("-") ? key : `-${key}`;
    address.searchParams.set("sort", keys.join(","));
    address.searchParams.delete("page");
    location.assign(address);
  });

  // An address without empty filters is one that can be read and sent to a colleague.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".filters, .search")) return;
    for (const field of event.target.elements) if (!field.value && field.name) field.disabled = true;
  });
  addEventListener("pageshow", () => document.querySelectorAll(".filters :disabled").forEach((field) => { field.disabled = false; }));

  // Texts to be pasted elsewhere have a button; it works only where the browser lets pages write to the clipboard.
  const showCopyButtons = () => {
    if (navigator.clipboard) document.querySelectorAll("[data-copy-next]").forEach((button) => { button.hidden = false; });
  };
  showCopyButtons();
  document.addEventListener("htmx:afterSwap", showCopyButtons);
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy-next]");
    if (!button) return;
    await navigator.clipboard.writeText(button.nextElementSibling.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });

  // A cut ARN is copied whole.
  document.addEventListener("copy", (event) => {
    const selection = document.getSelection();
    const node = selection.anchorNode && selection.anchorNode.parentElement;
    const cut = node && node.closest("[data-copy]");
    if (cut && cut.contains(selection.focusNode)) {
      event.clipboardData.setData("text/plain", cut.dataset.copy);
      event.preventDefault();
    }
  });

  // What is ticked is counted, and stays ticked on other pages of the list and when a sweep brings the rows anew. The acts
  // show once there is somebody to act on: accounts that are ticked, or all that the list has.
  const kept = window.rolecallKept("picked", "sessionStorage");
  if (document.querySelector("[data-acted]")) kept.set("[]");
  const bar = document.querySelector("#pick");
  if (bar) {
    const picked = new Set(JSON.parse(kept.get() ?? "[]"));
    const part = (name) => bar.querySelector(`[data-${name}]`);
    const [ticked, all] = ["ticked", "all"].map((which) => bar.querySelector(`[name=which][value=${which}]`));
    const ticks = () => [...document.querySelectorAll(".tick")];
    const whole = document.querySelector(".tick-page") ?? document.createElement("input"); // none without the names' column
    const elsewhere = () => { const here = new Set(ticks().map((tick) => tick.value)); return [...picked].filter((id) => !here.has(id)); };
    const words = () => {
      const away = elsewhere().length;
      return all.checked ? part("all").textContent : `${picked.size} ticked${away ? `, ${away} of them not on this page` : ""}`;
    };
    const tell = () => {
      const here = ticks(), acts = picked.size > 0 || all.checked, showed = bar.classList.contains("picking");
      part("ticked").textContent = `${picked.size} ticked`;
      part("picked").textContent = words();
      part("pick").textContent = picked.size && !all.checked ? `Plan clean-up for ${picked.size}` : "Plan clean-ups…";
      bar.classList.toggle("picking", acts);
      if (acts || showed) part("news").textContent = words();
      whole.checked = here.length > 0 && here.every((tick) => tick.checked);
      whole.indeterminate = !whole.checked && here.some((tick) => tick.checked);
      kept.set(JSON.stringify([...picked]));
    };
    const show = () => { ticks().forEach((tick) => { tick.checked = picked.has(tick.value); }); tell(); };
    const set = (tick, on) => { if (on) picked.add(tick.value); else picked.delete(tick.value); };
    let last = null;
    document.addEventListener("click", (event) => {
      if (!event.target.matches(".tick")) return;
      const every = ticks(), from = event.shiftKey && last ? every.findIndex((tick) => tick.value === last) : -1, to = every.indexOf(event.target);
      const run = from < 0 ? [event.target] : every.slice(Math.min(from, to), Math.max(from, to) + 1);
      run.forEach((tick) => { tick.checked = event.target.checked; set(tick, tick.checked); });
      last = event.target.value;
      ticked.checked = true;
      tell();
    });
    whole.addEventListener("change", () => { ticks().forEach((tick) => set(tick, whole.checked)); ticked.checked = true; show(); });
    bar.addEventListener("change", tell);
    part("clear-picks").addEventListener("click", () => { picked.clear(); ticked.checked = true; show(); all.focus(); });
    bar.addEventListener("submit", () => { part("elsewhere").value = elsewhere().join(","); });
    document.addEventListener("htmx:afterSwap", show);
    addEventListener("pageshow", show);
    for (const name of ["picked", "clear-picks"]) part(name).hidden = false;
    show();
  }

  // A button that takes what is ticked waits until something is.
  const arm = () => document.querySelectorAll("[data-needs]").forEach((button) => {
    button.disabled = !button.form.querySelector(`[name="${button.dataset.needs}"]:checked`);
  });
  arm();
  for (const news of ["change", "htmx:afterSwap"]) document.addEventListener(news, arm);
  addEventListener("pageshow", arm);

  // A report's button prints; without JavaScript the browser's own does.
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });

  // A countdown moves between two looks.
  const left = (seconds) => seconds < 60 ? `${seconds} s`
    : seconds < 3600 ? `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`
    : `${Math.floor(seconds / 3600)} h ${String(Math.floor(seconds % 3600 / 60)).padStart(2, "0")} min`;
  setInterval(() => document.querySelectorAll("[data-until]").forEach((time) => {
    const seconds = Math.round((new Date(time.dateTime) - Date.now()) / 1000);
    time.textContent = seconds > 0 ? `in ${left(seconds)}` : "now";
  }), 1000);

  // Buttons that copy appear where copying works.
  const showCopying = () => navigator.clipboard && document.querySelectorAll("[data-clip][hidden]").forEach((button) => { button.hidden = false; });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-clip]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.clip);
    button.textContent = "copied";
  });
  document.addEventListener("htmx:afterSettle", showCopying);
  showCopying();
})();
