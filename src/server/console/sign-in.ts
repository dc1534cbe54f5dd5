import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { type RateLimit, RateLimiter } from "../http/rate-limit.ts";

const LINK_MILLISECONDS = 3_600_000;
const VISIT_MILLISECONDS = 12 * 3_600_000;
/** The oldest gives way to one more. */
const MAX_LINKS = 8;
const MAX_VISITS = 16;
/** Wrong links that are answered one by one: ten, and one more every five seconds. */
const WRONG_LINKS: RateLimit = { perSecond: 0.2, burst: 10 };

/** What lets a browser in: the cookie, which goes to every port of the host, and the key, which only the console's own page can read. */
export interface Visit {
  readonly cookie: string;
  readonly key: string;
}

interface Known {
  readonly keyDigest: Buffer;
  readonly until: number;
}

/** One-time links, and the visits that they began. Both live in memory, as digests. */
export class SignIn {
  readonly #now: () => number;
  readonly #links = new Map<string, number>();
  readonly #visits = new Map<string, Known>();
  readonly #wrong = new RateLimiter(WRONG_LINKS);

  /** @param now a clock that only grows, in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A token of 256 random bits for one visit that begins within an hour. */
  newToken(): string {
    const token = random();
    put(this.#links, { digest: digest(token), value: this.#now() + LINK_MILLISECONDS, most: MAX_LINKS });
    return token;
  }

  /** Begins a visit. The token is of no use afterwards. */
  enter(token: string): Visit | undefined {
    const name = digest(token);
    const until = this.#links.get(name);
    this.#links.delete(name);
    if (until === undefined || until < this.#now()) return undefined;
    const visit = { cookie: random(), key: random() };
    const known = { keyDigest: sha256(visit.key), until: this.#now() + VISIT_MILLISECONDS };
    put(this.#visits, { digest: digest(visit.cookie), value: known, most: MAX_VISITS });
    return visit;
  }

  /**
   * Whether one more wrong link may cost what a refusal costs: a line of the audit log, which any program of this machine could fill
   * otherwise. A right link is never counted, so that nobody can lock the operator out.
   */
  admitsWrongLink(): boolean {
    return this.#wrong.admits("", this.#now());
  }

  isIn({ cookie, key }: Visit): boolean {
    const known = this.#visits.get(digest(cookie));
    return known !== undefined && known.until >= this.#now() && timingSafeEqual(known.keyDigest, sha256(key));
  }

  leave({ cookie }: Visit): void {
    this.#visits.delete(digest(cookie));
  }
}

function put<T>(map: Map<string, T>, { digest, value, most }: { digest: string; value: T; most: number }): void {
  map.set(digest, value);
  for (const oldest of map.keys()) if (map.size > most) map.delete(oldest);
}

function random(): string {
  return randomBytes(32).toString("base64url");
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The lookup by a digest takes a time that says nothing about the text. */
function digest(text: string): string {
  return sha256(text).toString("hex");
}
