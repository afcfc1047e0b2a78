"use strict";
// What is asked of the server, and answers that are sent until they are saved.

const lang = document.body.dataset.lang;
const LONGEST_PAUSE = 15000;

export function token() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function keep(store, name, make) {
  try {
    if (!store.getItem(name)) store.setItem(name, make());
    return store.getItem(name);
  } catch {
    return make();
  }
}
export const holder = keep(sessionStorage, "holder", token);

export async function post(path, body) {
  const response = await fetch(`${path}?lang=${lang}`, {
    method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
  });
  if (response.status === 401) location.href = "/login";
  return { status: response.status, body: await response.json().catch(() => ({})) };
}

// A picture, ready to be drawn; else why there is none.
export async function picture(id, kind) {
  const image = new Image();
  image.alt = "";
  image.src = `/photo/${id}/${kind}?lang=${lang}`;
  try {
    await image.decode();
    return image;
  } catch {
    const why = document.createElement("p");
    const answer = await fetch(image.src).then((its) => its.json()).catch(() => ({}));
    why.textContent = answer.error ?? "?";
    return why;
  }
}

// Answers in their order; `told` hears of each that was refused or has a note, and of what waits.
export class Outbox {
  constructor(told) {
    this.answers = [];
    this.told = told;
    this.isSending = false;
  }

  async send(answer) {
    this.answers.push(answer);
    if (this.isSending) return;
    this.isSending = true;
    for (let pause = 500; this.answers.length; ) {
      const { status, body } = await post("/answer", this.answers[0]).catch(() => ({ status: 0, body: {} }));
      if (status === 0 || status >= 500) {
        this.told({ isStuck: true, why: body.error });
        await new Promise((resolve) => { setTimeout(resolve, pause); });
        pause = Math.min(2 * pause, LONGEST_PAUSE);
        continue;
      }
      pause = 500;
      this.answers.shift();
      this.told({ said: body.error ?? body.note });
    }
    this.isSending = false;
  }
}
