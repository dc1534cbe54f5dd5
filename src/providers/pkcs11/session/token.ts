import { LanelockError } from "../../../errors.ts";
import { type Deadline, withDeadline } from "../../../shared/deadline.ts";
import { Mutex } from "../../../shared/locks/mutex.ts";
import { messageOf } from "../../../shared/thrown.ts";
import type { TokenOptions, TokenSelector } from "./connection-options.ts";
import { CKF } from "./constants.ts";
import type { Cryptoki, Handle, MechanismInfo } from "./cryptoki.ts";
import { Login } from "./login.ts";
import { Pkcs11Module } from "./module.ts";
import { Pace } from "./pace.ts";
import { readPin } from "./pin.ts";
import { SessionPool, type WaitOptions } from "./session-pool.ts";
import { type FoundToken, findToken } from "./slots.ts";
import { calling, failedWith, providerError, remedyFor, TokenError } from "./token-error.ts";

/** An open session, with the epoch of the module in which it was opened. */
export interface Session {
  readonly handle: Handle;
  readonly epoch: number;
  /** The token does not know the session. Its number may name another one by now, so it is not closed. */
  lost: boolean;
}

/** Attempts to begin an operation, while what was lost can be restored. */
export const maxAttempts = 3;
const locksOfTokens = new Map<string, Mutex>();

/** One token with its login and its sessions. It restores sessions, logins and slots that were lost. */
export class Token {
  readonly timeoutMs: number;
  readonly pace = new Pace();
  readonly module: Pkcs11Module;
  /** Names module and token, alike for everything in this process that uses them. */
  readonly place: string;
  /** Held by searches and creations of objects on this token, in this process. */
  readonly #objectLock: Mutex;
  readonly mechanisms: ReadonlyMap<number, MechanismInfo>;
  /** Grows each time object handles may have become void. */
  generation = 0;
  /** Set when the token has refused CKA_ALLOWED_MECHANISMS. */
  cannotRestrict = false;
  readonly #selector: TokenSelector;
  readonly #login: Login;
  readonly #pool: SessionPool<Session>;
  #found: FoundToken;

