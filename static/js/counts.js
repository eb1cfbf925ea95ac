// A menu of filters says beside each choice how many rows it would leave; asked when the menu is opened, once.
(() => {
  const rows = (number) => number.toLocaleString("en");
  const beside = (choice, number) => {
    if (choice.matches("option")) choice.label = `${choice.textContent} (${rows(number)})`;
    else choice.parentElement.append(Object.assign(document.createElement("span"), { className: "n", textContent: ` ${rows(number)}` }));
    if (!number) choice.closest("label, option").classList.add("none");
  };
  const ask = async (part) => {
    const address = new URL(location.href);
    address.searchParams.set("_counts", part.dataset.counts);
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) return; // a menu without numbers is a menu
    const counts = await answer.json();
    for (const choice of part.querySelectorAll("input[type=checkbox], option")) {
      if (choice.value in counts) beside(choice, counts[choice.value]);
    }
  };
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches(".filters details.menu[open]")) return;
    for (const part of event.target.querySelectorAll("[data-counts]:not([data-asked])")) {
      part.dataset.asked = "";
      ask(part).catch(() => {});
    }
  }, true);
})();
