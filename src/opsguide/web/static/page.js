// Keeps the page as things are now: changes come from /api/live, ages from the clock. Without it the page is complete, as of its loading.
(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const notes = new Map();
  for (const link of all(".n > a")) {
    const key = link.getAttribute("href");
    notes.set(key, [...(notes.get(key) ?? []), link.parentElement]);
  }
  // The server's clock counts: a laptop that is a minute off must not say "61 s ago" of what is a second old.
  const skew = Date.now() - 1000 * Number(document.documentElement.dataset.now);
  const settled = (note) => note.classList.contains("holds") || note.classList.contains("unbound");

  const span = (seconds) => {
    for (const [name, size] of [["days", 86400], ["h", 3600], ["min", 60]])
      if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${name}`;
    return `${Math.max(0, Math.floor(seconds))} s`;
  };
  const age = (note) => {
    const when = note.querySelector("i");
    if (!when || !when.title) return;
    const seconds = (Date.now() - skew - Date.parse(when.title)) / 1000;
    const text = settled(note) ? `${span(seconds)} ago` : `for ${span(seconds)}`;
    if (when.textContent !== text) when.textContent = text;
  };

  // What a flip changes besides its note (the strip, the tally, the outline) is the server's to say.
  const fetched = async () => {
    const answer = await fetch(location.href);
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  };
  const swap = (fresh, parts) => {
    for (const part of parts) {
      const old = document.querySelector(part);
      const now = fresh?.querySelector(part);
      if (old && now && old.innerHTML !== now.innerHTML) old.replaceWith(now);
    }
  };
  let asked;
  const refresh = () => {
    clearTimeout(asked);
    // Of a statement's own page all would change, its chart among it.
    const own = document.querySelector("main.claim");
    if (own && !own.contains(document.activeElement)) asked = setTimeout(() => location.reload(), 500);
    else asked = setTimeout(async () => swap(await fetched(), ["#now", ".tally", "aside"]), 500);
  };

  // A small line is drawn anew once a minute, and only where it is seen.
  const seen = new Set();
  const drawn = new WeakMap();
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) entry.isIntersecting ? seen.add(entry.target) : seen.delete(entry.target);
  });
  all(".n > img").forEach((image) => (watch.observe(image), drawn.set(image, Date.now())));
  const redraw = (note, now) => {
    const image = note.querySelector("img");
    if (!image || !seen.has(image) || (!now && Date.now() - drawn.get(image) < 60000)) return;
    drawn.set(image, Date.now());
    image.src = `${image.getAttribute("src").split("?")[0]}?${Math.floor(Date.now() / 15000)}`;
  };

  const show = (claim) => {
    for (const note of notes.get(`/c/${encodeURIComponent(claim.id)}`) ?? []) {
      const flipped = !note.classList.contains(claim.state);
      if (flipped) {
        note.classList.remove("holds", "broken", "waiting", "unknown", "unbound");
        note.classList.add(claim.state);
        refresh();
      }
      const value = claim.value || claim.state;
      note.querySelector("u").textContent = claim.state;
      note.querySelector("b").textContent = value;
      const because = claim.because === value ? "" : claim.because;
      const small = note.querySelector("small");
      if (small) small.textContent = because;
      else if (because) note.append(Object.assign(document.createElement("small"), { textContent: because }));
      const when = note.querySelector("i");
      when.title = (settled(note) ? claim.at : claim.since) ?? "";
      age(note);
      redraw(note, flipped);
    }
  };

  if (notes.size) {
    const live = new EventSource("/api/live");
    let opened = false;
    live.addEventListener("open", () => (opened ? location.reload() : (opened = true)));
    live.addEventListener("claim", (event) => show(JSON.parse(event.data)));
    live.addEventListener("reload", () => location.reload());
    setInterval(() => notes.forEach((each) => each.forEach(age)), 1000);
  }
  const again = Number(document.querySelector("main")?.dataset.again);
  if (again)
    setInterval(async () => {
      if (document.visibilityState === "visible" && !document.querySelector("main").contains(document.activeElement))
        swap(await fetched(), ["#now", ".tally", "main"]);
    }, 1000 * again);

  // Keys.
  const help = document.getElementById("help");
  const places = { n: "/now", m: "/graph", t: "/tasks", j: "/journal", g: "/" };
  let going = 0;
  let here = -1;
  const walk = (by) => {
    const loud = all(".n:not(.holds), main:not(.guide) tbody tr:has(a)");
    if (!loud.length) return;
    loud[here]?.classList.remove("here");
    here = (here + by + loud.length) % loud.length;
    loud[here].classList.add("here");
    loud[here].scrollIntoView({ block: "center" });
    loud[here].querySelector("a")?.focus({ preventScroll: true });
  };
  addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (Date.now() - going < 1500 && places[event.key]) {
      location.href = places[event.key];
      return;
    }
    going = event.key === "g" ? Date.now() : 0;
    if (event.key === "j" || event.key === "k") walk(event.key === "j" ? 1 : -1);
    else if (event.key === "?") help?.showModal();
    else if (event.key === "/") {
      const field = document.querySelector("main input:not([type=hidden])");
      if (field) {
        event.preventDefault();
        field.focus();
      }
    }
  });
})();
