// A file may be dropped anywhere on the page; choosing it works without this file.
(() => {
  const area = document.querySelector("[data-drop]");
  if (!area) return;
  const input = area.querySelector("input[type=file]");
  const said = area.querySelector("[data-drop-said]");
  const button = input.form.querySelector("button.primary");
  area.querySelector("[data-drop-hint]").hidden = false;

  const say = (text) => { said.textContent = text; said.hidden = !text; };
  const size = (bytes) => bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  const carries = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");

  input.addEventListener("change", () => {
    const file = input.files[0];
    say(file ? `${file.name}, ${size(file.size)}: “Preview” shows what it would do.` : "");
  });

  // A file that misses the area would otherwise take the place of the page.
  document.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    area.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) area.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    area.classList.remove("over");
    const files = event.dataTransfer.files;
    if (files.length !== 1) { say(`${files.length} files were dropped: one at a time, please.`); return; }
    input.files = files;
    input.dispatchEvent(new Event("change"));
    button.focus();
  });

  // A long text travels better as a file: forms have a smaller limit.
  input.form.addEventListener("submit", () => {
    const text = input.form.querySelector("textarea");
    if (input.files.length || text.value.length < 500_000) return;
    const parcel = new DataTransfer();
    parcel.items.add(new File([text.value], "pasted.csv", { type: "text/csv" }));
    input.files = parcel.files;
    text.disabled = true;
  });
  addEventListener("pageshow", () => { input.form.querySelector("textarea").disabled = false; });
})();
