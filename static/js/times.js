// Times in the reader's own zone, and ages that go on while a page is open. Without this file they are UTC, as said.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
  const whole = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const kept = window.rolecallKept("times");
  const wanted = () => kept.get() === "exact";

  // The server's clock counts: a wrong one here would make every answer look older or newer than it is.
  // A page that the browser took out of its own store says nothing of the time now.
  const visit = performance.getEntriesByType("navigation")[0];
  const fresh = visit && visit.type !== "back_forward" && visit.transferSize > 0;
  const behind = fresh ? Date.parse(document.documentElement.dataset.now) - performance.timeOrigin - visit.responseStart : 0;

  // The same words as dashboard/words.py has; a test compares them.
  const MONTH = 2629800;
  const UNITS = [[2 * MONTH, MONTH, "mo"], [86400, 86400, "d"], [3600, 3600, "h"], [60, 60, "min"], [0, 1, "s"]];
  const span = (seconds) => {
    if (seconds >= 12 * MONTH) {
      const months = Math.floor(seconds / MONTH);
      return months % 12 ? `${Math.floor(months / 12)} y ${months % 12} mo` : `${months / 12} y`;
    }
    const [, unit, name] = UNITS.find(([least]) => seconds >= least);
    return `${Math.floor(seconds / unit)} ${name}`;
  };
  const ago = (then) => {
    const seconds = Math.trunc((Date.now() + behind - then) / 1000);
    if (seconds > -5 && seconds < 5) return "just now";
    return seconds < 0 ? `in ${span(-seconds)}` : `${span(seconds)} ago`;
  };

  const say = (time) => {
    const then = Date.parse(time.dateTime);
    if (Number.isNaN(then)) return;
    const utc = new Date(then).toISOString().replace("T", " ").slice(0, 19);
    time.title = zone === "UTC" ? `${utc} UTC` : `${exact.format(then)} · ${utc} UTC`;
    if (time.matches("[data-ago]")) time.textContent = wanted() ? whole.format(then) : ago(then);
    if (time.matches("[data-clock]")) time.textContent = isToday(then) ? clock.format(then) : whole.format(then);
    if (time.matches("[data-moment]")) time.textContent = whole.format(then);
  };
  // Titles that begin with an age go on as well, with the exact time behind it.
  const sayAsOf = (chip) => {
    const then = Date.parse(chip.dataset.asOf);
    if (Number.isNaN(then)) return;
    chip.title = chip.title.replace(/^as of [^;]*/, `as of ${ago(then)}, ${exact.format(then)}`);
  };
  window.rolecallTimes = { ago, exact: (then) => exact.format(then) };

  const isToday = (then) => new Date(then).toDateString() === new Date(Date.now() + behind).toDateString();
  const sayAll = (within) => {
    within.querySelectorAll("time[datetime]").forEach(say);
    within.querySelectorAll("[data-as-of]").forEach(sayAsOf);
  };

  const button = document.querySelector("[data-exact]");
  const tell = () => {
    document.querySelectorAll("[data-zone]").forEach((place) => {
      place.textContent = zone === "UTC" ? "Times are UTC." : `Times are those of ${zone.replaceAll("_", " ")}; files have UTC.`;
    });
    if (button) { button.hidden = false; button.textContent = wanted() ? "Show ages" : "Show exact times"; }
  };
  if (button) button.addEventListener("click", () => {
    kept.set(wanted() ? "ago" : "exact");
    sayAll(document);
    tell();
  });

  sayAll(document);
  tell();
  document.addEventListener("htmx:afterSettle", () => sayAll(document));
  setInterval(() => { if (!document.hidden) sayAll(document); }, 15000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) sayAll(document); });
  // On paper nobody can hover.
  addEventListener("beforeprint", () => document.querySelectorAll("time[data-ago]").forEach((time) => { time.textContent = whole.format(Date.parse(time.dateTime)); }));
  addEventListener("afterprint", () => sayAll(document));
})();
