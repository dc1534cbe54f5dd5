import { LanelockError } from "../../errors.ts";
import { clearInterval, setInterval, setTimeout, unref } from "../../shared/timers.ts";
import type { KmsContext } from "../core/kms-context.ts";
import { isRootChanging } from "./close-for-root-change.ts";

/** How often an idle process that writes an audit file looks at the state of the store, and how often one looks that waits. */
const LOOK_MILLISECONDS = 500;

/**
 * The part of this process in a change of the root key by another one. When it learns that the root key is about to be changed, it begins
 * no call any more, ends those that run, and gives up its audit file, all of whose lines are anchored then. So no line follows those that
 * the old root key vouches for. It goes on if the change is called off; otherwise it never can.
 */
export class RootChangePause {
  readonly #core: KmsContext;
  readonly #idle: () => Promise<void>;
  readonly #lookTimer: ReturnType<typeof setInterval> | undefined;
  #refusal: LanelockError | undefined;
  #looking: Promise<void> | undefined;
  #isClosed = false;
  #wake: (() => void) | undefined;
  #ended: Promise<void> = Promise.resolve();

  /** @param idle resolves when no call runs */
  constructor(core: KmsContext, idle: () => Promise<void>) {
    this.#core = core;
    this.#idle = idle;
    core.rows.watchClosing(() => this.#begin());
    // Calls look by themselves, but whoever changes the root key waits for every audit file, also for that of an idle process.
    if (core.audit.path === undefined) return;
    this.#lookTimer = setInterval(() => core.inBackground(this.look()), LOOK_MILLISECONDS);
    unref(this.#lookTimer);
  }

  /** What a call gets that would begin now; `undefined` if it may. */
  get refusal(): LanelockError | undefined {
    return this.#refusal;
  }

  #begin(): void {
    if (this.#refusal !== undefined) return;
    this.#refusal = new LanelockError(
      "ERR_STATE",
      "The root key of the store is being changed. Try again; once it is changed, open the KMS with the new one.",
    );
    this.#ended = this.#wait(this.#refusal).catch(() => undefined);
  }

  async #wait(refusal: LanelockError): Promise<void> {
    await this.#idle();
    await this.#core.backgroundEnded();
    for (let isPaused = false; !this.#isClosed; ) {
      // If the log cannot be written now, its file stays claimed, and the root key is not changed.
      isPaused ||= await succeeds(this.#core.audit.pause(refusal));
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        unref(setTimeout(resolve, LOOK_MILLISECONDS));
      });
      await this.look();
      if (this.#refusal !== refusal) return;
      // A large store takes longer than the mark is valid.
      if (this.#core.rows.isClosed || (await isRootChanging(this.#core))) continue;
      if (isPaused && !(await succeeds(this.#core.audit.resume()))) continue;
      this.#refusal = undefined;
      return;
    }
  }

  /** Looks at the state of the store, after which {@link refusal} is up to date. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    try {
      await this.#core.rows.generation();
    } catch (error) {
      // The root key is another one now. Other failures are for calls to find.
      if (!(error instanceof LanelockError && error.code === "ERR_KEY")) return;
      this.#refusal = error;
      clearInterval(this.#lookTimer);
    }
  }

  /** No call runs any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // A process that ends does not wait for a timer.
    this.#wake?.();
    clearInterval(this.#lookTimer);
    await this.#ended;
  }
}

function succeeds(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
