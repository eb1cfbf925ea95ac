// The dialog that lists the keys; single keys can be switched off, for those who speak to their computer.
(() => {
  const dialog = document.getElementById("keys");
  const opener = document.querySelector("[data-keys]");
  if (!dialog || !opener) return;
  const root = document.documentElement;
  const choice = dialog.querySelector("[data-keys-on]");
  const kept = window.rolecallKept("rolecall-keys");
  const apply = (state) => { root.dataset.keys = state; choice.checked = state === "on"; };
  apply(kept.get() ?? "on");
  choice.addEventListener("change", () => {
    const state = choice.checked ? "on" : "off";
    kept.set(state);
    apply(state);
  });

  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "?" || typing || event.ctrlKey || event.metaKey || root.dataset.keys === "off") return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    dialog.showModal();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
})();
