/* The article: putting an answer's marks into it, and following citations to them. No build step.
   Everything is delegated from `document`, because the page's parts are drawn again while it is in use. */
const article = (() => {
  "use strict";

  const pane = () => document.getElementById("article");
  const found = () => document.getElementById("found");
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const plain = new Map(); // paragraphs that are marked, and what stood in them before
  let followed = null; // the link that led into the article: Escape leads back to it
  let reading = ""; // the id of the article that is open
  let current = 0; // the number of the sentence that was shown last
  let moved = false; // the reader has scrolled since, and wants to stay there

  /* Scroll only `box`, so that the page around it stays put. `share` of the free height is left above the element. */
  function reveal(box, element, share) {
    const goal = () => {
      const top = element.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
      return Math.max(top - Math.max(box.clientHeight - element.offsetHeight, 0) * share, 0);
    };
    const far = Math.abs(goal() - box.scrollTop) > 2 * box.clientHeight;
    box.scrollTo({ top: goal(), behavior: far || calm() ? "instant" : "smooth" });
    if (!far) return;
    /* What was not laid out yet gets its true height now, and the place moves with it. */
    let frames = 4;
    const settle = () => {
      box.scrollTo({ top: goal(), behavior: "instant" });
      if (--frames) requestAnimationFrame(settle);
    };
    requestAnimationFrame(settle);
  }

  function marked(kind, number) {
    return pane()?.querySelector(`mark[data-${kind}="${CSS.escape(number)}"]`);
  }

  function linkTo(turn, kind, number) {
    return document.querySelector(`#log a[data-${kind}="${CSS.escape(number)}"][data-turn="${CSS.escape(turn)}"]`);
  }

  /* Put the marked paragraphs in the place of the plain ones, and those marked before back as they were. */
  function place() {
    if (!found() || !pane() || found().dataset.article !== pane().dataset.article) return;
    for (const [paragraph, children] of plain) paragraph.replaceChildren(...children);
    plain.clear();
    for (const each of found().querySelectorAll(".marked > *")) {
      const paragraph = pane().querySelector(`[data-p="${CSS.escape(each.dataset.p)}"]`);
      if (!paragraph) continue;
      plain.set(paragraph, [...paragraph.childNodes]);
      paragraph.replaceChildren(...each.cloneNode(true).childNodes);
    }
  }

  function flash(mark) {
    mark.classList.remove("flash");
    void mark.offsetWidth; // restarts the animation of a mark that is still flashing
    mark.classList.add("flash");
    setTimeout(() => mark.classList.remove("flash"), 2000);
  }

  /* Say which of the citations is shown. */
  function point(kind, number) {
    current = +number;
    const step = found()?.querySelector(".step");
    if (step && kind === "citation") step.textContent = `${number} of ${found().dataset.count}`;
    for (const tick of found()?.querySelectorAll(".map a") ?? []) {
      tick.toggleAttribute("aria-current", tick.dataset[kind] === String(number));
    }
  }

  function arrive(kind, number) {
    const mark = marked(kind, number);
    if (!mark) return;
    point(kind, number);
    moved = false;
    reveal(pane(), mark, 0.3);
    if (!followed) return;
    flash(mark);
    mark.focus({ preventScroll: true });
  }

  /* Lead to the sentence of a link: it is marked here, or the server is asked to show it. */
  function follow(link) {
    const kind = link.dataset.citation ? "citation" : "nearest";
    const number = link.dataset[kind];
    const turn = link.dataset.turn;
    followed = linkTo(turn, kind, number) ?? link;
    page.show("article");
    if (found()?.dataset.turn === turn && marked(kind, number)) arrive(kind, number);
    else document.getElementById("log").dispatchEvent(
      new CustomEvent("pullquote:show", { bubbles: true, detail: [+turn, kind, +number] }),
    );
  }

  /* Lead to the citation before or after the one shown last, around the end. */
  function step(by) {
    const count = +found()?.dataset.count;
    if (!count) return;
    const number = current ? ((current - 1 + by + count) % count) + 1 : by > 0 ? 1 : count;
    const link = linkTo(found().dataset.turn, "citation", number);
    if (link) follow(link);
  }

  function back() {
    if (!followed || !pane()?.contains(document.activeElement)) return;
    page.show("chat");
    followed.focus();
    followed = null;
  }

  /* The article's parts were drawn again. */
  function renewed(parts) {
    const other = reading !== pane()?.dataset.article;
    if (parts.has(pane())) {
      plain.clear(); // what was kept stood in another text
      if (other) pane().scrollTo({ top: 0 });
      reading = pane().dataset.article;
    }
    place();
    current = 0;
    const [kind, number] = (found()?.dataset.focus ?? "").split(":");
    if (number && (followed || other || !moved)) arrive(kind, number);
  }

  const scrolls = ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "];
  const touched = (event) => {
    if (!pane()?.contains(event.target)) return;
    if (event.type === "keydown" && !scrolls.includes(event.key)) return;
    /* Of the clicks only those on the scroll bar. */
    if (event.type === "pointerdown" && event.clientX < pane().getBoundingClientRect().left + pane().clientWidth) return;
    moved = true;
  };
  for (const type of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    document.addEventListener(type, touched, { passive: true });
  }

  document.addEventListener("click", (event) => {
    const by = event.target.closest("[data-step]")?.dataset.step;
    if (by) step(+by);
  });

  return { pane, found, reveal, follow, step, back, renewed, forget: () => (followed = null) };
})();
