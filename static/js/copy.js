// What is shown once can be copied by a button. Without it a click selects the whole (static/css/portal.css).
"use strict";

for (const shown of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-quiet";
  button.textContent = shown.dataset.copy;
  button.setAttribute("aria-describedby", shown.id);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(shown.textContent.trim());
      button.textContent = shown.dataset.copied;
    } catch {
      window.getSelection().selectAllChildren(shown);
    }
  });
  shown.after(" ", button);
}
