import { LanelockError } from "../../../errors.ts";
import { withDeadline } from "../../../shared/deadline.ts";
import { clearTimeout, setTimeout } from "../../../shared/timers.ts";

export interface PoolLimits {
  /** Sessions open at once. */
  readonly max: number;
  /** Callers that may wait for a session; the next one is refused. */
  readonly maxWaiting: number;
}

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface SessionSource<Session> {
  /** @throws what the token's call failed with; {@link isFull} says whether the token only has no session left */
  open(): Session;
  close(session: Session): void;
  isFull(error: unknown): boolean;
}

interface Waiter<Session> {
  readonly resolve: (session: Session) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Sessions, each for one operation at a time: opened when needed, at most `max`, handed out in the order of request. In a shared
 * session, two callers at once would get CKR_OPERATION_ACTIVE.
 */
export class SessionPool<Session> {
  readonly #source: SessionSource<Session>;
  readonly #limits: PoolLimits;
  readonly #idle: Session[] = [];
  readonly #waiting = new Set<Waiter<Session>>();
  #open = 0;
  #closed = false;
  /** Set while no session may be opened; see {@link holdBack}. */
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

  /** Callers that wait for a session. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** A session, or undefined if the caller would have to wait. */
  tryTake(): Session | undefined {
    if (this.#waiting.size > 0 || this.#closed) return undefined;
    return this.#idle.pop() ?? this.#openOne();
  }

  /** A session, in the caller's turn. Rejects with the signal's reason, or with `ERR_PROVIDER` after the time-out. */
  async take({ timeoutMs, signal }: WaitOptions): Promise<Session> {
    signal?.throwIfAborted();
    if (this.#closed) throw new LanelockError("ERR_STATE", "The token is closed.");
    const session = this.tryTake();
    if (session !== undefined) return session;
    if (this.#waiting.size >= this.#limits.maxWaiting) {
      throw new LanelockError(
        "ERR_PROVIDER",
        `All sessions are in use and ${this.#waiting.size} callers wait already: raise sessions.max or sessions.maxWaiting.`,
      );
    }
    return this.#wait({ timeoutMs, signal });
  }

  /** Returns a session that the next caller can use. */
  give(session: Session): void {
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next.resolve(session);
    } else if (this.#closed) {
      this.discard(session);
    } else {
      this.#idle.push(session);
      if (this.#inUse === 0) this.#resume();
    }
  }

  /** Ends a session that failed. The next caller gets a new one in its place. */
  discard(session: Session): void {
    this.#source.close(session);
    this.#open -= 1;
    if (this.#inUse === 0) this.#resume();
    this.#openForWaiting();
    if (this.#open === 0) this.#emptied?.();
  }

  /**
   * Opens no session until those in use have come back, or for `timeoutMs`. A token that lost its sessions may reuse their numbers
   * (SoftHSM does), and a call still running in one of them would end another caller's operation, under another key.
   */
  holdBack(timeoutMs: number): void {
    if (this.#inUse === 0 || this.#heldBack) return;
    this.#heldBack = setTimeout(() => {
      this.#resume();
      this.#openForWaiting();
    }, timeoutMs);
  }

  #resume(): void {
    clearTimeout(this.#heldBack);
    this.#heldBack = undefined;
  }

  get #inUse(): number {
    return this.#open - this.#idle.length;
  }

  /** Like {@link discard}, but ends the last session only after the next is open, because the login would end with it. */
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

  /** Ends the idle sessions that are lost. Sessions in use end when they come back. */
  discardIdle(isLost: (session: Session) => boolean): void {
    for (const session of this.#idle.splice(0)) {
      if (isLost(session)) this.discard(session);
      else this.#idle.push(session);
    }
  }

  /** Rejects new and waiting callers. Resolves when the last session in use has come back, or after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    this.#resume();
    for (const waiter of this.#waiting) waiter.reject(new LanelockError("ERR_STATE", "The token is closed."));
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
      // The next caller gets the reason.
      return undefined;
    }
  }

  /** A new session, if neither the limit here nor the token's is reached. */
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

  /** Opens sessions for waiting callers, who get them or the reason why none can be opened. */
  #openForWaiting(): void {
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
      // If its session came in the same moment, the next caller gets it.
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
