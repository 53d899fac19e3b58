/* Following a citation into the article, the tabs of narrow screens, and scrolling to what is new. No build step.
   Everything is delegated from `document`, because the page's parts are drawn again while it is in use. */
(() => {
  "use strict";

  const pane = () => document.getElementById("article");
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  let followed = null; // the link that led into the article: Escape leads back to it
  let reading = ""; // the id of the article that is open

  /* Scroll only `box`, so that the page around it stays put. `share` of the free height is left above the element. */
  function reveal(box, element, share) {
    const top = element.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
    const free = Math.max(box.clientHeight - element.offsetHeight, 0);
    box.scrollTo({ top: Math.max(top - free * share, 0), behavior: calm() ? "auto" : "smooth" });
  }

  function marked(kind, number) {
    return pane()?.querySelector(`mark[data-${kind}="${CSS.escape(number)}"]`);
  }

  function flash(mark) {
    mark.classList.remove("flash");
    void mark.offsetWidth; // restarts the animation of a mark that is still flashing
    mark.classList.add("flash");
    setTimeout(() => mark.classList.remove("flash"), 2000);
  }

  function show(view) {
    document.documentElement.dataset.view = view;
    for (const tab of document.querySelectorAll("[data-view-tab]")) {
      tab.setAttribute("aria-pressed", String(tab.dataset.viewTab === view));
    }
  }

  function arrive(kind, number) {
    const mark = marked(kind, number);
    if (!mark) return;
    reveal(pane(), mark, 0.3);
    if (!followed) return;
    flash(mark);
    mark.focus({ preventScroll: true });
  }

  function follow(link) {
    const kind = link.dataset.citation ? "citation" : "nearest";
    const number = link.dataset[kind];
    followed = link;
    show("article");
    if (pane()?.dataset.turn === link.dataset.turn && marked(kind, number)) {
      arrive(kind, number);
    } else {
      link.dispatchEvent(new CustomEvent("pullquote:show", { bubbles: true, detail: [+link.dataset.turn, kind, +number] }));
    }
  }

  /* The link of what was clicked: itself, or that of a quote whose words were clicked, not selected. */
  function linkOf(target) {
    const links = "a[data-citation], a[data-nearest]";
    const quote = getSelection().isCollapsed ? target.closest("blockquote")?.closest(".quote") : null;
    return target.closest(links) ?? quote?.querySelector(links);
  }

  function made(tag, className, ...children) {
    const element = document.createElement(tag);
    element.className = className;
    element.append(...children);
    return element;
  }

  /* Show what is being sent before the server has heard of it; what the server then draws takes its place. */
  function foresee(text) {
    const log = document.getElementById("log");
    if (!text.trim() || log.getAttribute("aria-busy") === "true" || log.querySelector(".foreseen")) return;
    const dots = made("p", "typing", made("i", ""), made("i", ""), made("i", ""));
    const turn = made("div", "turn foreseen", made("p", "question", text), made("div", "answer", dots));
    log.append(turn);
    reveal(log, turn, 0);
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#send")) foresee(document.querySelector("#question textarea").value);
    const link = linkOf(event.target);
    const example = event.target.closest("button[data-ask]");
    const tab = event.target.closest("[data-view-tab]");
    if (link) {
      event.preventDefault();
      follow(link);
    } else if (example) {
      foresee(example.textContent);
      example.dispatchEvent(new CustomEvent("pullquote:ask", { bubbles: true, detail: example.textContent }));
    } else if (tab) {
      show(tab.dataset.viewTab);
    }
  });

  document.addEventListener("keydown", (event) => {
    const sends = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (sends && event.target.closest("#question textarea")) foresee(event.target.value);
    if (event.key !== "Escape" || !followed || !pane()?.contains(document.activeElement)) return;
    show("chat");
    followed.focus();
    followed = null;
  });

  /* The two panes say with `data-stamp` that there is something new in them. */
  function renewed(element) {
    if (element.id === "log") {
      const last = element.querySelector(".turn:last-child");
      followed = null;
      if (last) {
        show("chat");
        reveal(element, last, 0);
      }
    } else if (element.id === "article") {
      const [kind, number] = element.dataset.focus.split(":");
      if (element.dataset.article !== reading) element.scrollTo({ top: 0 });
      reading = element.dataset.article;
      if (number) arrive(kind, number);
    }
  }

  new MutationObserver((changes) => {
    for (const element of new Set(changes.map((change) => change.target))) renewed(element);
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-stamp"] });

  /* Once the page is drawn: a mouse and a keyboard may begin to type, a phone's keyboard would cover the page. */
  const drawn = new MutationObserver(() => {
    const box = document.querySelector("#question textarea");
    if (!box || !pane()) return;
    drawn.disconnect();
    reading = pane().dataset.article;
    if (matchMedia("(pointer: fine)").matches) box.focus();
  });
  drawn.observe(document, { subtree: true, childList: true });

  show("chat");
})();
