"use strict";
// Who answers: asked once, kept in the browser, sent with each answer.

const at = (id) => document.getElementById(id);

export function who() {
  return at("who").textContent;
}

function ask() {
  at("name_field").value = who();
  at("name").showModal();
}

// Ask where nobody has said it yet; `then` is done after each time.
export function begin_name(then) {
  let known = document.body.dataset.who;
  try { known ||= localStorage.getItem("who") ?? ""; } catch { /* then it is asked */ }
  at("who").textContent = known;
  at("who").addEventListener("click", ask);
  at("name").addEventListener("cancel", (event) => who() || event.preventDefault());
  at("name").addEventListener("close", () => {
    const name = at("name_field").value.trim() || who();
    if (!name) return ask();
    at("who").textContent = name;
    try { localStorage.setItem("who", name); } catch { /* then it is asked again */ }
    return then();
  });
  if (!known) ask();
}
