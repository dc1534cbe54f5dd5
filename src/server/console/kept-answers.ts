const MOST = 32;

/** Answers of one generation of the store. Pages ask again and again, and reading thousands of keys takes a store a while. */
export class KeptAnswers<T> {
  #generation: number | undefined;
  readonly #answers = new Map<string, Promise<T>>();

  /** @param read begins after `generation` was seen, so that its answer is never older */
  at(generation: number, name: string, read: () => Promise<T>): Promise<T> {
    if (generation !== this.#generation || this.#answers.size >= MOST) this.#answers.clear();
    this.#generation = generation;
    const kept = this.#answers.get(name);
    if (kept !== undefined) return kept;
    const answer = read();
    this.#answers.set(name, answer);
    answer.catch(() => this.#answers.delete(name));
    return answer;
  }
}
