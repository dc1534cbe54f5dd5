import type { TailedEvent, TailMessage } from "../page-data.ts";
import { Failure, readEvents } from "./connection.ts";
import { el } from "./dom.ts";
import { keyAddress } from "./keys-view.ts";
import { type Column, empty, table, tableRow } from "./table.ts";
import { badge, count, time } from "./text.ts";

const KEPT = 200;
const ANNOUNCE_MILLISECONDS = 5_000;

const columns: readonly Column<TailedEvent>[] = [
  { name: "Time", cell: (event) => time(event.time, { seconds: true }) },
  { name: "Operation", cell: ({ operation, note }) => [operation, note && el("span", { class: "minor" }, note)] },
  { name: "Caller", cell: ({ caller }) => caller },
  { name: "Key", cell: ({ keyId }) => (keyId ? el("a", { href: keyAddress(keyId), class: "id" }, keyId) : "") },
  { name: "Outcome", cell: ({ outcome }) => badge(outcome) },
];

/** The audit log as it grows. Events that came while the view was away are there when it returns. */
export class AuditView {
  readonly element = el("div", { class: "audit" });
  readonly #report: (failure: Failure | undefined) => void;
  readonly #body: HTMLElement;
  readonly #place = el("div");
  readonly #table = table("Audit events, newest first", columns, []);
  readonly #status = el("p", { role: "status", class: "minor" });
  readonly #pause = el("button", { type: "button", "aria-pressed": "false" }, "Pause");
  readonly #refusals = el("input", { type: "checkbox", id: "refusals" });
  #events: TailedEvent[] = [];
  #waiting: TailedEvent[] = [];
  #missed = 0;
  #unannounced = 0;
  #last = 0;

  /** @param report gets what the stream fails of, and undefined once it is there again */
  constructor(report: (failure: Failure | undefined) => void) {
    this.#report = report;
    this.#body = this.#table.tBodies[0] as HTMLElement;
    this.#pause.addEventListener("click", () => this.#toggle());
    this.#refusals.addEventListener("change", () => this.#draw());
    const choice = el("label", { for: "refusals" }, this.#refusals, " Refusals only");
    this.element.append(el("div", { class: "tools" }, this.#pause, choice, this.#status), this.#place);
    this.#draw();
  }

  /** Follows the log until it is stopped, through every loss of the connection. */
  async follow(signal: AbortSignal): Promise<void> {
    const announcing = window.setInterval(() => this.#announce(), ANNOUNCE_MILLISECONDS);
    let pause = 500;
    while (!signal.aborted) {
      try {
        await readEvents(`events?after=${this.#last}`, {
          signal,
          begun: () => {
            pause = 500;
            this.#report(undefined);
          },
          receive: (data) => this.#receive(JSON.parse(data) as TailMessage),
        });
      } catch (error) {
        if (signal.aborted) break;
        this.#report(error instanceof Failure ? error : new Failure({ code: "Failed", message: String(error) }));
        pause = Math.min(10_000, pause * 2);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    clearInterval(announcing);
  }

  #receive({ events, missed }: TailMessage): void {
    const last = events.at(-1)?.id ?? this.#last;
    // The count begins again with the server.
    if (last < this.#last) this.#events = [];
    this.#last = last;
    this.#missed += missed;
    if (this.#isPaused) {
      this.#waiting = [...this.#waiting, ...events].slice(-KEPT);
      this.#status.textContent = `Paused: ${count(this.#waiting.length)} new`;
      return;
    }
    this.#unannounced += events.length;
    this.#add(events);
  }

  get #isPaused(): boolean {
    return this.#pause.getAttribute("aria-pressed") === "true";
  }

  #toggle(): void {
    const paused = !this.#isPaused;
    this.#pause.setAttribute("aria-pressed", String(paused));
    this.#status.textContent = paused ? "Paused" : "";
    if (paused) return;
    this.#add(this.#waiting);
    this.#waiting = [];
  }

  #add(events: readonly TailedEvent[]): void {
    this.#events = [...this.#events, ...events].slice(-KEPT);
    const fresh = this.#shown(events);
    if (this.#table.isConnected) this.#body.prepend(...fresh.map((event) => tableRow(columns, event)).reverse());
    else this.#draw();
    while (this.#body.childElementCount > KEPT) this.#body.lastElementChild?.remove();
  }

  #shown(events: readonly TailedEvent[]): readonly TailedEvent[] {
    return this.#refusals.checked ? events.filter(({ outcome }) => outcome !== "OK") : events;
  }

  #draw(): void {
    const shown = this.#shown(this.#events);
    this.#body.replaceChildren(...shown.map((event) => tableRow(columns, event)).reverse());
    const none = this.#refusals.checked ? "Nothing was refused lately." : "Nothing has happened yet.";
    this.#place.replaceChildren(
      shown.length > 0 ? this.#table : empty(none, "Events of this server appear here as they are written."),
    );
  }

  /** A screen reader hears how many events came, and not each of them. */
  #announce(): void {
    if (this.#isPaused) return;
    const lost = this.#missed === 0 ? "" : `, ${count(this.#missed)} too many to show`;
    this.#status.textContent = this.#unannounced === 0 ? "" : `${count(this.#unannounced)} new${lost}`;
    [this.#unannounced, this.#missed] = [0, 0];
  }
}
