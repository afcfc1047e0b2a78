"use strict";
// One reading after the other: shown, typed, sent, while the next ones are loaded.
import { BoxEditor } from "./boxes.js";
import { GAP, choose_gap, field } from "./field.js";
import { begin_name, who } from "./name.js";
import { Outbox, holder, picture, post, token } from "./server.js";

const words = JSON.parse(document.body.dataset.words);
const at = (id) => document.getElementById(id);
const READING = /^-?[0-9]+([.:][0-9]+)*$/;
const AHEAD = 2;
const LOOK_AGAIN = 5000;
const SVG = "http://www.w3.org/2000/svg";

let shown = null; // what is looked at: its item, pictures, when it came
const coming = []; // what is loaded
const outbox = new Outbox(tell_sent);
const past = []; // what can be taken back
const later = [];
let isFilling = false, done = 0;

function fill_in(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// --- what comes next

async function load(item) {
  const entry = { item, pictures: null };
  coming.push(entry);
  tell_ready();
  entry.pictures = await Promise.all(["display", "whole"].map((kind) => picture(item.reading_id, kind)));
  tell_ready();
}

function tell_ready() {
  document.body.dataset.next = coming.length ? (coming[0].pictures ? "ready" : "loading") : "none";
  if (!shown && coming[0]?.pictures) show(coming.shift());
}

async function fill() {
  if (isFilling || document.hidden) return;
  isFilling = true;
  try {
    while (coming.length < AHEAD) {
      const mine = [shown, ...coming].filter(Boolean).map((entry) => entry.item.reading_id);
      const have = [...mine, ...outbox.answers.map((answer) => answer.reading_id)];
      const { status, body } = await post("/next", { holder, have, later });
      if (status !== 200) {
        if (!shown) tell_empty(body.error ?? words.loading);
        break;
      }
      at("waiting").textContent = fill_in(words.waiting, { count: body.waiting });
      if (!body.item) {
        if (!shown && !coming.length) tell_empty(words.all_done, words.all_done_more);
        break;
      }
      await load(body.item);
    }
  } catch {
    if (!shown) tell_empty(words.loading);
  } finally {
    isFilling = false;
  }
}

function tell_empty(title, more = "") {
  at("reading").hidden = true;
  at("empty").hidden = false;
  at("undo_last").hidden = !past.length;
  at("empty_title").textContent = title;
  field.value = "";
  const put_off = later.length ? fill_in(words.put_off, { count: later.length }) : "";
  at("empty_more").textContent = [more, put_off].filter(Boolean).join(" ");
}

// --- what is looked at

function show(entry) {
  shown = entry;
  const { item, pictures } = entry;
  entry.since = performance.now();
  at("empty").hidden = true;
  at("boxes").hidden = true;
  at("reading").hidden = false;
  at("display").replaceChildren(pictures[0]);
  at("whole").replaceChildren(pictures[1], overlay(item));
  at("whole").parentElement.hidden = item.display.join() === [0, 0, ...item.size].join();
  at("about").textContent = `${item.photo} · ${item.taken}`;
  at("unit").textContent = item.unit;
  at("reasons").replaceChildren(...item.reasons.map((reason) => {
    const line = document.createElement("li");
    line.textContent = reason;
    return line;
  }));
  field.value = item.text;
  say(words.hint);
  focus_field();
  tell_ready();
  fill();
}

function overlay(item) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${item.size.join(" ")}`);
  const boxes = [[item.display, "frame"], ...item.boxes.map((box) => [box, "digit"])];
  for (const [[left, top, right, bottom], kind] of boxes) {
    const rect = document.createElementNS(SVG, "rect");
    const values = { x: left, y: top, width: right - left, height: bottom - top, class: kind };
    for (const [name, value] of Object.entries(values)) rect.setAttribute(name, value);
    svg.append(rect);
  }
  return svg;
}

function focus_field() {
  if (!at("name").open) field.focus({ preventScroll: true });
  choose_gap(0);
}

function say(text, isAsking = false) {
  at("message").textContent = text;
  at("message").classList.toggle("asking", isAsking);
}

// --- answers

function save() {
  const text = field.value;
  if (!text) return say(words.type_first, true);
  if (text.includes(GAP)) {
    say(words.fill_gaps, true);
    return choose_gap(0);
  }
  if (!READING.test(text)) return say(words.not_a_number, true);
  const digits = text.replace(/[^0-9]/g, "");
  if (digits.length !== shown.item.count) return ask_boxes(text, digits);
  return answer({ action: "correct", text });
}

function as_read() {
  const { read } = shown.item;
  if (!read) return say(words.nothing_read, true);
  if (field.value === read) return answer({ action: "confirm" });
  // Nobody approves what was not seen.
  field.value = read;
  return say(words.see_first, true);
}

function answer(its) {
  const pressed = performance.now();
  const key = token();
  const seconds = (pressed - shown.since) / 1000;
  outbox.send({ reading_id: shown.item.reading_id, holder, who: who(), key, seconds, ...its });
  past.push({ entry: shown, key });
  if (past.length > 50) past.shift();
  count_done(1);
  go_on(pressed);
}

function go_on(pressed) {
  const ready = Boolean(coming[0]?.pictures);
  shown = null;
  if (ready) {
    show(coming.shift());
    requestAnimationFrame(() => requestAnimationFrame(() => {
      performance.measure("pause", { start: pressed, end: performance.now(), detail: { ready } });
    }));
  } else {
    if (!coming.length) performance.measure("pause", { start: pressed, end: pressed, detail: { ready: null } });
    else performance.measure("pause", { start: pressed, end: pressed, detail: { ready } });
    tell_empty(words.loading);
    fill();
  }
}

function undo() {
  const last = past.pop();
  if (!last) return say(words.nothing_to_undo, true);
  outbox.send({
    reading_id: last.entry.item.reading_id, action: "undo", holder, who: who(), key: token(),
    undoes: last.key,
  });
  if (shown) coming.unshift(shown);
  count_done(-1);
  show(last.entry);
  return say(words.undone);
}

function put_off() {
  later.push(shown.item.reading_id);
  go_on(performance.now());
}

function tell_sent({ said, isStuck = false, why = "" }) {
  const count = outbox.answers.length;
  at("unsaved").hidden = !isStuck;
  at("unsaved").textContent = [fill_in(words.unsaved, { count }), why].filter(Boolean).join(" · ");
  if (said) say(said, true);
  if (!count) fill();
}

function count_done(by) {
  done += by;
  at("done").textContent = done ? `· ${fill_in(words.done_by_you, { count: done })}` : "";
}
window.addEventListener("beforeunload", (event) => {
  if (outbox.answers.length) event.preventDefault();
});

// --- boxes, where the number of digits is another one than the reader found

const editor = new BoxEditor(at("boxes"), words);

async function ask_boxes(text, digits) {
  const entry = shown;
  const url = `/boxes/${entry.item.reading_id}`;
  const found = await fetch(url).then((its) => its.json()).catch(() => ({ boxes: [] }));
  if (shown !== entry) return;
  at("reading").hidden = true;
  const { action, boxes } = await editor.ask(entry.item, digits, found.boxes);
  at("boxes").hidden = true;
  at("reading").hidden = false;
  if (action === "back") focus_field();
  else answer({ action: "correct", text, ...(action === "save" ? { boxes } : {}) });
  if (action === "skip") say(words.boxes_skipped, true);
}

// --- who, keys, buttons

const doers = { save, as_read, unreadable: () => answer({ action: "unreadable" }), later: put_off, undo };
for (const [id, act] of Object.entries(doers)) {
  at(id).addEventListener("click", () => {
    if (shown) act();
    // A finger's keyboard stays as it was.
    if (matchMedia("(pointer: fine)").matches && !at("reading").hidden) field.focus();
  });
}
at("undo_last").addEventListener("click", undo);
for (const button of document.querySelectorAll("[data-sign]")) {
  button.addEventListener("click", () => {
    field.setRangeText(button.dataset.sign, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new InputEvent("input"));
    field.focus();
  });
}

// A Korean keyboard's letters lie on the same keys.
function letter(event) {
  if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase();
  return event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : "";
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || at("name").open) return;
  if (!at("boxes").hidden) return void editor.press(event, letter(event));
  const isElsewhere = event.target.closest?.("button, a");
  const by_key = { Enter: save, " ": as_read, Escape: clear };
  const by_letter = { u: doers.unreadable, l: put_off };
  let act = isElsewhere ? null : by_key[event.key];
  if (event.key === "Backspace" && !field.value) act = undo;
  act ??= by_letter[letter(event)];
  if (act) event.preventDefault();
  if (act && !event.repeat && (shown || act === undo)) act();
  else if (document.activeElement !== field && /^[0-9.:,-]$/.test(event.key)) field.focus();
});

function clear() {
  field.value = "";
}

document.addEventListener("visibilitychange", fill);
setInterval(() => { if (!shown || !coming.length) fill(); }, LOOK_AGAIN);

begin_name(() => shown && focus_field());
fill();
