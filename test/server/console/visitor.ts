import { request as httpRequest } from "node:http";

export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request with any headers, Host too, which `fetch` would not send. */
export function ask(url: string, { method = "GET", headers = {}, body }: Sent = {}): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    request.on("error", reject).end(body);
  });
}

/** What a browser holds after it followed the link of a console. */
export class Visitor {
  readonly base: string;
  readonly cookie: string;
  readonly key: string;

  private constructor(base: string, { cookie, key }: { cookie: string; key: string }) {
    this.base = base;
    this.cookie = cookie;
    this.key = key;
  }

  /** @param link as the server prints it */
  static async enter(link: string): Promise<Visitor> {
    const { base, seen } = await tryLink(link);
    if (seen.status !== 200) throw new Error(`${seen.status}: ${seen.text}`);
    const [cookie = ""] = String(seen.headers["set-cookie"]).split(";");
    return new Visitor(base, { cookie, key: (JSON.parse(seen.text) as { key: string }).key });
  }

  get headers(): Readonly<Record<string, string>> {
    return { cookie: this.cookie, "x-lanelock-console": this.key };
  }

  ask(path: string, sent: Sent = {}): Promise<Seen> {
    return ask(`${this.base}/api/${path}`, { ...sent, headers: { ...this.headers, ...sent.headers } });
  }

  async data<T>(path: string): Promise<T> {
    const { status, text } = await this.ask(path);
    if (status !== 200) throw new Error(`${status}: ${text}`);
    return JSON.parse(text) as T;
  }
}

export async function tryLink(link: string): Promise<{ base: string; seen: Seen }> {
  const [base = "", token = ""] = link.split("#");
  return { base, seen: await ask(`${base}/api/enter`, { method: "POST", body: token }) };
}
