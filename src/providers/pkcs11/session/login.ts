import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { LanelockError } from "../../../errors.ts";
import { CKF, CKS_RW_USER_FUNCTIONS, CKU_USER } from "./constants.ts";
import type { Cryptoki, Handle } from "./cryptoki.ts";
import type { FoundToken } from "./slots.ts";
import { calling, failedWith } from "./token-error.ts";

/** Errors of C_Login after which the same PIN is not sent again: another wrong one could lock the token. */
const refusals = [
  "CKR_PIN_INCORRECT",
  "CKR_PIN_INVALID",
  "CKR_PIN_LEN_RANGE",
  "CKR_PIN_EXPIRED",
  "CKR_PIN_LOCKED",
  "CKR_USER_PIN_NOT_INITIALIZED",
];

const processKey = randomBytes(32);
/** Digests of the PINs this process is logged in with, by module and token. */
const accepted = new Map<string, Buffer>();

/** The user's login to one token. It applies to all sessions of the process and ends with the last of them. */
export class Login {
  readonly #api: Cryptoki;
  readonly #place: string;
  readonly #pin: string;
  #refusal: LanelockError | undefined;

  /** @param place names module and token, alike for every provider that uses them */
  constructor(api: Cryptoki, { place, pin }: { place: string; pin: string }) {
    this.#api = api;
    this.#place = place;
    this.#pin = pin;
  }

  /** Whether the token has refused the PIN. It is not sent again. */
  get refused(): boolean {
    return this.#refusal !== undefined;
  }

  /**
   * Logs in unless the process is logged in. After a `new` login, earlier object handles may be void.
   *
   * @throws LanelockError `ERR_PROVIDER` when the PIN is refused
   */
  ensure(session: Handle, token: FoundToken): "held" | "new" {
    if (this.#refusal) throw this.#refusal;
    const { state } = calling("C_GetSessionInfo", () => this.#api.C_GetSessionInfo(session));
    if (state === CKS_RW_USER_FUNCTIONS) {
      this.#compareWithAccepted(token);
      return "held";
    }
    this.#refuseLastTry(token);
    try {
      calling("C_Login", () => this.#api.C_Login(session, CKU_USER, this.#pin));
    } catch (error) {
      if (failedWith(error, "CKR_USER_ALREADY_LOGGED_IN")) return "held";
      if (!failedWith(error, ...refusals)) throw error;
      throw this.#refuse(`The token ${token.name} refused the PIN`, error);
    }
    accepted.set(this.#place, this.#digest());
    return "new";
  }

  /** A login belongs to the process, not to the caller: without this check, any PIN would be accepted after one right one. */
  #compareWithAccepted(token: FoundToken): void {
    const right = accepted.get(this.#place);
    if (right && !timingSafeEqual(right, this.#digest())) {
      throw this.#refuse(`This process is logged in to the token ${token.name} with another PIN`, undefined);
    }
  }

  #refuseLastTry(token: FoundToken): void {
    const { flags } = calling("C_GetTokenInfo", () => this.#api.C_GetTokenInfo(token.slot));
    if ((flags & CKF.USER_PIN_LOCKED) !== 0) {
      throw this.#refuse(
        `The PIN of the token ${token.name} is locked; its security officer can set a new one`,
        undefined,
      );
    }
    if ((flags & CKF.USER_PIN_FINAL_TRY) !== 0) {
      throw this.#refuse(
        `The token ${token.name} locks its PIN at the next wrong one. Log in once with another tool to show that the PIN is right`,
        undefined,
      );
    }
  }

  #refuse(what: string, cause: unknown): LanelockError {
    const message = `${what}. It is not sent again until the token is opened again.`;
    this.#refusal = new LanelockError("ERR_PROVIDER", message, { cause });
    return this.#refusal;
  }

  #digest(): Buffer {
    return createHmac("sha256", processKey).update(this.#pin).digest();
  }
}
