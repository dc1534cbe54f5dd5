import { realpathSync } from "node:fs";
import { LanelockError } from "../../../errors.ts";
import { messageOf } from "../../../shared/thrown.ts";
import { performance } from "../../../shared/timers.ts";
import type { ModuleOptions } from "./connection-options.ts";
import { CKF } from "./constants.ts";
import type { Cryptoki } from "./cryptoki.ts";
import { calling, failedWith } from "./token-error.ts";

/** At most one restart in this time, in ms: a token that stays away must not keep the module busy. */
const restartIntervalMs = 1000;

/** Loaded modules by path. They stay for the life of the process: unloading one under a running call would crash it. */
const loaded = new Map<string, Pkcs11Module>();

/** A PKCS#11 library, loaded and initialized once in this process, for any number of tokens and providers. */
export class Pkcs11Module {
  readonly path: string;
  readonly api: Cryptoki;
  /** Grows each time the module is initialized. Handles from before are void, or name something else by now. */
  epoch = 0;
  readonly #libraryParameters: string | undefined;
  #initializedHere = false;
  /** False as soon as one user of the module forbids it. */
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
        `The PKCS#11 module ${options.module} already runs in this process with other libraryParameters: use the same ones.`,
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

  /** Counts a call in the thread pool, so that the module is not restarted while it runs. */
  async running<T>(call: Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await call;
    } finally {
      this.#running -= 1;
    }
  }

  /** Finalizes and initializes the module, if it was initialized here and no call runs in it. @returns whether it did */
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

/** The same for every name of a library, so that it is initialized once. The system looks bare names up; they have no path here. */
function identity(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
