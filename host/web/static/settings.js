// What makes the settings faster; every form works without it.
import "./progress.js";

// On a phone the subjects are a line that scrolls; the one that is open is in sight.
document.querySelector(".subjects [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// A secret that is shown once can be copied with a button.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break; // only on a safe connection
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    button.textContent = button.dataset.copied;
  });
}

// What only one type of field has is shown for that type.
for (const part of document.querySelectorAll("[data-only-type]")) {
  const type = part.closest("form").elements.namedItem("type");
  const show = () => { part.hidden = type.value !== part.dataset.onlyType; };
  type.addEventListener("change", show);
  show();
}

// A colour that is picked is meant.
for (const color of document.querySelectorAll('input[type="color"]')) {
  color.addEventListener("input", () => { color.form.elements.namedItem("colored").checked = true; });
}
