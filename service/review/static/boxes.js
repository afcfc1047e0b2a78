"use strict";
// A box for each digit: drawn, moved, resized and deleted by mouse, finger or keys.

import { clamp, guess, inOrder, inside, middle } from "./places.js";

const SVG = "http://www.w3.org/2000/svg";
export class BoxEditor {
  constructor(section, words) {
    this.section = section;
    this.words = words;
    this.stage = section.querySelector("svg");
    for (const button of section.querySelectorAll("[data-do]")) {
      button.addEventListener("click", () => {
        this.act(button.dataset.do);
        this.stage.focus({ preventScroll: true });
      });
    }
    for (const kind of ["down", "move", "up", "cancel"]) {
      this.stage.addEventListener(`pointer${kind}`, (event) => this[`on_${kind}`](event));
    }
    this.stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 1.25 : 0.8, this.point(event));
    }, { passive: false });
  }

  // Ask for a box for each of `digits`; ends with what was done: save, skip or back.
  ask(item, digits, boxes) {
    this.item = item;
    this.digits = digits;
    this.boxes = boxes.map((box) => box.map(Math.round));
    this.chosen = this.boxes.length - 1;
    const [left, top, right, bottom] = item.display;
    this.view = [left, top, right - left, bottom - top];
    this.section.hidden = false;
    this.draw();
    this.stage.focus({ preventScroll: true });
    return new Promise((resolve) => { this.end = resolve; });
  }

  // --- what can be done

  act(name) {
    const isRight = this.boxes.length === this.digits.length;
    if (name === "add") this.add();
    else if (name === "remove") this.remove();
    else if (name === "nearer") this.zoom(1.5);
    else if (name === "farther") this.zoom(1 / 1.5);
    else if (name !== "save" || isRight) this.end({ action: name, boxes: this.labelled() });
  }

  press(event, letter) {
    const [dx, dy] = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    }[event.key] ?? [0, 0];
    const name = {
      Enter: "save", Escape: "back", Delete: "remove", Backspace: "remove", "+": "nearer",
      "=": "nearer", "-": "farther",
    }[event.key] ?? { n: "add", s: "skip" }[letter];
    const isButton = event.key === "Enter" && event.target.closest("button");
    if (isButton || !(dx || dy || name || event.key === "Tab")) return;
    event.preventDefault();
    if (event.key === "Tab") this.choose(event.shiftKey ? -1 : 1);
    else if (name) this.act(name);
    else this.shift(dx, dy, event.shiftKey);
  }

  choose(by) {
    const row = this.ordered();
    const place = row.indexOf(this.boxes[this.chosen]) + by;
    this.chosen = this.boxes.indexOf(row[(place + row.length) % (row.length || 1)]);
    this.draw();
  }

  shift(dx, dy, isResize) {
    const box = this.boxes[this.chosen];
    if (!box) return;
    const step = Math.max(1, Math.round((box[3] - box[1]) / 40));
    if (isResize) this.place(box, [box[0], box[1], box[2] + dx * step, box[3] + dy * step]);
    else this.move(box, dx * step, dy * step);
    this.draw();
  }

  add() {
    const box = guess(this.ordered(), this.view, this.item.size);
    this.boxes.push(box);
    this.chosen = this.boxes.length - 1;
    this.draw();
  }

  remove() {
    if (this.chosen < 0) return;
    this.boxes.splice(this.chosen, 1);
    this.chosen = this.boxes.length - 1;
    this.draw();
  }

  // --- boxes and their order

  ordered() {
    return inOrder(this.boxes, this.item.boxes);
  }

  labelled() {
    return this.ordered().map((box, i) => ({ label: this.digits[i] ?? "", box }));
  }

  move(box, dx, dy) {
    const [width, height] = this.item.size;
    const x = clamp(dx, -box[0], width - box[2]);
    const y = clamp(dy, -box[1], height - box[3]);
    this.place(box, [box[0] + x, box[1] + y, box[2] + x, box[3] + y]);
  }

  place(box, values) {
    box.splice(0, 4, ...this.inside(values));
  }

  inside(values) {
    return inside(values, this.item.size);
  }

  // --- mouse and finger

  point(event) {
    const its = new DOMPoint(event.clientX, event.clientY);
    const { x, y } = its.matrixTransform(this.stage.getScreenCTM().inverse());
    return [x, y];
  }

  on_down(event) {
    if (!event.isPrimary || event.button) return;
    event.preventDefault();
    this.stage.setPointerCapture(event.pointerId);
    this.stage.focus({ preventScroll: true });
    const at = this.point(event);
    const { corner, box } = event.target.dataset;
    if (corner) {
      const its = this.boxes[this.chosen];
      // The opposite corner stays.
      this.drag = { kind: "draw", from: [its[2 - 2 * (corner & 1)], its[3 - (corner & 2)]] };
    } else if (box) {
      this.chosen = Number(box);
      this.drag = { kind: "move", last: at };
    } else {
      this.drag = { kind: "new", from: at };
    }
    this.draw();
  }

  on_move(event) {
    if (!this.drag || !event.isPrimary) return;
    const at = this.point(event);
    const { kind, from, last } = this.drag;
    const far = 6 / this.scale();
    if (kind === "new" && Math.hypot(at[0] - from[0], at[1] - from[1]) > far) {
      this.boxes.push(this.inside([...from, ...at]));
      this.chosen = this.boxes.length - 1;
      this.drag.kind = "draw";
    } else if (kind === "draw") {
      this.place(this.boxes[this.chosen], [...from, ...at]);
    } else if (kind === "move") {
      const [dx, dy] = [Math.round(at[0] - last[0]), Math.round(at[1] - last[1])];
      this.move(this.boxes[this.chosen], dx, dy);
      this.drag.last = [last[0] + dx, last[1] + dy];
    }
    this.draw();
  }

  on_up() {
    this.drag = null;
  }

  on_cancel() {
    this.drag = null;
  }

  // --- the picture

  scale() {
    return this.stage.getScreenCTM()?.a || 1;
  }

  zoom(by, about) {
    const [width, height] = this.item.size;
    const [x, y, w, h] = this.view;
    const [cx, cy] = about ?? (this.boxes[this.chosen] ? middle(this.boxes[this.chosen]) : [x + w / 2, y + h / 2]);
    const wide = clamp(w / by, 20, width), high = clamp(h / by, 20, height);
    const to = (c, from, was, now, length) => clamp(c - (c - from) * now / was, 0, length - now);
    this.view = [to(cx, x, w, wide, width), to(cy, y, h, high, height), wide, high];
    this.draw();
  }

  draw() {
    const { item, stage, digits } = this;
    stage.setAttribute("viewBox", this.view.join(" "));
    const [left, top, right, bottom] = item.display;
    const kinds = [["whole", 0, 0, ...item.size], ["display", left, top, right - left, bottom - top]];
    if (stage.dataset.of !== String(item.reading_id)) {
      stage.replaceChildren(...kinds.map(([kind, x, y, width, height]) => make("image", {
        href: `/photo/${item.reading_id}/${kind}?lang=${document.body.dataset.lang}`, x, y, width, height,
        preserveAspectRatio: "none",
      })));
      stage.dataset.of = item.reading_id;
      stage.append(make("g", {}));
    }
    const px = 1 / this.scale();
    const shapes = this.ordered().flatMap((box, i) => this.shapes(box, digits[i] ?? "?", px));
    stage.querySelector("g").replaceChildren(...shapes);
    this.tell();
  }

  shapes(box, label, px) {
    const [left, top, right, bottom] = box;
    const number = this.boxes.indexOf(box);
    const isChosen = number === this.chosen;
    const rect = make("rect", {
      class: isChosen ? "digit chosen" : "digit", x: left, y: top, width: right - left,
      height: bottom - top, "data-box": number, "data-label": label,
    });
    const size = Math.max(16 * px, Math.min(28 * px, (bottom - top) / 3));
    const text = make("text", { x: (left + right) / 2, y: Math.max(top - 4 * px, size), "font-size": size });
    text.textContent = label;
    if (!isChosen) return [rect, text];
    const corners = [[left, top], [right, top], [left, bottom], [right, bottom]];
    const handles = corners.flatMap(([cx, cy], i) => [
      make("circle", { class: "handle", cx, cy, r: 5 * px, "data-corner": i }),
      make("circle", { class: "reach", cx, cy, r: 14 * px, "data-corner": i }),
    ]);
    return [rect, text, ...handles];
  }

  tell() {
    const [digits, boxes] = [this.digits.length, this.boxes.length];
    const { words, section } = this;
    const title = words.boxes_title.replace("{digits}", digits).replace("{boxes}", boxes);
    section.querySelector("#boxes_title").textContent = title;
    const what = digits > boxes ? "boxes_more" : digits < boxes ? "boxes_fewer" : "boxes_right";
    section.querySelector("#boxes_what").textContent = words[what];
    section.querySelector("[data-do=save]").disabled = digits !== boxes;
    section.querySelector("[data-do=remove]").disabled = this.chosen < 0;
  }
}

function make(name, values) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(values)) element.setAttribute(key, value);
  return element;
}
