// How much of each sheet is done, where this browser lets the index read what the sheets keep.

for (const card of document.querySelectorAll("[data-sheet]")) {
  let best = null;
  try {
    for (const place of Object.keys(localStorage)) {
      if (!place.startsWith(`byhand ${card.dataset.sheet} `)) continue;
      const [done, of] = JSON.parse(localStorage.getItem(place)).done ?? [];
      if (of && (!best || done / of > best[0] / best[1])) best = [done, of];
    }
  } catch {
    best = null;
  }
  if (!best || !best[0]) continue;
  const bar = card.querySelector(".done");
  bar.hidden = false;
  bar.firstElementChild.style.width = `${(100 * best[0]) / best[1]}%`;
  bar.lastElementChild.textContent = bar.dataset.said.replace("{done}", best[0]).replace("{n}", best[1]);
}
