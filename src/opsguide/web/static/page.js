// Keeps the notes as they are now: changes come from /api/live, ages from the clock. Without it the page is complete, as of its loading.
(() => {
  "use strict";
  const notes = new Map();
  for (const link of document.querySelectorAll(".n > a")) {
    const key = link.getAttribute("href");
    notes.set(key, [...(notes.get(key) ?? []), link.parentElement]);
  }
  if (!notes.size) return;
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
  let asked;
  const refresh = () => {
    clearTimeout(asked);
    asked = setTimeout(async () => {
      const answer = await fetch(location.href);
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of ["#now", ".tally", "aside"]) {
        const old = document.querySelector(part);
        const now = fresh.querySelector(part);
        if (old && now) old.replaceWith(now);
      }
    }, 500);
  };

  const show = (claim) => {
    for (const note of notes.get(`/c/${encodeURIComponent(claim.id)}`) ?? []) {
      if (!note.classList.contains(claim.state)) {
        note.classList.remove("holds", "broken", "waiting", "unknown", "unbound");
        note.classList.add(claim.state);
        refresh();
      }
      const value = claim.value || claim.state;
      note.querySelector("u").textContent = claim.state;
      note.querySelector("b").textContent = value;
      note.querySelector("small").textContent = claim.because === value ? "" : claim.because;
      const when = note.querySelector("i");
      when.title = (settled(note) ? claim.at : claim.since) ?? "";
      age(note);
    }
  };

  const live = new EventSource("/api/live");
  let opened = false;
  live.addEventListener("open", () => (opened ? location.reload() : (opened = true)));
  live.addEventListener("claim", (event) => show(JSON.parse(event.data)));
  live.addEventListener("reload", () => location.reload());
  setInterval(() => notes.forEach((each) => each.forEach(age)), 1000);

  let here = -1;
  addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    const loud = [...document.querySelectorAll(".n:not(.holds)")];
    if (!loud.length || (event.key !== "j" && event.key !== "k")) return;
    loud[here]?.classList.remove("here");
    here = (here + (event.key === "j" ? 1 : -1) + loud.length) % loud.length;
    loud[here].classList.add("here");
    loud[here].scrollIntoView({ block: "center" });
    loud[here].querySelector("a")?.focus({ preventScroll: true });
  });
})();
