import { realpathSync } from "node:fs";
import { LanelockError } from "../../../errors.ts";
import { messageOf } from "../../../shared/error-code.ts";
import { performance } from "../../../shared/timers.ts";
import type { ModuleOptions } from "./connection-options.ts";
import { CKF } from "./constants.ts";
import type { Cryptoki } from "./cryptoki.ts";
import { calling, failedWith } from "./token-error.ts";

/** One restart at most in this time: a token that stays away must not keep the module busy. */
const restartIntervalMs = 1000;

/** Loaded modules by path, as long as the process lives: a second C_Initialize is an error, and an early dlclose a crash. */
const loaded = new Map<string, Pkcs11Module>();

/** A PKCS#11 library, loaded and initialized once in this process, for any number of tokens and providers. */
export class Pkcs11Module {
  readonly path: string;
  readonly api: Cryptoki;
  /** Grows when the module is initialized anew; handles from before then belong to nobody, or worse, to somebody else. */
  epoch = 0;
  readonly #libraryParameters: string | undefined;
  #initializedHere = false;
  /** Until one of those who use the module says that it must not be. */
  #mayRestart = true;
  #running = 0;
  #restartedAt = Number.NEGATIVE_INFINITY;

  private constructor(api: Cryptoki, options: ModuleOptions) {
    this.api = api;
    this.path = options.module;
    this.#libraryParameters = options.libraryParameters;
  }

  /**
   * @throws LanelockError `ERR_DEPENDENCY` when pkcs11js is not installed, `ERR_PROVIDER` when the library cannot be loaded or
   * initialized, `ERR_ARGUMENT` when it runs already with other `libraryParameters`.
   */
  static async load(options: ModuleOptions): Promise<Pkcs11Module> {
    const binding = await importBinding();
    const key = identity(options.module);
    let module = loaded.get(key);
    if (module && module.#libraryParameters !== options.libraryParameters) {
      throw new LanelockError(
        "ERR_ARGUMENT",
        `The PKCS#11 module ${options.module} already runs in this process with other libraryParameters; use the same.`,
      );
    }
    if (!module) {
      module = new Pkcs11Module(loadLibrary(binding, options.module), options);
      module.initialize();
      loaded.set(key, module);
    } else {
      module.initialize();
    }
    if (options.reinitialize === false) module.#mayRestart = false;
    return module;
  }

  /**
   * Initializes the module unless it is initialized: other code of the process may have finalized it. With CKF_OS_LOCKING_OK,
   * without which the thread pool's concurrent calls crash the process.
   *
   * @returns whether the module had to be initialized
   * @throws LanelockError `ERR_PROVIDER`
   */
  initialize(): boolean {
    // pkcs11js 2.1 cuts the last character off: it counts the terminator twice.
    const parameters =
      this.#libraryParameters === undefined ? {} : { libraryParameters: `${this.#libraryParameters} ` };
    try {
      calling("C_Initialize", () => this.api.C_Initialize({ flags: CKF.OS_LOCKING_OK, ...parameters }));
      this.#initializedHere = true;
      this.epoch += 1;
      return true;
    } catch (error) {
      if (failedWith(error, "CKR_CRYPTOKI_ALREADY_INITIALIZED")) return false;
      const hint = this.#libraryParameters === undefined ? " NSS softokn needs libraryParameters." : "";
      throw new LanelockError(
        "ERR_PROVIDER",
        `The PKCS#11 module ${this.path} cannot be initialized: ${messageOf(error)}.${hint}`,
        { cause: error },
      );
    }
  }

  /** Counts a call in the thread pool: the module is not restarted under it. */
  async running<T>(call: Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await call;
    } finally {
      this.#running -= 1;
    }
  }

  /** Finalizes and initializes the module, if that is ours to do and nothing runs in it. Tells whether it did. */
  restart(): boolean {
    const now = performance.now();
    const isOurs = this.#initializedHere && this.#mayRestart;
    if (!isOurs || this.#running > 0 || now - this.#restartedAt < restartIntervalMs) return false;
    this.#restartedAt = now;
    try {
      calling("C_Finalize", () => this.api.C_Finalize());
    } catch (error) {
      if (!failedWith(error, "CKR_CRYPTOKI_NOT_INITIALIZED")) throw error;
    }
    this.initialize();
    return true;
  }
}

type Binding = typeof import("pkcs11js");

async function importBinding(): Promise<Binding> {
  try {
    return (await import("pkcs11js")).default;
  } catch (cause) {
    const advice = messageOf(cause).includes("pkcs11.node")
      ? "The package pkcs11js is installed but its native part is not built; run: npm rebuild pkcs11js"
      : "PKCS#11 tokens need the package pkcs11js; run: npm install pkcs11js";
    throw new LanelockError("ERR_DEPENDENCY", advice, { cause });
  }
}

function loadLibrary(binding: Binding, path: string): Cryptoki {
  try {
    const api = new binding.PKCS11();
    api.load(path);
    return api;
  } catch (cause) {
    const message = `The PKCS#11 module ${path} cannot be loaded: ${messageOf(cause)}.`;
    throw new LanelockError("ERR_PROVIDER", `${message} Check the path, and that it is built for ${process.arch}.`, {
      cause,
    });
  }
}

/** One library under two names is initialized once. A bare name is looked up by the system and has no path here. */
function identity(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
