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
    const names = [...svg.parentElement.querySelectorAll(".legend tbody td:first-child")].map((cell) => cell.textContent);
    const readout = svg.parentElement.querySelector(".readout");
    const rule = make(svg, "path", { class: "rule", d: "" });
    const dots = lines.map((_, number) => make(svg, "circle", { class: `dot l${number}`, r: 3, visibility: "hidden" }));
    let at = right;

    const show = () => {
      rule.setAttribute("d", `M${at} ${top}V${bottom}`);
      const moment = new Date(1000 * (+start + ((at - left) / (right - left)) * (end - start)));
      const values = lines.map((line, number) => {
        const near = line.reduce((best, point) => (!best || Math.abs(point[0] - at) < Math.abs(best[0] - at) ? point : best), null);
        const hit = near && Math.abs(near[0] - at) <= Math.max(4, (right - left) / 90);
        dots[number].setAttribute("visibility", hit ? "visible" : "hidden");
        if (hit) ["cx", "cy"].forEach((name, axis) => dots[number].setAttribute(name, near[axis]));
        const value = hit ? said(+low + ((bottom - near[1]) / (bottom - top)) * (high - low), unit) : "no value";
        return lines.length > 1 ? `${names[number] ?? ""} ${value}` : value;
      });
      readout.textContent = `${moment.toISOString().slice(11, 19)} UTC: ${values.join(" · ")}`;
    };
    const hide = () => {
      rule.setAttribute("d", "");
      dots.forEach((dot) => dot.setAttribute("visibility", "hidden"));
      readout.textContent = "";
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
