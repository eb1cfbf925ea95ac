// Runs before the first paint, so that a dark page never flashes white. "auto" leaves the choice to the system.
(() => {
  // What the browser keeps of one name. Where it keeps nothing, it is kept for as long as the page is open.
  window.rolecallKept = (name, store = "localStorage") => {
    let here = null;
    return {
      get() { try { return window[store].getItem(name) ?? here; } catch { return here; } },
      set(value) { here = value; try { window[store].setItem(name, value); } catch { /* refused, or full */ } },
    };
  };
  const root = document.documentElement;
  root.classList.add("js"); // what only scripts can do has its place from the beginning
  const system = matchMedia("(prefers-color-scheme: dark)");
  const kept = window.rolecallKept("theme");
  const chosen = () => kept.get() || "auto";
  const apply = () => {
    const theme = chosen();
    root.dataset.theme = theme;
    root.dataset.bsTheme = theme === "auto" ? (system.matches ? "dark" : "light") : theme;
  };
  window.rolecallTheme = {
    next() {
      const order = ["auto", "light", "dark"];
      kept.set(order[(order.indexOf(chosen()) + 1) % order.length]);
      apply();
      return chosen();
    },
    chosen,
  };
  system.addEventListener("change", apply);
  apply();
})();
