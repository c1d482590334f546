// Lets a forecast week be pulled up or down in its chart. What was pulled goes into the form that the chart's frame
// names: the form is the truth, and serves alone whoever types. A frame says data-pull (the form's id) and
// data-pull-weeks (the id of a JSON script with week_on and mean of each week that may be pulled).
(function () {
  const SVG = "http://www.w3.org/2000/svg";
  const shown = (value) => Number(value.toPrecision(value >= 1000 ? 4 : 3));
  const dayAfter = (day, days) => {
    const date = new Date(day + "T12:00:00Z");
    date.setUTCDate(date.getUTCDate() + days);
    return date.toISOString().slice(0, 10);
  };

  function put(form, name, value) {
    const field = form.elements.namedItem(name);
    if (!field) return;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function told(form, week, units) {
    const from = form.elements.namedItem("from_on").value;
    const to = form.elements.namedItem("to_on").value;
    // Inside a longer window that was chosen before, the pull means the whole window, by the same factor.
    const inside = from && to && from <= week.week_on && week.week_on < to && dayAfter(from, 7) < to;
    if (inside && week.mean > 0) {
      put(form, "kind", form.dataset.factor);
      put(form, "size", String(Math.round((units / week.mean) * 1000) / 1000));
    } else {
      put(form, "kind", form.dataset.set);
      put(form, "size", String(shown(units)));
      put(form, "from_on", week.week_on);
      put(form, "to_on", dayAfter(week.week_on, 7));
    }
    form.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function handle(layer, view, form, week) {
    const padding = view.padding();
    const left = view.origin()[0] + padding.left;
    const top = view.origin()[1] + padding.top;
    const x = view.scale("x");
    const y = view.scale("y");
    const dot = document.createElementNS(SVG, "circle");
    const place = (units) => dot.setAttribute("cy", top + y(units));
    dot.setAttribute("cx", left + x(new Date(week.week_on + "T00:00:00")));
    dot.setAttribute("r", 6);
    place(week.mean);
    const title = document.createElementNS(SVG, "title");
    title.textContent = "Pull up or down to change this week";
    dot.append(title);
    let pulling = false;
    const at = (event) => Math.max(0, y.invert(event.clientY - layer.getBoundingClientRect().top - top));
    dot.addEventListener("pointerdown", (event) => {
      pulling = true;
      dot.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    dot.addEventListener("pointermove", (event) => { if (pulling) place(at(event)); });
    dot.addEventListener("pointerup", (event) => {
      if (!pulling) return;
      pulling = false;
      dot.classList.add("pulled");
      told(form, week, at(event));
    });
    dot.addEventListener("pointercancel", () => { pulling = false; place(week.mean); });
    layer.append(dot);
  }
  function dress(plot, view) {
    const frame = plot.closest("[data-pull]");
    const form = frame && document.getElementById(frame.dataset.pull);
    if (!form) return;
    const weeks = JSON.parse(document.getElementById(frame.dataset.pullWeeks).textContent);
    plot.querySelectorAll(".pull-layer").forEach((old) => old.remove());
    const drawing = plot.querySelector("svg");
    const layer = document.createElementNS(SVG, "svg");
    layer.setAttribute("class", "pull-layer");
    layer.setAttribute("aria-hidden", "true");
    layer.setAttribute("width", drawing.getAttribute("width"));
    layer.setAttribute("height", drawing.getAttribute("height"));
    plot.append(layer);
    weeks.forEach((week) => handle(layer, view, form, week));
  }
  document.addEventListener("closeknit:drawn", (event) => dress(event.target, event.detail.view));
  // A chart may have been drawn before this was read: the order in which two scripts come says nothing of when they run.
  document.querySelectorAll("[data-pull] [data-drawn]").forEach((plot) => { if (plot.view) dress(plot, plot.view); });
})();
