// Runs before the first paint, so that a dark page never flashes white. "auto" leaves the choice to the system.
(() => {
  const root = document.documentElement;
  root.classList.add("js"); // what only scripts can do has its place from the beginning
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => localStorage.getItem("theme") || "auto";
  const apply = () => {
    const theme = chosen();
    root.dataset.theme = theme;
    root.dataset.bsTheme = theme === "auto" ? (system.matches ? "dark" : "light") : theme;
  };
  window.rolecallTheme = {
    next() {
      const order = ["auto", "light", "dark"];
      localStorage.setItem("theme", order[(order.indexOf(chosen()) + 1) % order.length]);
      apply();
      return chosen();
    },
    chosen,
  };
  system.addEventListener("change", apply);
  apply();
})();
