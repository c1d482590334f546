// Runs before the first paint: the reader's theme and density. What a person chose comes with the page and goes to every
// browser; before anybody chose, and before sign-in, this browser's own choice counts.
(function () {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const kept = { theme: root.dataset.keptTheme, density: root.dataset.keptDensity };
  function read(name) {
    if (kept[name] !== undefined) return kept[name];
    try { return window.localStorage.getItem("closeknit." + name) || ""; } catch (_) { return ""; }
  }
  function write(name, value) {
    try { window.localStorage.setItem("closeknit." + name, value); } catch (_) { /* private window: lasts for this page */ }
  }
  function apply() {
    root.dataset.theme = read("theme") || (dark.matches ? "dark" : "light");
    root.dataset.density = read("density") || "normal";
    document.dispatchEvent(new CustomEvent("closeknit:theme"));
  }
  dark.addEventListener("change", apply);
  window.closeknitChoose = function (name, value) {
    if (kept[name] !== undefined) kept[name] = value;
    write(name, value);
    if (name === "theme" && value) root.dataset.theme = value;
    apply();
  };
  window.closeknitChosen = read;
  // The page before sign-in looks the same next time.
  Object.keys(kept).forEach((name) => { if (kept[name] !== undefined) write(name, kept[name]); });
  apply();
})();
