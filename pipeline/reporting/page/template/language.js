"use strict";
// The page's language: every text stands in it in each, and this shows one.

let language = "en";
// What else is to be done when the language changes.
const whenSwitched = [];

function switchLanguage(code) {
  language = code;
  document.documentElement.lang = code;
  for (const element of document.querySelectorAll("[data-en]")) {
    const text = element.dataset[code];
    if (element.dataset.attribute) element.setAttribute(element.dataset.attribute, text);
    else element.textContent = text;
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === code));
  }
  for (const act of whenSwitched) act();
}

function wishedLanguage() {
  try {
    const kept = localStorage.getItem("language");
    if (["en", "ko"].includes(kept)) return kept;
  } catch { /* a browser may keep nothing for files */ }
  return navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    switchLanguage(button.dataset.language);
    try {
      localStorage.setItem("language", language);
    } catch { /* then it is asked anew */ }
  });
}
// Paper has no summary to open.
window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
// By then the page's other script stands ready.
document.addEventListener("DOMContentLoaded", () => switchLanguage(wishedLanguage()));
