// Shows the values under the pointer, or under the arrow keys. The chart is complete without it.
(() => {
  "use strict";
  const make = (svg, name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return svg.appendChild(made);
  };
  const points = (path) => [...path.getAttribute("d").matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map((found) => [+found[1], +found[2]]);
  const digits = (value) => (Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : String(+value.toPrecision(3)));
  // [from this size on, divided by, name], as the server's own figures are written.
  const SECONDS = [[172800, 86400, "d"], [7200, 3600, "h"], [120, 60, "min"], [1, 1, "s"], [0, 0.001, "ms"]];
  const BYTES = [[1e12, 1e12, "TB"], [1e9, 1e9, "GB"], [1e6, 1e6, "MB"], [1e3, 1e3, "kB"], [0, 1, "B"]];
  const scaled = (value, sizes) => {
    const [, size, name] = sizes.find(([from]) => Math.abs(value) >= from);
    return `${digits(value / size)} ${name}`;
  };
  const said = (value, unit) => {
    if (unit === "ratio") return `${digits(value * 100)} %`;
    if (unit === "seconds") return scaled(value, SECONDS);
    if (unit.startsWith("bytes")) return scaled(value, BYTES) + (unit.endsWith("per_second") ? "/s" : "");
    return digits(value) + (unit === "per_second" ? "/s" : "");
  };

  const bring = (svg) => {
    const { start, end, low, high, box, unit } = svg.dataset;
    const [left, top, right, bottom] = box.split(" ").map(Number);
    const lines = [...svg.querySelectorAll(".line")].map(points);
    // The column "now" says what was then while the pointer is there: nothing moves, and every line has its name beside it.
    const head = svg.parentElement.querySelector(".legend th:nth-child(2)");
    const cells = [...svg.parentElement.querySelectorAll(".legend tbody td:nth-child(2)")];
    const latest = [head, ...cells].map((cell) => cell?.textContent);
    const rule = make(svg, "path", { class: "rule", d: "" });
    const dots = lines.map((_, number) => make(svg, "circle", { class: `dot l${number}`, r: 3, visibility: "hidden" }));
    let at = right;

    const show = () => {
      rule.setAttribute("d", `M${at} ${top}V${bottom}`);
      const moment = new Date(1000 * (+start + ((at - left) / (right - left)) * (end - start)));
      if (head) head.textContent = `${moment.toISOString().slice(11, 19)} UTC`;
      lines.forEach((line, number) => {
        const near = line.reduce((best, point) => (!best || Math.abs(point[0] - at) < Math.abs(best[0] - at) ? point : best), null);
        const hit = near && Math.abs(near[0] - at) <= Math.max(4, (right - left) / 90);
        dots[number].setAttribute("visibility", hit ? "visible" : "hidden");
        if (hit) ["cx", "cy"].forEach((name, axis) => dots[number].setAttribute(name, near[axis]));
        const value = hit ? said(+low + ((bottom - near[1]) / (bottom - top)) * (high - low), unit) : "no value";
        if (cells[number]) cells[number].textContent = value;
      });
    };
    const hide = () => {
      rule.setAttribute("d", "");
      dots.forEach((dot) => dot.setAttribute("visibility", "hidden"));
      [head, ...cells].forEach((cell, number) => cell && (cell.textContent = latest[number]));
    };
    svg.addEventListener("pointermove", (event) => {
      const frame = svg.getBoundingClientRect();
      const x = ((event.clientX - frame.left) / frame.width) * svg.viewBox.baseVal.width;
      at = Math.min(right, Math.max(left, x));
      show();
    });
    svg.addEventListener("pointerleave", hide);
    svg.setAttribute("tabindex", "0");
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      event.preventDefault();
      at = Math.min(right, Math.max(left, at + (event.key === "ArrowLeft" ? -1 : 1) * ((right - left) / 60)));
      show();
    });
  };
  document.querySelectorAll("svg.chart").forEach(bring);
})();
