// Loads the page again once the preview would show something else: the source was saved, mended or broken.
"use strict";
const shown = document.currentScript.dataset.state;

async function look() {
  try {
    const answer = await fetch("/_preview/state", { cache: "no-store" });
    if (answer.ok && (await answer.text()) !== shown) {
      location.reload();
      return;
    }
  } catch {
    // The command has ended; once it runs again, the page is loaded again.
  }
  setTimeout(look, 1000);
}

look();
