// A page that nobody has touched for as long as its session lasts is emptied: what it showed stays neither on the screen
// nor in the document, whether the server can be reached or not. Whoever types is there.
"use strict";

const closing = document.getElementById("closing");
if (closing instanceof HTMLTemplateElement) {
  const longest = Number(closing.dataset.seconds) * 1_000;
  const notice = closing.content.cloneNode(true);
  let touched = Date.now();
  let open = true;
  const look = () => {
    if (!open || Date.now() - touched < longest) return;
    open = false;
    document.querySelector("title").textContent = closing.dataset.title;
    document.querySelector("body").replaceChildren(notice);
  };
  // A computer that slept looks before it counts as touched.
  const touch = () => { look(); touched = Date.now(); };
  for (const sign of ["keydown", "pointerdown", "input", "scroll"]) {
    document.addEventListener(sign, touch, { capture: true, passive: true });
  }
  document.addEventListener("visibilitychange", look);
  setInterval(look, 5_000);
}
