import type { Socket } from "node:net";

export interface ConnectionLimits {
  /** Connections open at once. */
  readonly max: number;
  /** Of these, connections from one IPv4 address or one IPv6 network of 64 bits. */
  readonly maxPerAddress: number;
}

interface Connection {
  readonly socket: Socket;
  readonly network: string;
}

/**
 * The open connections of a server, limited in all and for each address. A connection is a stranger's until a request on it has
 * authenticated its client. When a limit is reached, the newcomer takes the place of the oldest stranger; it is
 * refused only if every connection belongs to a client. So silent connections keep nobody out.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  /** By address and port of the peer, the oldest first. */
  readonly #strangers = new Map<string, Connection>();
  readonly #clients = new Map<string, Connection>();
  readonly #perNetwork = new Map<string, number>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get open(): number {
    return this.#strangers.size + this.#clients.size;
  }

  /** Takes a new connection in, or destroys it. */
  admit(socket: Socket): void {
    const peer = peerOf(socket);
    const network = networkOf(socket.remoteAddress ?? "");
    if (!this.#makePlace(network)) {
      socket.destroy();
      return;
    }
    const connection: Connection = { socket, network };
    this.#strangers.set(peer, connection);
    this.#perNetwork.set(network, (this.#perNetwork.get(network) ?? 0) + 1);
    socket.once("close", () => this.#forget(peer, connection));
  }

  /** @param socket the one that `admit` got, or the TLS socket over it; a request on it has authenticated its client */
  trust(socket: Socket): void {
    const peer = peerOf(socket);
    const connection = this.#strangers.get(peer);
    if (!connection) return;
    this.#strangers.delete(peer);
    this.#clients.set(peer, connection);
  }

  #makePlace(network: string): boolean {
    const ofNetwork = this.#perNetwork.get(network) ?? 0;
    if (ofNetwork >= this.#limits.maxPerAddress) return this.#dropStranger((other) => other.network === network);
    return this.open < this.#limits.max || this.#dropStranger(() => true);
  }

  /** Ends the oldest stranger's connection that matches; false if there is none. */
  #dropStranger(fits: (connection: Connection) => boolean): boolean {
    for (const [peer, connection] of this.#strangers) {
      if (!fits(connection)) continue;
      // Its place is free now, not when the socket has closed.
      this.#forget(peer, connection);
      connection.socket.destroy();
      return true;
    }
    return false;
  }

  #forget(peer: string, connection: Connection): void {
    const home = [this.#strangers, this.#clients].find((connections) => connections.get(peer) === connection);
    if (!home) return;
    home.delete(peer);
    const { network } = connection;
    const left = (this.#perNetwork.get(network) ?? 1) - 1;
    if (left > 0) this.#perNetwork.set(network, left);
    else this.#perNetwork.delete(network);
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Maps an address to its group. One client can have many addresses of an IPv6 network of 64 bits, so they count as one. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(":")) return mapped ?? address;
  const [head = "", tail = ""] = address.replace(/%.*/, "").split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const zeros = 8 - groups(head).length - groups(tail).length;
  return [...groups(head), ...Array.from({ length: Math.max(zeros, 0) }, () => "0"), ...groups(tail)]
    .slice(0, 4)
    .join(":");
}
