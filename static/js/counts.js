// A menu of filters says beside each choice how many rows it would leave, and a field to type into suggests what occurs:
// asked when the menu is opened, and again once a sweep has brought the rows anew.
(() => {
  const rows = (number) => number.toLocaleString("en");
  const beside = (choice, number) => {
    if (choice.matches("option")) choice.label = `${choice.textContent} (${rows(number)})`;
    else choice.parentElement.append(Object.assign(document.createElement("span"), { className: "n", textContent: ` ${rows(number)}` }));
    if (!number) choice.closest("label, option").classList.add("none");
  };
  const tell = (part, counts) => {
    for (const choice of part.querySelectorAll("input[type=checkbox], option")) {
      if (choice.value in counts) beside(choice, counts[choice.value]);
    }
  };
  const suggest = (field, counts) => {
    const list = Object.assign(document.createElement("datalist"), { id: `occurring-${field.name}` });
    for (const [value, number] of Object.entries(counts)) list.append(Object.assign(document.createElement("option"), { value, label: rows(number) }));
    document.getElementById(list.id)?.remove();
    field.after(list);
    field.setAttribute("list", list.id);
  };
  const ask = async (name) => {
    const address = new URL(location.href);
    address.searchParams.set("_counts", name);
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    return answer.ok ? answer.json() : {}; // a menu without numbers is a menu
  };
  const open = (menu) => {
    for (const part of menu.querySelectorAll("[data-counts]:not([data-asked])")) {
      part.dataset.asked = "";
      ask(part.dataset.counts).then((counts) => (part.matches("input") ? suggest : tell)(part, counts)).catch(() => {});
    }
  };
  document.addEventListener("toggle", (event) => {
    if (event.target.matches(".filters details.menu[open]")) open(event.target);
  }, true);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!["rows", "nothing"].includes(event.detail.target.id)) return;
    document.querySelectorAll(".filters [data-counts] .n").forEach((number) => number.remove());
    document.querySelectorAll(".filters [data-counts] option").forEach((choice) => choice.removeAttribute("label"));
    document.querySelectorAll(".filters [data-counts] .none").forEach((choice) => choice.classList.remove("none"));
    document.querySelectorAll(".filters [data-asked]").forEach((part) => { delete part.dataset.asked; });
    document.querySelectorAll(".filters details.menu[open]").forEach(open);
  });
})();
