// The matrix by keyboard and pointer: arrows walk over the cells, a card says what a cell is, a click opens its panel.
// Without this file the table is a table: its titles say what the card says, and the list of cells leads to their pages.
(() => {
  const table = document.querySelector("table.matrix");
  const panel = document.getElementById("cell-panel");
  if (!table || !panel) return;
  const sheet = table.parentElement;
  const headings = table.tHead.rows[1].cells;
  const PAGE = 10; // rows

  // What a cell is.
  const regionOf = (cell) => headings[cell.cellIndex]?.dataset.region;
  const accountOf = (cell) => cell.parentElement.dataset.account;
  const isBlank = (cell) => cell.className === "c"; // a region of another partition
  const addressOf = (cell) => accountOf(cell) && regionOf(cell) && !isBlank(cell)
    ? `/accounts/${accountOf(cell)}/regions/${regionOf(cell)}/` : "";
  const nameOf = (cell) => cell.parentElement.querySelector("th .name")?.textContent.replace(/^[▸▾]/, "") ?? "";
  const find = (account, column) => table.querySelector(`tr[data-account="${account}"]`)?.cells[column];

  // One cell is the keyboard's: Tab leads to it and out again, arrows move it.
  let current = null;
  let place = {}; // where it was, for when a sweep brings the rows anew
  const become = (cell) => {
    if (current) current.tabIndex = -1;
    current = cell;
    current.tabIndex = 0;
    place = { account: accountOf(cell), column: cell.cellIndex };
  };
  const settle = () => {
    const was = current && table.contains(current) ? current : null;
    const parts = table.querySelectorAll("thead tr + tr th, tbody :is(th, td), tfoot :is(th, td), a, input");
    for (const part of parts) part.tabIndex = -1;
    become(was ?? find(place.account, place.column) ?? table.tBodies[0].rows[0].cells[0]);
  };
  table.setAttribute("role", "grid");
  sheet.removeAttribute("tabindex"); // its cells scroll it
  settle();

  // What sticks to an edge must not lie over the cell that one walks to.
  const keepClear = () => {
    const sticks = (cell) => cell.className.startsWith("k-") && getComputedStyle(cell).left !== "auto";
    const stuck = [...headings].filter(sticks);
    const left = stuck.reduce((sum, cell) => sum + cell.offsetWidth, 0);
    const below = table.tFoot ? table.tFoot.offsetHeight : 0;
    sheet.style.scrollPadding = `${table.tHead.offsetHeight + 2}px 2px ${below + 2}px ${left + 2}px`;
  };
  const MOVES = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    PageUp: [-PAGE, 0], PageDown: [PAGE, 0], Home: [0, -Infinity], End: [0, Infinity],
  };
  const within = (number, most) => Math.max(0, Math.min(most, number));
  const walk = (cell, [down, right], toTheEnd) => {
    const rows = [...table.rows].slice(1); // without the headings that span several columns
    const row = rows[within(toTheEnd ? right : rows.indexOf(cell.parentElement) + down, rows.length - 1)];
    const to = row.cells[within(cell.cellIndex + right, row.cells.length - 1)];
    keepClear();
    become(to);
    to.focus();
    to.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const enter = (cell, shiftKey) => {
    if (addressOf(cell)) openPanel(cell);
    else cell.querySelector("a")?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey }));
  };
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("th, td");
    if (!cell || event.altKey || event.metaKey) return;
    const move = MOVES[event.key];
    const toTheEnd = event.ctrlKey && (event.key === "Home" || event.key === "End");
    if (move && (!event.ctrlKey || toTheEnd)) walk(cell, move, toTheEnd);
    else if (event.target !== cell) return; // what is in the cell has its own Enter and Space
    else if (event.key === "Enter") enter(cell, event.shiftKey);
    else if (event.key === " ") cell.querySelector("input")?.click();
    else return;
    event.preventDefault();
  });
  table.addEventListener("focusin", (event) => {
    const cell = event.target.closest("th, td");
    if (!cell || cell.closest("tr") === table.tHead.rows[0]) return;
    become(cell);
    if (event.target.matches(":focus-visible")) showCard(cell);
  });
  table.addEventListener("focusout", () => hideCard());

  // The panel: the page of the cell, laid beside the matrix.
  const body = panel.querySelector(".panel-body");
  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const titleOf = (cell) => element("h2", { id: "cell-title" }, `${regionOf(cell)} in ${nameOf(cell)}`);
  const showPanel = (cell) => {
    become(cell);
    hideCard();
    body.replaceChildren(titleOf(cell), element("p", { className: "soft" }, "Reading …"));
    htmx.ajax("GET", addressOf(cell), { source: panel, target: body, swap: "innerHTML" }).catch(tellOfFailure);
    if (!panel.open) panel.showModal();
  };
  // The open panel stands in the address: it can be sent to a colleague, and Back closes it.
  const bare = () => location.pathname + location.search;
  const openPanel = (cell) => {
    const address = `${bare()}#cell=${accountOf(cell)}/${regionOf(cell)}`;
    if (panel.open) history.replaceState(history.state, "", address);
    else history.pushState({ panel: true }, "", address);
    showPanel(cell);
  };
  const asked = () => {
    const [, account, region] = /^#cell=(\d{12})\/([a-z0-9-]+)$/.exec(location.hash) ?? [];
    if (!account) return null;
    const column = [...headings].findIndex((head) => head.dataset.region === region);
    return { cell: column < 0 ? undefined : find(account, column), page: `/accounts/${account}/regions/${region}/` };
  };
  const follow = () => {
    const { cell, page } = asked() ?? {};
    if (cell && addressOf(cell)) showPanel(cell);
    else if (page) location.replace(page); // on another page of the list by now, or filtered away: its own page has it
    else if (panel.open) panel.close();
  };
  addEventListener("popstate", follow);
  if (asked()) addEventListener("load", follow); // htmx is there by then
  // Arrows lead on from cell to cell, and scroll what is longer than the screen.
  panel.addEventListener("keydown", (event) => {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move || event.ctrlKey || event.altKey || event.metaKey || event.target.closest(".sheet, input, .said")) return;
    if (move[0] && panel.scrollHeight > panel.clientHeight) return;
    const rows = [...table.tBodies].flatMap((part) => [...part.rows]);
    const next = ([down, right], from) => rows[rows.indexOf(from.parentElement) + down]?.cells[from.cellIndex + right];
    let cell = next(move, current);
    while (cell && !addressOf(cell)) cell = next(move, cell);
    event.preventDefault();
    if (!cell) return;
    openPanel(cell);
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  const tellOfFailure = () => {
    const page = element("a", { href: addressOf(current) }, "Open its page.");
    body.replaceChildren(titleOf(current), element("p", {}, "The cell could not be read. ", page));
  };
  panel.addEventListener("htmx:responseError", (event) => { if (event.target === panel) tellOfFailure(); });
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("td.c");
    if (!cell || !addressOf(cell) || event.shiftKey) return;
    if (event.ctrlKey || event.metaKey) window.open(addressOf(cell), "_blank", "noopener"); // as a link would
    else openPanel(cell);
  });
  panel.addEventListener("click", (event) => { if (event.target === panel) panel.close(); }); // beside it
  panel.addEventListener("close", () => {
    if (asked()) { if (history.state?.panel) history.back(); else history.replaceState(null, "", bare()); }
    settle();
    current.focus();
  });

  // The card: what a title says, where it can be read, with the account and the region.
  const card = element("div", { id: "cell-card", role: "tooltip", hidden: true });
  document.querySelector("main").append(card);
  let carded = null;
  let timer = 0;
  // When a cell was asked and answered: its row has it for all its cells, "asked+answered:places;…" in seconds, and first,
  // without places, what holds for the others. By it ages go on while the page is open.
  const first = [...headings].findIndex((head) => head.dataset.region);
  const timesOf = (cell) => {
    const [usual, ...others] = (cell.parentElement.dataset.times ?? "").split(";");
    const own = others.find((one) => one.split(":")[1].split(".").includes(String(cell.cellIndex - first))) ?? usual;
    const [asked, answered] = own.split(":")[0].split("+");
    return { asked: asked * 1000, answered: (answered ?? asked) * 1000 };
  };
  const AGE = /^(.*)\b(?:just now|\d+ [a-z]+(?: \d+ mo)? ago)/s; // the last one: AWS's words stand before it
  const aged = (words, then) => then ? words.replace(AGE, (all, before) => before + rolecallTimes.ago(then)) : words;
  const freshen = (cell, says) => {
    if (!regionOf(cell) || !accountOf(cell)) return says;
    const { asked, answered } = timesOf(cell);
    const [now, ...known] = says.split(/(?=\. Last known: )/);
    return aged(now, cell.matches(".heat0, .heat1, .heat2, .heat3, .heat4") ? answered : asked) + aged(known.join(""), answered);
  };
  const exactly = (cell) => {
    if (!regionOf(cell) || !accountOf(cell) || isBlank(cell) || !/ ago|just now/.test(cell.dataset.says)) return [];
    const { asked, answered } = timesOf(cell);
    const lines = asked === answered ? [["Answered", answered]] : [["Asked", asked], ["Answered", answered]];
    return lines.filter(([, then]) => then).map(([word, then]) => element("small", {}, `${word} ${rolecallTimes.exact(then)}`));
  };
  setInterval(() => {
    if (document.hidden) return;
    for (const cell of table.querySelectorAll("#rows td.c[title]")) cell.title = freshen(cell, cell.title);
    if (carded) fill(carded);
  }, 15000);
  const fill = (cell) => {
    const head = headings[cell.cellIndex];
    cell.dataset.says = freshen(cell, cell.dataset.says);
    const where = regionOf(cell) ? `${regionOf(cell)} · ${head.dataset.name}` : "All regions";
    const says = cell.dataset.says.replace(`${regionOf(cell)}: `, "").split(/; |\. (?=Last known)/);
    const lines = says.filter(Boolean).map((part) => element("p", {}, part[0].toUpperCase() + part.slice(1)));
    card.replaceChildren(element("b", {}, nameOf(cell)), element("small", {}, where), ...lines, ...exactly(cell));
    if (addressOf(cell)) card.append(element("small", {}, "Click or Enter: last probe, brokers, history"));
  };
  const showCard = (cell) => {
    if (cell === carded) return;
    hideCard();
    if (!cell.title || panel.open || !cell.matches("td.c, td.k-brokers")) return;
    carded = cell;
    cell.dataset.says = cell.title; // or the browser would show both
    cell.removeAttribute("title");
    cell.setAttribute("aria-describedby", card.id);
    headings[cell.cellIndex].classList.add("at");
    fill(cell);
    card.hidden = false;
    const at = cell.getBoundingClientRect();
    const left = within(at.left + at.width / 2 - card.offsetWidth / 2, innerWidth - card.offsetWidth - 8);
    const below = at.bottom + 6 + card.offsetHeight < innerHeight;
    card.style.left = `${Math.max(8, left)}px`;
    card.style.top = `${below ? at.bottom + 6 : at.top - 6 - card.offsetHeight}px`;
  };
  const hideCard = () => {
    clearTimeout(timer);
    card.hidden = true;
    if (!carded) return;
    carded.title = carded.dataset.says;
    carded.removeAttribute("aria-describedby");
    headings[carded.cellIndex]?.classList.remove("at");
    carded = null;
  };
  table.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("td");
    if (event.pointerType !== "mouse" || !cell || cell === carded) return;
    clearTimeout(timer);
    timer = setTimeout(() => showCard(cell), carded ? 60 : 250);
  });
  const leave = () => {
    clearTimeout(timer);
    timer = setTimeout(hideCard, 200); // time to move onto the card
  };
  table.addEventListener("pointerleave", leave);
  card.addEventListener("pointerenter", () => clearTimeout(timer));
  card.addEventListener("pointerleave", leave);
  sheet.addEventListener("scroll", () => { if (carded !== document.activeElement) hideCard(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideCard(); });

  // A sweep brings the rows anew: the card stays with its cell. The keyboard's place is kept by live.js, which comes after.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "rows") return;
    const read = carded && find(accountOf(carded), carded.cellIndex);
    hideCard();
    settle();
    if (read) showCard(read);
  }, true);

  // A region that now has a column, or has none any more, changes every row: the page is loaded anew.
  const codes = (text) => [...text.matchAll(/data-region="([^"]+)"/g)].map((found) => found[1]).join();
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "rows" || codes(event.detail.serverResponse) === codes(table.tHead.outerHTML)) return;
    event.detail.shouldSwap = false;
    location.reload();
  });

  // After a group was collapsed or opened, its heading is where one was.
  const turned = /^#g[0-9a-f]+$/.test(location.hash) && document.querySelector(location.hash)?.closest("th");
  if (turned) {
    become(turned);
    addEventListener("load", () => turned.focus()); // the browser goes to the link in it first
  }
})();
