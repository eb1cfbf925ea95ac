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
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); }
    }
    if (event.key === "Escape") {
      const open = event.target.closest("details.menu[open]");
      closeMenus(null);
      if (open) open.querySelector("summary").focus();
    }
  });

  // A menu closes when one clicks beside it.
  const closeMenus = (inside) => document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== inside) menu.open = false;
  });
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));

  // An address without empty filters is one that can be read and sent to a colleague.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".filters, .search")) return;
    for (const field of event.target.elements) if (!field.value && field.name) field.disabled = true;
  });
  addEventListener("pageshow", () => document.querySelectorAll(".filters :disabled").forEach((field) => { field.disabled = false; }));

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

  // Rows that are being read with the keyboard are not exchanged under the reader.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const rows = event.detail.target;
    if (rows.id === "rows" && rows.contains(document.activeElement)) event.detail.shouldSwap = false;
  });
})();
