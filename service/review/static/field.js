"use strict";
// The field for what the display shows, in which doubtful digits are gaps.

export const field = document.getElementById("field");
export const GAP = "_";
const LONGEST = 20;

// Choose the next gap from a place on, else the first, so that typing fills it.
export function choose_gap(from) {
  const next = field.value.indexOf(GAP, from);
  const gap = next < 0 ? field.value.indexOf(GAP) : next;
  if (gap >= 0) field.setSelectionRange(gap, gap + 1);
  else if (!from) field.setSelectionRange(field.value.length, field.value.length);
}

// What an input method for Korean writes wide, or a hand as a comma.
function tidy(text) {
  return text.normalize("NFKC").replace(/[,、。]/g, ".").replace(/[−–—]/g, "-")
    .replace(/[^0-9.:_-]/g, "").slice(0, LONGEST);
}

field.addEventListener("input", (event) => {
  if (event.isComposing) return;
  const text = tidy(field.value);
  if (text !== field.value) {
    const caret = field.selectionStart - (field.value.length - text.length);
    field.value = text;
    field.setSelectionRange(caret, caret);
  }
  const isTyped = event.inputType !== "deleteContentBackward";
  if (isTyped && text.includes(GAP)) choose_gap(field.selectionStart);
});
field.addEventListener("compositionend", () => {
  setTimeout(() => field.dispatchEvent(new InputEvent("input")));
});
