// What the imitated meeting pages share: one section is shown at a time, and a guest who knocks
// waits for a moment and is let in.
const wishes = { name: "", microphone: true, camera: true };

function show(state) {
  for (const one of document.querySelectorAll("[data-state]"))
    one.hidden = one.dataset.state !== state;
}

function off(button, device, label) {
  wishes[device] = false;
  button.setAttribute("aria-label", label);
  button.setAttribute("aria-pressed", "false");
  button.textContent = label;
}

function knock(input) {
  wishes.name = document.querySelector(input).value;
  if (!wishes.name) return;
  show("lobby");
  setTimeout(() => show("inside"), 1200);
}

addEventListener("DOMContentLoaded", () => show(location.hash.slice(1) || "first"));
