/* The conversation: what is being sent, quotes that lead into the article, their context, copying them. */
const chat = (() => {
  "use strict";

  const log = () => document.getElementById("log");
  const PATIENCE = 6000; // milliseconds in which the server takes a question up
  const open = new Set(); // the folds and contexts that the reader has opened

  function made(tag, className, ...children) {
    const element = document.createElement(tag);
    element.className = className;
    element.append(...children);
    return element;
  }

  /* Show what is being sent before the server has heard of it; what the server then draws takes its place. */
  function foresee(text) {
    if (!text.trim() || log().getAttribute("aria-busy") === "true" || log().querySelector(".foreseen")) return;
    const dots = made("p", "typing", made("i", ""), made("i", ""), made("i", ""));
    const turn = made("div", "turn foreseen", made("p", "question", text), made("div", "answer", dots));
    log().append(turn);
    article.reveal(log(), turn, 0);
    setTimeout(() => {
      if (!turn.isConnected || !turn.classList.contains("foreseen")) return;
      dots.replaceWith(made("p", "notice", "No word from the server yet. Your question still stands below."));
    }, PATIENCE);
  }

  /* The link of what was clicked: itself, or that of a quote whose words were clicked, not selected. */
  function linkOf(target) {
    const links = "a[data-citation], a[data-nearest]";
    const quote = getSelection().isCollapsed ? target.closest("blockquote")?.closest(".quote") : null;
    return target.closest(links) ?? quote?.querySelector(links);
  }

  /* Show or hide the sentences beside a quote. */
  function around(quote, shown) {
    for (const each of quote.querySelectorAll(".around")) each.hidden = !shown;
    quote.querySelector("[data-around]")?.setAttribute("aria-expanded", String(shown));
  }

  /* Suggested questions are of one article: beside another they wait. */
  function suit() {
    const open = article.pane()?.dataset.article;
    for (const each of document.querySelectorAll(".examples")) each.hidden = each.dataset.of !== open;
  }

  async function copy(button) {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      /* Only a page of this machine or of https may use the clipboard; the older way works everywhere. */
      const box = made("textarea", "unseen", text);
      document.body.append(box);
      box.select();
      document.execCommand("copy");
      box.remove();
      button.focus();
    }
    page.say("Copied with its reference");
  }

  /* The conversation was drawn again: what the reader had opened stays open. */
  function unfold() {
    for (const fold of log().querySelectorAll("[data-fold]")) fold.open = open.has(fold.dataset.fold);
    for (const quote of log().querySelectorAll(".quote")) around(quote, open.has(quote.dataset.quote));
  }

  /* There is a new turn in it: it comes into view. */
  function renewed() {
    article.forget();
    const last = log().querySelector(".turn:last-child");
    if (!last) return;
    page.show("chat");
    article.reveal(log(), last, 0);
  }

  document.addEventListener("click", (event) => {
    const { target } = event;
    if (target.closest("#send")) foresee(document.querySelector("#question textarea").value);
    const link = linkOf(target);
    const example = target.closest("button[data-ask]");
    const quote = target.closest("[data-around]")?.closest(".quote");
    const copied = target.closest("[data-copy]");
    if (link) {
      event.preventDefault();
      article.follow(link);
    } else if (example) {
      foresee(example.textContent);
      log().dispatchEvent(new CustomEvent("pullquote:ask", { bubbles: true, detail: example.textContent }));
    } else if (quote) {
      const key = quote.dataset.quote;
      if (!open.delete(key)) open.add(key);
      around(quote, open.has(key));
    } else if (copied) {
      copy(copied);
    }
  });

  document.addEventListener("toggle", (event) => {
    const key = event.target.dataset?.fold;
    if (key) open[event.target.open ? "add" : "delete"](key);
  }, true);

  document.addEventListener("keydown", (event) => {
    const sends = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (sends && event.target.closest("#question textarea")) foresee(event.target.value);
  });

  return { log, renewed, unfold, suit, close: () => open.clear() };
})();
