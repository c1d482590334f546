// Runs before the first paint: the reader's theme and density, kept in this browser only.
(function () {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  function read(name) {
    try { return window.localStorage.getItem("closeknit." + name) || ""; } catch (_) { return ""; }
  }
  function apply() {
    root.dataset.theme = read("theme") || (dark.matches ? "dark" : "light");
    root.dataset.density = read("density") || "normal";
    document.dispatchEvent(new CustomEvent("closeknit:theme"));
  }
  dark.addEventListener("change", apply);
  window.closeknitChoose = function (name, value) {
    try { window.localStorage.setItem("closeknit." + name, value); } catch (_) { /* private window: lasts for this page */ }
    if (name === "theme" && value) root.dataset.theme = value;
    apply();
  };
  window.closeknitChosen = read;
  apply();
})();