  private constructor(module: Pkcs11Module, options: Omit<TokenOptions, "pin"> & { pin: string }) {
    this.module = module;
    this.#selector = options.token;
    this.#found = findToken(module.api, options.token);
    this.timeoutMs = options.sessions?.timeoutMs ?? 30_000;
    this.place = `${module.path}\0${this.#found.serial}`;
    this.#objectLock = locksOfTokens.get(this.place) ?? new Mutex();
    locksOfTokens.set(this.place, this.#objectLock);
    this.#login = new Login(module.api, { place: this.place, pin: options.pin });
    this.mechanisms = readMechanisms(module.api, this.#found.slot);
    this.#pool = new SessionPool<Session>(
      {
        open: () => this.#openSession(),
        close: (session) => this.#closeSession(session),
        isFull: (error) => failedWith(error, "CKR_SESSION_COUNT"),
      },
      { max: options.sessions?.max ?? 8, maxWaiting: options.sessions?.maxWaiting ?? Number.POSITIVE_INFINITY },
    );
  }

  /** Loads the module, finds the token and logs in, so that wrong options show now. */
  static async open(options: TokenOptions): Promise<Token> {
    const pin = await readPin(options.pin);
    const module = await Pkcs11Module.load(options);
    try {
      const token = new Token(module, { ...options, pin });
      token.give(await token.take({ timeoutMs: token.timeoutMs }));
      return token;
    } catch (error) {
      throw providerError(options.module, error);
    }
  }

  /** `SoftHSM v2 "t1" (serial 321d18f1b61d4a9c)` */
  get name(): string {
    return this.#found.name;
  }

  get api(): Cryptoki {
    return this.module.api;
  }

  get openSessions(): number {
    return this.#pool.open;
  }

  get waitingCallers(): number {
    return this.#pool.waiting;
  }

  tryTake(): Session | undefined {
    for (;;) {
      const session = this.#pool.tryTake();
      if (session === undefined || session.epoch === this.module.epoch) return session;
      this.#pool.discard(session);
    }
  }

  async take(wait: WaitOptions): Promise<Session> {
    for (;;) {
      const session = await this.#pool.take(wait);
      if (session.epoch === this.module.epoch) return session;
      this.#pool.discard(session);
    }
  }

  /**
   * Runs searches for objects and creations one at a time on each token. SoftHSM 2.6.1 fails with CKR_GENERAL_ERROR when a token
   * object is written while another session of the process searches. The deadline applies to the wait; work that has begun goes on.
   */
  withObjects<T>(deadline: Omit<Deadline, "what">, work: () => T | Promise<T>): Promise<T> {
    const what = "The token's objects were not free";
    return this.#objectLock.run(work, (turn) => withDeadline({ ...deadline, what }, turn));
  }

  /** Returns a session after an operation that succeeded. */
  give(session: Session): void {
    if (session.epoch === this.module.epoch) this.#pool.give(session);
    else this.#pool.discard(session);
  }

  /**
   * Ends a session whose operation failed with `error`, because its state is unknown. If the error means that the token lost its
   * sessions, all of them end.
   */
  discard(session: Session, error?: unknown): void {
    const remedy = remedyFor(error);
    if (remedy === "none" || remedy === "operation" || remedy === "handle") {
      this.#pool.replace(session);
      return;
    }
    session.lost = remedy === "session" || remedy === "module";
    this.#forgetSessions(session.lost);
    this.#pool.discard(session);
  }

  /** Waits for running calls, at most `timeoutMs`, and ends all sessions. Keys stay on the token. */
  async close(): Promise<void> {
    await this.#pool.close(this.timeoutMs);
  }

  /**
   * Restores what a failed call shows to be lost, so that another attempt can succeed. The session goes back to the pool or ends.
   *
   * @returns whether another attempt may succeed
   * @throws when what is lost cannot be restored now
   */
  recover(error: unknown, session: Session): boolean {
    const remedy = remedyFor(error);
    if (remedy === "handle" || remedy === "login") {
      this.#loginAgain(session);
      return true;
    }
    this.discard(session, error);
    if (remedy === "module") this.module.initialize();
    if (remedy === "module" || remedy === "token") this.#relocate(error);
    return remedy !== "none";
  }

  /** Ends the idle sessions, or only those that the token does not know. Opens none while older calls are running. */
  #forgetSessions(onlyLost: boolean): void {
    this.generation += 1;
    this.#pool.holdBack(this.timeoutMs);
    this.#pool.discardIdle((idle) => {
      idle.lost = onlyLost && !this.#isOpen(idle);
      return !onlyLost || idle.lost;
    });
  }

  /**
   * Runs `work` in a session. After a failure that restored something, `work` runs again, so it must be repeatable; handles from
   * outside it may be void in the second run.
   */
  async withSession<T>(wait: WaitOptions, work: (session: Session) => T | Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const session = await this.take(wait);
      try {
        const result = await work(session);
        this.give(session);
        return result;
      } catch (error) {
        if (attempt === maxAttempts) this.discard(session, error);
        if (attempt === maxAttempts || !this.recover(error, session)) throw error;
      }
    }
  }

  /** Whether the token answers from its slot. If not, it is searched for: returns false if it was found, throws if not. */
  isPresent(): boolean {
    try {
      const { serialNumber } = calling("C_GetTokenInfo", () => this.api.C_GetTokenInfo(this.#found.slot));
      if (serialNumber === this.#found.info.serialNumber) return true;
      throw new TokenError("CKR_TOKEN_NOT_PRESENT", "C_GetTokenInfo (another token is in the slot)");
    } catch (error) {
      this.#forgetSessions(false);
      this.#relocate(error);
      return false;
    }
  }

  #loginAgain(session: Session): void {
    try {
      if (this.#login.ensure(session.handle, this.#found) === "new") this.generation += 1;
      this.#pool.give(session);
    } catch (error) {
      this.generation += 1;
      this.discard(session, error);
      if (this.#login.refused) throw error;
    }
  }

  /**
   * Finds the token again, in any slot, restarting the module if nothing else helps.
   *
   * @param cause the failure that led here; the cause of the error if the token is not there
   */
  #relocate(cause: unknown): void {
    this.generation += 1;
    try {
      this.#found = this.#findAgain();
    } catch (error) {
      const reason = messageOf(error).replace(/\.?$/, ".");
      const message = `The token ${this.name} is lost: ${reason} The next call looks for it again.`;
      throw new LanelockError("ERR_PROVIDER", message, { cause });
    }
  }

  #findAgain(): FoundToken {
    try {
      return findToken(this.api, this.#selector);
    } catch (error) {
      if (!this.module.initialize() && !this.module.restart()) throw error;
      return findToken(this.api, this.#selector);
    }
  }

  #isOpen(session: Session): boolean {
    if (session.epoch !== this.module.epoch) return false;
    try {
      this.api.C_GetSessionInfo(session.handle);
      return true;
    } catch {
      return false;
    }
  }

  #openSession(): Session {
    try {
      return this.#connect();
    } catch (error) {
      // The reason is unknown, so search for the token; but a refused PIN is final, and a full token is only full.
      if (this.#login.refused || failedWith(error, "CKR_SESSION_COUNT")) throw error;
      this.#relocate(error);
      return this.#connect();
    }
  }

  #connect(): Session {
    const { api, epoch } = this.module;
    const flags = CKF.SERIAL_SESSION | CKF.RW_SESSION;
    const handle = calling("C_OpenSession", () => api.C_OpenSession(this.#found.slot, flags));
    try {
      // On some tokens objects have new numbers after a login.
      if (this.#login.ensure(handle, this.#found) === "new") this.generation += 1;
    } catch (error) {
      this.#closeSession({ handle, epoch, lost: false });
      throw error;
    }
    return { handle, epoch, lost: false };
  }

  #closeSession(session: Session): void {
    // After a restart of the module, the number may be another's session.
    if (session.lost || session.epoch !== this.module.epoch) return;
    try {
      this.api.C_CloseSession(session.handle);
    } catch {
      // It is gone already, which is why it is closed.
    }
  }
}

function readMechanisms(api: Cryptoki, slot: Handle): Map<number, MechanismInfo> {
  const list = calling("C_GetMechanismList", () => api.C_GetMechanismList(slot));
  return new Map(
    list.map((mechanism) => [mechanism, calling("C_GetMechanismInfo", () => api.C_GetMechanismInfo(slot, mechanism))]),
  );
}
