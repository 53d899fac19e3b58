/* What is kept of chats: the list of them, files to save, judgements. */
const kept = (() => {
  "use strict";

  const panel = () => document.getElementById("chats");
  const toggle = () => document.getElementById("list-chats");
  const file = () => document.getElementById("file");

  function list(open) {
    document.documentElement.toggleAttribute("data-chats", open);
    toggle().setAttribute("aria-expanded", String(open));
    if (open) panel().querySelector("button")?.focus();
  }

  function tell(element, name, detail) {
    element.dispatchEvent(new CustomEvent(`pullquote:${name}`, { bubbles: true, detail }));
  }

  /* Deleting asks once more, on the same button. */
  function drop(button) {
    if (button.classList.contains("surely")) {
      tell(panel(), "drop", +button.dataset.drop);
      toggle().focus();
      return;
    }
    button.classList.add("surely");
    button.addEventListener("blur", () => button.classList.remove("surely"), { once: true });
  }

  function judge(button) {
    const [turn, kind, number] = button.closest("[data-quote]").dataset.quote.split("-");
    tell(chat.log(), "judge", [+turn, kind, +number, button.dataset.judge === "right"]);
  }

  /* The server has drawn a file: save it. */
  function download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file().textContent], { type: "text/plain;charset=utf-8" }));
    link.download = file().dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  document.addEventListener("click", (event) => {
    const on = (choice) => event.target.closest(choice);
    const open = toggle()?.getAttribute("aria-expanded") === "true";
    if (on("#list-chats")) list(!open);
    else if (on("[data-chat]")) {
      chat.close();
      tell(panel(), "chat", +on("[data-chat]").dataset.chat);
      list(false);
      toggle().focus();
    } else if (on("[data-drop]")) drop(on("[data-drop]"));
    else if (on("[data-save]")) tell(panel(), "save", on("[data-save]").dataset.save);
    else if (on("[data-judge]")) judge(on("[data-judge]"));
    else if (open && !on("#chats")) list(false);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || toggle()?.getAttribute("aria-expanded") !== "true") return;
    list(false);
    toggle().focus();
  });

  /* Another tab has kept its chats: this one takes them up when it is looked at again, unless something is written. */
  let other = false;
  addEventListener("storage", (event) => {
    if (event.key === "pullquote-chats") other = true;
  });
  document.addEventListener("visibilitychange", () => {
    if (!other || document.hidden) return;
    if (document.querySelector("#question textarea").value || chat.log().getAttribute("aria-busy") === "true") return;
    location.reload();
  });

  return { file, download };
})();
