import type { Reply, Request } from "./messages.ts";

/** The page's side of the worker: replies go to the file they are about. */
export class FilesClient {
  readonly #worker: Worker;
  readonly #listeners = new Map<number, (reply: Reply) => void>();

  /** @param onBroken called when the worker could not start, or its code failed */
  constructor(worker: Worker, onBroken: () => void) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => this.#listeners.get(data.id)?.(data));
    worker.addEventListener("error", onBroken);
  }

  listen(id: number, listener: (reply: Reply) => void): void {
    this.#listeners.set(id, listener);
  }

  ask(request: Request): void {
    this.#worker.postMessage(request);
    if (request.kind === "forget") this.#listeners.delete(request.id);
  }
}
