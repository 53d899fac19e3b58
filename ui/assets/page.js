/* The page around the chat and the article: the tabs of narrow screens, keys, short messages, what was drawn again. */
const page = (() => {
  "use strict";

  function show(view) {
    document.documentElement.dataset.view = view;
    for (const tab of document.querySelectorAll("[data-view-tab]")) {
      tab.setAttribute("aria-pressed", String(tab.dataset.viewTab === view));
    }
  }

  /* Say something in passing; screen readers read it too. */
  let said = 0;
  function say(text) {
    const line = document.getElementById("said");
    line.textContent = text;
    clearTimeout(said);
    said = setTimeout(() => (line.textContent = ""), 2500);
  }

  const keys = () => document.getElementById("keys");

  document.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-view-tab]");
    if (tab) show(tab.dataset.viewTab);
    if (event.target.closest("[data-keys]")) keys().showModal();
    else if (event.target === keys() || event.target.closest("[data-close]")) keys().close();
  });

  /* Single letters act only while the conversation or the article has the focus: elsewhere they may be typed. */
  const acts = {
    j: () => article.step(1),
    k: () => article.step(-1),
    "/": () => {
      show("chat");
      document.querySelector("#question textarea").focus();
    },
    "?": () => keys().showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") article.back();
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || !event.target.closest?.("#log, #sheet")) return;
    event.preventDefault();
    act();
  });

  /* The parts of the page say with `data-stamp` that there is something new in them. */
  new MutationObserver((changes) => {
    const parts = new Set(changes.filter((each) => each.attributeName === "data-stamp").map((each) => each.target));
    if (changes.some((each) => each.target === chat.log())) chat.unfold();
    if (parts.has(chat.log())) chat.renewed();
    chat.suit();
    if (parts.has(kept.file())) kept.download();
    if (parts.has(article.pane()) || parts.has(article.found())) article.renewed(parts);
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-stamp", "data-judged"] });

  /* Once the page is drawn: a mouse and a keyboard may begin to type, a phone's keyboard would cover the page. */
  const drawn = new MutationObserver(() => {
    const box = document.querySelector("#question textarea");
    if (!box || !article.pane() || !article.found()) return;
    drawn.disconnect();
    article.renewed(new Set([article.pane()]));
    if (matchMedia("(pointer: fine)").matches) box.focus();
  });
  drawn.observe(document, { subtree: true, childList: true });

  show("chat");
  return { show, say };
})();
