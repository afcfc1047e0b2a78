"use strict";
// The list of misread digits. Whatever comes from files or labels is only ever set as text.

const { folder, rows, photos, words } = JSON.parse(document.getElementById("listed").textContent);
const SLICE = 50;

function say(key, values = {}) {
  return words[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// A row: photo, XML, object, actual, predicted, confidence, picture of the digit, box in percent.
const [PHOTO, XML, OBJECT, ACTUAL, PREDICTED, CONFIDENCE, PICTURE, BOX] = [0, 1, 2, 3, 4, 5, 6, 7];
const form = document.querySelector(".controls");
const list = document.getElementById("list");
const more = document.getElementById("more");
let chosen = rows;
let drawn = 0;

// A Mac spells Hangul in parts, Windows in whole syllables.
const plain = (text) => text.normalize("NFC").toLowerCase();
const by = (column) => (a, b) => (a[column] < b[column] ? -1 : a[column] > b[column] ? 1 : 0);
const ORDERS = {
  sure: () => 0,
  unsure: by(CONFIDENCE),
  label: by(ACTUAL),
  read: by(PREDICTED),
  photo: by(PHOTO),
};

function choose() {
  const { actual, predicted, confidence, photo, sort } = form.elements;
  const least = Number(confidence.value) / 100;
  const part = plain(photo.value);
  chosen = rows
    .filter((row) =>
      (!actual.value || row[ACTUAL] === actual.value) &&
      (!predicted.value || row[PREDICTED] === predicted.value) &&
      row[CONFIDENCE] >= least &&
      (!part || plain(row[PHOTO]).includes(part)))
    .sort(ORDERS[sort.value]);
  showSlices(SLICE);
}

function showSlices(count) {
  list.replaceChildren();
  drawn = 0;
  showMore(count);
}

// Only a slice is drawn at a time: ten thousand are listed as fast as fifty.
function showMore(count) {
  const next = chosen.slice(drawn, drawn + count);
  list.append(...next.map(item));
  drawn += next.length;
  const left = chosen.length - drawn;
  more.hidden = left === 0;
  more.textContent = say("more", { count: Math.min(SLICE, left) });
  const numbers = { shown: drawn, found: chosen.length, total: rows.length };
  document.getElementById("shown").textContent =
    chosen.length ? say("shown", numbers) : say("no_match");
}

function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function picture(className, address, alt) {
  const image = make("img", className);
  image.alt = alt;
  image.src = address;
  return image;
}

function item(row) {
  const entry = make("li");
  if (row[PICTURE]) {
    entry.append(picture("digit", row[PICTURE], say("digit_alt")), photoWithBox(row));
  } else {
    entry.append(make("p", "unpictured", say("no_picture")));
  }
  const facts = make("div", "facts");
  // An Arabic or Hebrew name must not turn the sentence around it.
  const xml = `\u2068${folder}/${row[XML]}\u2069`;
  facts.append(
    make("p", "mistake", say("read_as", { actual: row[ACTUAL], predicted: row[PREDICTED] })),
    make("p", "", say("confidence", { confidence: `${(100 * row[CONFIDENCE]).toFixed(2)}%` })),
    make("p", "name", row[PHOTO]),
    make("p", "hint", say("if_label_wrong")),
    make("p", "name", say("object", { xml, object: row[OBJECT] })),
  );
  entry.append(facts);
  return entry;
}

function photoWithBox(row) {
  const [left, top, width, height] = row[BOX];
  const frame = make("div", "photo");
  const box = make("span", "box");
  Object.assign(box.style, {
    left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%`,
  });
  frame.append(picture("", photos[row[PHOTO]], say("photo_alt")), box);
  return frame;
}

if (rows.length) {
  form.addEventListener("input", choose);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("show-all").addEventListener("click", () => {
    form.reset();
    choose();
  });
  more.addEventListener("click", () => {
    const first = drawn;
    showMore(SLICE);
    // The keyboard goes on at the first new one.
    list.children[first].tabIndex = -1;
    list.children[first].focus();
  });
  for (const button of document.querySelectorAll("button[data-actual]")) {
    button.addEventListener("click", () => {
      form.reset();
      form.elements.actual.value = button.dataset.actual;
      form.elements.predicted.value = button.dataset.predicted;
      choose();
      document.getElementById("misread").scrollIntoView();
      form.elements.actual.focus({ preventScroll: true });
    });
  }
  whenSwitched.push(() => showSlices(Math.max(drawn, SLICE)));
}
