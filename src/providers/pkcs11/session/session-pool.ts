import { LanelockError } from "../../../errors.ts";
import { withDeadline } from "../../../shared/deadline.ts";
import { clearTimeout, setTimeout } from "../../../shared/timers.ts";

export interface PoolLimits {
  /** Sessions open at once. */
  readonly max: number;
  /** Callers that may wait for one; the next is refused. */
  readonly maxWaiting: number;
}

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface SessionSource<Session> {
  /** @throws whatever a token answers; {@link isFull} tells whether it only has no room for one more. */
  open(): Session;
  close(session: Session): void;
  isFull(error: unknown): boolean;
}

interface Waiter<Session> {
  readonly resolve: (session: Session) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Sessions for one operation at a time each: opened when needed, at most `max`, handed out in the order of asking. One shared
 * session would fail with CKR_OPERATION_ACTIVE as soon as two callers met.
 */
export class SessionPool<Session> {
  readonly #source: SessionSource<Session>;
  readonly #limits: PoolLimits;
  readonly #idle: Session[] = [];
  readonly #waiting = new Set<Waiter<Session>>();
  #open = 0;
  #closed = false;
  /** Set while no session is opened; see {@link holdBack}. */
  #heldBack: NodeJS.Timeout | undefined;
  #emptied: (() => void) | undefined;

  constructor(source: SessionSource<Session>, limits: PoolLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  /** Sessions open now, idle or in use. */
  get open(): number {
    return this.#open;
  }

  /** A session at once, or undefined when the caller would have to wait. */
  tryTake(): Session | undefined {
    if (this.#waiting.size > 0 || this.#closed) return undefined;
    return this.#idle.pop() ?? this.#openOne();
  }

  /** A session, when it is this caller's turn. Rejects with the signal's reason, or with `ERR_PROVIDER` after the time-out. */
  async take({ timeoutMs, signal }: WaitOptions): Promise<Session> {
    signal?.throwIfAborted();
    if (this.#closed) throw new LanelockError("ERR_STATE", "The token was closed.");
    const session = this.tryTake();
    if (session !== undefined) return session;
    if (this.#waiting.size >= this.#limits.maxWaiting) {
      throw new LanelockError(
        "ERR_PROVIDER",
        `All sessions are in use and ${this.#waiting.size} callers wait already.`,
      );
    }
    return this.#wait({ timeoutMs, signal });
  }

  /** Returns a session that is fit for the next caller. */
  give(session: Session): void {
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next.resolve(session);
    } else if (this.#closed) {
      this.discard(session);
    } else {
      this.#idle.push(session);
      if (this.#inUse === 0) this.#goOn();
    }
  }

  /** Ends a session that failed; its place goes to the next caller, who gets a new one. */
  discard(session: Session): void {
    this.#source.close(session);
    this.#open -= 1;
    if (this.#inUse === 0) this.#goOn();
    this.#serve();
    if (this.#open === 0) this.#emptied?.();
  }

  /**
   * Opens no session until those in use have come back, or for `timeoutMs`. After a token has lost its sessions it may give
   * their numbers out again (SoftHSM does), and a call still under way in one of them would end another caller's operation,
   * under another key.
   */
  holdBack(timeoutMs: number): void {
    if (this.#inUse === 0 || this.#heldBack) return;
    this.#heldBack = setTimeout(() => {
      this.#goOn();
      this.#serve();
    }, timeoutMs);
  }

  #goOn(): void {
    clearTimeout(this.#heldBack);
    this.#heldBack = undefined;
  }

  get #inUse(): number {
    return this.#open - this.#idle.length;
  }

  /** The same, but the last session is ended only when the next is open, because the login would end with it. */
  replace(session: Session): void {
    const isLast = this.#open === 1 && !this.#closed && !this.#heldBack;
    const next = isLast ? this.#tryOpen() : undefined;
    if (next === undefined) {
      this.discard(session);
    } else {
      this.#source.close(session);
      this.give(next);
    }
  }

  /** Ends the idle sessions that are lost. Those in use end when they come back. */
  discardIdle(isLost: (session: Session) => boolean): void {
    for (const session of this.#idle.splice(0)) {
      if (isLost(session)) this.discard(session);
      else this.#idle.push(session);
    }
  }

  /** Refuses new callers, rejects the waiting and resolves when the last session in use has come back, or after the time. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    this.#goOn();
    for (const waiter of this.#waiting) waiter.reject(new LanelockError("ERR_STATE", "The token was closed."));
    this.#waiting.clear();
    this.discardIdle(() => true);
    if (this.#open === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#emptied = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #tryOpen(): Session | undefined {
    try {
      return this.#source.open();
    } catch {
      // The next caller hears why.
      return undefined;
    }
  }

  /** A new session, if there is room for one here and in the token. */
  #openOne(): Session | undefined {
    if (this.#open >= this.#limits.max || this.#heldBack) return undefined;
    this.#open += 1;
    try {
      return this.#source.open();
    } catch (error) {
      this.#open -= 1;
      if (this.#open > 0 && this.#source.isFull(error)) return undefined;
      throw error;
    }
  }

  /** Places became free: each waiting caller gets a session, or the reason why none can be opened. */
  #serve(): void {
    for (const waiter of this.#waiting) {
      try {
        const session = this.#openOne();
        if (session === undefined) return;
        this.#waiting.delete(waiter);
        waiter.resolve(session);
      } catch (error) {
        this.#waiting.delete(waiter);
        waiter.reject(error);
      }
    }
  }

  async #wait({ timeoutMs, signal }: WaitOptions): Promise<Session> {
    const { promise: turn, ...waiter } = withResolvers<Session>();
    this.#waiting.add(waiter);
    try {
      return await withDeadline({ timeoutMs, signal, what: "No session of the token became free" }, turn);
    } catch (reason) {
      // A caller that gave up in the very moment its session came passes it on.
      if (!this.#waiting.delete(waiter)) turn.then(this.give.bind(this), () => undefined);
      throw reason;
    }
  }
}

/** As Promise.withResolvers, which Node 20 lacks. */
function withResolvers<T>(): Waiter<T> & { promise: Promise<T> } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
