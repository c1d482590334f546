// Keyboard, menus, choices. No inline handlers anywhere: elements say what they want with data attributes.
(function () {
  const help = () => document.getElementById("keys");
  let goPressedAt = 0;

  function typing(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }
  function goTo(letter) {
    const link = document.querySelector(`[data-go="${CSS.escape(letter)}"]`);
    if (link) window.location.assign(link.getAttribute("href"));
    return Boolean(link);
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelectorAll("details.person[open], details.columns-choice[open]").forEach((d) => d.removeAttribute("open"));
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "/") {
      const box = document.getElementById("search");
      if (box) { event.preventDefault(); box.focus(); box.select(); }
    } else if (event.key === "?") {
      if (help() && !help().open) help().showModal();
    } else if (event.key === "g") {
      goPressedAt = event.timeStamp;
    } else if (goPressedAt && event.timeStamp - goPressedAt < 1500) {
      goPressedAt = 0;
      if (goTo(event.key)) event.preventDefault();
    }
  });
  document.addEventListener("click", (event) => {
    const target = event.target;
    document.querySelectorAll("details.person[open], details.columns-choice[open]").forEach((d) => { if (!d.contains(target)) d.removeAttribute("open"); });
    if (target.closest("[data-open-keys]") && help()) help().showModal();
    if (target.closest("[data-close]")) target.closest("dialog").close();
    if (target.closest("[data-print]")) window.print();
    const menu = target.closest("[data-menu]");
    if (menu) {
      const open = document.getElementById("rail").classList.toggle("open");
      menu.setAttribute("aria-expanded", String(open));
    }
    const person = target.closest("[data-sign-in]");
    if (person) {
      document.getElementById("id_username").value = person.dataset.signIn;
      document.getElementById("id_password").value = person.dataset.word;
      document.getElementById("sign-in").requestSubmit();
    }
  });
  document.addEventListener("change", (event) => {
    const choice = event.target.closest("[data-choose]");
    if (choice) window.closeknitChoose(choice.dataset.choose, choice.value);
    const own = event.target.closest("[data-submit]");
    if (own && own.form) own.form.requestSubmit();
  });
  function showLocalTimes(root) {
    root.querySelectorAll("time[datetime]:not([data-local])").forEach((t) => {
      const at = new Date(t.dateTime);
      if (!t.dateTime.includes("T") || Number.isNaN(at.getTime())) return;
      t.dataset.local = "1";
      t.title = `${t.title ? t.title + "\n" : ""}${at.toLocaleString()} where you are`;
    });
  }
  function ready() {
    document.querySelectorAll("[data-choose]").forEach((c) => { c.value = window.closeknitChosen(c.dataset.choose); });
    showLocalTimes(document);
  }
  document.addEventListener("htmx:load", (event) => showLocalTimes(event.detail.elt));
  // A part that asks again and again keeps its last view when no answer comes, says so, and goes on asking.
  function live(event) { return event.detail.elt.closest('[hx-trigger*="every"]'); }
  function stand(part) {
    if (part.querySelector(":scope > .still")) return;
    const note = document.createElement("div");
    note.className = "notice warn still";
    note.setAttribute("role", "status");
    const mark = document.createElement("span");
    mark.className = "mark";
    mark.setAttribute("aria-hidden", "true");
    mark.textContent = "‖";
    const words = document.createElement("p");
    words.textContent = `Not live since ${new Date().toLocaleTimeString()}: the server does not answer. This is the last view; it goes on by itself once answers come.`;
    note.append(mark, words);
    part.prepend(note);
  }
  document.addEventListener("htmx:sendError", (event) => {
    const tile = event.detail.elt.closest("[data-tile]");
    const loading = tile && tile.querySelector(".loading");
    if (live(event)) stand(live(event));
    else if (loading) loading.textContent = "This part could not be loaded: the server did not answer. Reload the page to try again.";
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    // An answer may also be that nothing is new: then nothing is swapped, and the view is live again all the same.
    if (live(event) && event.detail.successful) live(event).querySelectorAll(":scope > .still").forEach((note) => note.remove());
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (live(event) && event.detail.xhr.status >= 500) {
      event.detail.shouldSwap = false;
      stand(live(event));
    }
  });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready); else ready();
})();
