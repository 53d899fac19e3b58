/* The library's panel: the button that opens and closes it, and the search in its list. */
(() => {
  "use strict";

  const root = document.documentElement;

  /* Hide what the search does not find. */
  function search() {
    const field = document.getElementById("find");
    const words = field?.value.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
    let found = 0;
    for (const item of document.querySelectorAll("#listing li")) {
      item.hidden = !words.every((word) => item.dataset.find.includes(word));
      found += !item.hidden;
    }
    const none = document.getElementById("unmatched");
    if (none) none.hidden = found > 0;
  }

  document.addEventListener("input", (event) => {
    if (event.target.id === "find") search();
  });

  /* Before the page hears of it: a second press closes the panel. */
  document.addEventListener(
    "click",
    (event) => {
      if (!event.target.closest(".open-library") || root.dataset.view !== "library") return;
      event.stopPropagation();
      page.show("article");
    },
    true,
  );

  document.addEventListener("click", (event) => {
    if (event.target.closest('[data-view-tab="library"]')) {
      document.getElementById("listing")?.dispatchEvent(new CustomEvent("pullquote:look", { bubbles: true }));
    } else if (event.target.closest('#listing [data-act="open"]')) page.show("article");
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !event.target.closest?.("#library")) return;
    page.show("article");
    [...document.querySelectorAll('[data-view-tab="library"]')].find((each) => each.offsetParent)?.focus();
  });

  /* The list comes from the server and is drawn again while it is in use: what was ticked by hand gives way to it. */
  new MutationObserver((changes) => {
    if (!changes.some((change) => change.target.closest?.("#list .html-container"))) return;
    for (const box of document.querySelectorAll("#listing input")) box.checked = box.defaultChecked;
    search();
  }).observe(document, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["checked", "data-article", "data-find"],
  });
})();
