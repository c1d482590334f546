// Draws every chart: specs come as JSON beside their figure, colours from the theme's tokens at drawing time.
(function () {
  const drawn = new Map();

  // The chart library is large: only pages with a chart load it, once, as a module of our own origin.
  let loading = null;
  function library() {
    loading = loading || import(document.querySelector('meta[name="vega-bundle"]').content);
    return loading;
  }
  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }
  function withColours(value) {
    if (typeof value === "string" && value.startsWith("@")) return colour(value.slice(1)) || value;
    if (Array.isArray(value)) return value.map(withColours);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, k === "values" ? v : withColours(v)]));
    }
    return value;
  }
  async function draw(plot) {
    const source = document.getElementById(plot.dataset.spec);
    if (!source) return;
    await library();
    const before = drawn.get(plot);
    if (before) before.finalize();
    const spec = withColours(JSON.parse(source.textContent));
    spec.description = plot.getAttribute("aria-label") || "";
    const result = await window.vegaEmbed(plot, spec, {
      ast: true, actions: false, renderer: "svg", defaultStyle: false, mode: "vega-lite",
      tooltip: { disableDefaultStyle: true },
    });
    // The figure has a name and its numbers as a table: its hundred marks would only be read out besides.
    plot.querySelectorAll("svg").forEach((drawing) => drawing.setAttribute("aria-hidden", "true"));
    drawn.set(plot, result);
    plot.view = result.view;
    plot.dataset.drawn = "1";
    plot.dispatchEvent(new CustomEvent("closeknit:drawn", { bubbles: true, detail: { view: result.view } }));
  }
  function drawAll(root) {
    root.querySelectorAll(".plot[data-spec]").forEach((plot) => draw(plot).catch((failure) => {
      plot.textContent = "This chart could not be drawn; its numbers are in the table below.";
      console.error(failure);
    }));
  }
  document.addEventListener("closeknit:theme", () => drawAll(document));
  document.addEventListener("htmx:load", (event) => { if (event.detail.elt !== document.body) drawAll(event.detail.elt); });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => drawAll(document)); else drawAll(document);
})();
